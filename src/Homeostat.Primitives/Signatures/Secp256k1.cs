namespace Homeostat.Primitives;

/// <summary>
/// A recoverable ECDSA signature: r and s big-endian, parity of the nonce point's y.
/// </summary>
public readonly record struct Signature(UInt256 R, UInt256 S, bool YParity);

/// <summary>
/// ECDSA over secp256k1 as Ethereum uses it (Yellow Paper, appendix F). Runs on libsecp256k1
/// where that library is installed and on managed code elsewhere; both give the same results
/// bit for bit (the tests compare them), so nodes that differ in this still agree.
/// </summary>
public static class Secp256k1
{
    /// <summary>Bytes of an uncompressed public key without its 0x04 prefix: x then y.</summary>
    public const int PublicKeySize = 64;

    /// <summary>The number of points: r, s and private keys lie in [1, Order).</summary>
    public static readonly UInt256 Order = SecpScalar.Modulus;

    /// <summary>
    /// The greatest s that EIP-2 admits in a transaction; signing never exceeds it.
    /// </summary>
    public static readonly UInt256 HalfOrder = SecpScalar.Modulus >> 1;

    private static bool _isNativeAllowed = true;

    /// <summary>True when calls here go to libsecp256k1.</summary>
    public static bool IsNative => _isNativeAllowed && NativeSecp256k1.IsAvailable;

    /// <summary>"libsecp256k1" or "managed": what a node reports of itself.</summary>
    public static string Backend => IsNative ? "libsecp256k1" : "managed";

    /// <summary>
    /// Allows (the default) or forbids the native library for the whole process. It changes
    /// speed, and whether signing is constant-time; never a result.
    /// </summary>
    public static void AllowNative(bool isAllowed) => _isNativeAllowed = isAllowed;

    /// <summary>
    /// The address whose key signed the hash, or false when there is none. High s is accepted,
    /// as the ecrecover precompile does; transaction rules refuse it themselves (EIP-2).
    /// </summary>
    public static bool TryRecover(in Hash256 hash, in Signature signature, out Address signer)
    {
        Span<byte> key = stackalloc byte[PublicKeySize];
        if (!TryRecoverPublicKey(hash, signature, key))
        {
            signer = default;
            return false;
        }
        signer = AddressOfPublicKey(key);
        return true;
    }

    /// <summary>As <see cref="TryRecover"/>, writing the 64 bytes of the public key.</summary>
    public static bool TryRecoverPublicKey(
        in Hash256 hash, in Signature signature, Span<byte> publicKey) =>
        IsNative
            ? NativeSecp256k1.TryRecoverPublicKey(hash, signature, publicKey)
            : ManagedSecp256k1.TryRecoverPublicKey(hash, signature, publicKey);

    /// <summary>
    /// Deterministic (RFC 6979 with HMAC-SHA256), low-s signature. Constant-time when
    /// <see cref="IsNative"/>; the managed path is not, see <see cref="ManagedSecp256k1.Sign"/>.
    /// The private key must be valid.
    /// </summary>
    public static Signature Sign(in Hash256 hash, in Hash256 privateKey)
    {
        Invariant.Require(IsValidPrivateKey(privateKey));
        return IsNative
            ? NativeSecp256k1.Sign(hash, privateKey)
            : ManagedSecp256k1.Sign(hash, privateKey);
    }

    /// <summary>True when the signature is this 64-byte public key's; high s is accepted.</summary>
    public static bool Verify(
        in Hash256 hash, in UInt256 r, in UInt256 s, ReadOnlySpan<byte> publicKey) =>
        ManagedSecp256k1.Verify(hash, r, s, publicKey);

    /// <summary>True for a number in [1, Order).</summary>
    public static bool IsValidPrivateKey(in Hash256 privateKey)
    {
        UInt256 scalar = UInt256.FromHash256(privateKey);
        return !scalar.IsZero && scalar < Order;
    }

    /// <summary>Writes the 64 bytes of a valid private key's public key.</summary>
    public static void PublicKeyOf(in Hash256 privateKey, Span<byte> publicKey)
    {
        Invariant.Require(IsValidPrivateKey(privateKey));
        if (IsNative)
        {
            NativeSecp256k1.PublicKeyOf(privateKey, publicKey);
        }
        else
        {
            ManagedSecp256k1.PublicKeyOf(privateKey, publicKey);
        }
    }

    /// <summary>The address of a valid private key.</summary>
    public static Address AddressOf(in Hash256 privateKey)
    {
        Span<byte> key = stackalloc byte[PublicKeySize];
        PublicKeyOf(privateKey, key);
        return AddressOfPublicKey(key);
    }

    /// <summary>The low 20 bytes of the Keccak-256 of the 64-byte public key.</summary>
    public static Address AddressOfPublicKey(ReadOnlySpan<byte> publicKey)
    {
        Invariant.Require(publicKey.Length == PublicKeySize);
        Hash256 digest = Keccak.Hash(publicKey);
        return new Address(digest.Bytes[12..]);
    }
}
