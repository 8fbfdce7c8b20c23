using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

/// <summary>
/// libsecp256k1 (https://github.com/bitcoin-core/secp256k1), where the system has it with its
/// recovery module. One context serves the process: the library only reads it after creation, so
/// it is safe to use from any thread. See <see cref="Secp256k1"/> for contracts.
/// </summary>
public static unsafe class NativeSecp256k1
{
    private const uint SignAndVerify = 1 | (1 << 8) | (1 << 9);
    private const uint Uncompressed = 1 << 1;
    private const int OpaqueKeySize = 64;
    private const int OpaqueSignatureSize = 65;

    private static readonly string[] Names =
    [
        "libsecp256k1.so.1", "libsecp256k1.so.0", "libsecp256k1.so.2", "libsecp256k1.so.5",
        "libsecp256k1.so.6", "libsecp256k1.so", "libsecp256k1.dylib", "secp256k1.dll",
    ];

    private static readonly Functions? Library = Load();

    /// <summary>True when the library was found with all that is needed of it.</summary>
    public static bool IsAvailable => Library is not null;

    private sealed class Functions
    {
        public nint Context;
        public delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int> ParseCompact;
        public delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int> SerializeCompact;
        public delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int> Recover;
        public delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int> Sign;
        public delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> CreateKey;
        public delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int> SerializeKey;
    }

    private static Functions? Load()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && TryBind(library) is { } bound)
            {
                return bound;
            }
        }
        return null;
    }

    private static Functions? TryBind(nint library)
    {
        if (!TryFind(library, "context_create", out nint create)
            || !TryFind(library, "ecdsa_recoverable_signature_parse_compact", out nint parse)
            || !TryFind(library, "ecdsa_recoverable_signature_serialize_compact", out nint write)
            || !TryFind(library, "ecdsa_recover", out nint recover)
            || !TryFind(library, "ecdsa_sign_recoverable", out nint sign)
            || !TryFind(library, "ec_pubkey_create", out nint createKey)
            || !TryFind(library, "ec_pubkey_serialize", out nint serializeKey))
        {
            return null;
        }
        nint context = ((delegate* unmanaged[Cdecl]<uint, nint>)create)(SignAndVerify);
        return context == 0 ? null : new Functions
        {
            Context = context,
            ParseCompact = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int>)parse,
            SerializeCompact = (delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int>)write,
            Recover = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int>)recover,
            Sign = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int>)sign,
            CreateKey = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)createKey,
            SerializeKey =
                (delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int>)serializeKey,
        };
    }

    private static bool TryFind(nint library, string name, out nint address) =>
        NativeLibrary.TryGetExport(library, "secp256k1_" + name, out address);

    private static Functions Bound
    {
        get
        {
            Invariant.Require(Library is not null);
            return Library;
        }
    }

    public static bool TryRecoverPublicKey(
        in Hash256 hash, in Signature signature, Span<byte> publicKey)
    {
        Functions library = Bound;
        Invariant.Require(publicKey.Length == Secp256k1.PublicKeySize);
        byte* compact = stackalloc byte[64];
        byte* parsed = stackalloc byte[OpaqueSignatureSize];
        byte* key = stackalloc byte[OpaqueKeySize];
        byte* message = stackalloc byte[32];
        signature.R.WriteBigEndian(new Span<byte>(compact, 32));
        signature.S.WriteBigEndian(new Span<byte>(compact + 32, 32));
        hash.CopyTo(new Span<byte>(message, 32));
        int recoveryId = signature.YParity ? 1 : 0;
        if (library.ParseCompact(library.Context, parsed, compact, recoveryId) != 1
            || library.Recover(library.Context, key, parsed, message) != 1)
        {
            return false;
        }
        SerializeKey(library, key, publicKey);
        return true;
    }

    /// <summary>Constant-time, deterministic by RFC 6979, low s.</summary>
    public static Signature Sign(in Hash256 hash, in Hash256 privateKey)
    {
        Functions library = Bound;
        byte* signature = stackalloc byte[OpaqueSignatureSize];
        byte* compact = stackalloc byte[64];
        byte* message = stackalloc byte[32];
        byte* key = stackalloc byte[32];
        privateKey.CopyTo(new Span<byte>(key, 32));
        // RFC 6979 feeds the reduced hash to the nonce; the library feeds what it is given.
        UInt256 reduced = UInt256.FromHash256(hash) % Secp256k1.Order;
        reduced.WriteBigEndian(new Span<byte>(message, 32));
        Invariant.Require(
            library.Sign(library.Context, signature, message, key, 0, 0) == 1);
        new Span<byte>(key, 32).Clear();
        int recoveryId;
        library.SerializeCompact(library.Context, compact, &recoveryId, signature);
        return new Signature(
            UInt256.FromBigEndian(new ReadOnlySpan<byte>(compact, 32)),
            UInt256.FromBigEndian(new ReadOnlySpan<byte>(compact + 32, 32)),
            (recoveryId & 1) != 0);
    }

    public static void PublicKeyOf(in Hash256 privateKey, Span<byte> publicKey)
    {
        Functions library = Bound;
        Invariant.Require(publicKey.Length == Secp256k1.PublicKeySize);
        byte* secret = stackalloc byte[32];
        byte* key = stackalloc byte[OpaqueKeySize];
        privateKey.CopyTo(new Span<byte>(secret, 32));
        Invariant.Require(library.CreateKey(library.Context, key, secret) == 1);
        new Span<byte>(secret, 32).Clear();
        SerializeKey(library, key, publicKey);
    }

    private static void SerializeKey(Functions library, byte* key, Span<byte> publicKey)
    {
        byte* serialized = stackalloc byte[65];
        nuint length = 65;
        library.SerializeKey(library.Context, serialized, &length, key, Uncompressed);
        new ReadOnlySpan<byte>(serialized + 1, 64).CopyTo(publicKey);
    }
}
