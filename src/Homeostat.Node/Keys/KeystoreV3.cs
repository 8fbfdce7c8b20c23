using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Primitives;

namespace Homeostat.Node.Keys;

/// <summary>
/// Ethereum's Web3 Secret Storage, version 3 (ethereum.org/developers/docs/data-structures-and-
/// encoding/web3-secret-storage): what geth, cast and wallets read and write. Written with
/// scrypt and geth's light parameters or its standard ones; PBKDF2 is read too.
/// </summary>
internal static class KeystoreV3
{
    /// <summary>geth's "standard": about 256 MiB and a second.</summary>
    public const int StandardCost = 1 << 18;

    /// <summary>geth's "light": about 4 MiB.</summary>
    public const int LightCost = 1 << 12;

    private const int BlockSize = 8;
    private const int MostCost = 1 << 20;

    private static readonly UInt256 GroupOrder = UInt256.FromBigEndian(Hex.Decode(
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>1 to the group's order less one.</summary>
    public static bool IsPrivateKey(in Hash256 key)
    {
        UInt256 value = UInt256.FromBigEndian(key.Bytes);
        return !key.IsZero && value < GroupOrder;
    }

    /// <summary>A private key from the system's entropy.</summary>
    public static Hash256 NewKey()
    {
        while (true)
        {
            var key = new Hash256(RandomNumberGenerator.GetBytes(Hash256.Size));
            if (IsPrivateKey(key))
            {
                return key;
            }
        }
    }

    /// <summary>The keystore file's text.</summary>
    public static string Encrypt(in Hash256 key, string password, int cost)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(32);
        byte[] iv = RandomNumberGenerator.GetBytes(16);
        int parallel = cost == LightCost ? 6 : 1;
        byte[] derived = Scrypt.Derive(
            Encoding.UTF8.GetBytes(password), salt, cost, BlockSize, parallel, 32);
        byte[] cipher = Ctr(derived.AsSpan(0, 16), iv, key.ToArray());
        var file = new JsonObject
        {
            ["address"] = Secp256k1.AddressOf(key).ToString()[2..],
            ["crypto"] = new JsonObject
            {
                ["cipher"] = "aes-128-ctr",
                ["ciphertext"] = Convert.ToHexStringLower(cipher),
                ["cipherparams"] = new JsonObject { ["iv"] = Convert.ToHexStringLower(iv) },
                ["kdf"] = "scrypt",
                ["kdfparams"] = new JsonObject
                {
                    ["dklen"] = 32,
                    ["n"] = cost,
                    ["p"] = parallel,
                    ["r"] = BlockSize,
                    ["salt"] = Convert.ToHexStringLower(salt),
                },
                ["mac"] = Convert.ToHexStringLower(Mac(derived, cipher)),
            },
            ["id"] = Guid.NewGuid().ToString(),
            ["version"] = 3,
        };
        return file.ToJsonString(Indented) + "\n";
    }

    /// <summary>The key, or why there is none.</summary>
    public static bool TryDecrypt(string json, string password, out Hash256 key, out string error)
    {
        key = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            JsonElement crypto = root.GetProperty("crypto");
            if (root.GetProperty("version").GetInt32() != 3
                || crypto.GetProperty("cipher").GetString() != "aes-128-ctr")
            {
                error = "not a keystore of version 3 with aes-128-ctr";
                return false;
            }
            byte[] derived = Derive(crypto, Encoding.UTF8.GetBytes(password));
            byte[] cipher = Bytes(crypto, "ciphertext");
            byte[] mac = Bytes(crypto, "mac");
            if (!CryptographicOperations.FixedTimeEquals(Mac(derived, cipher), mac))
            {
                error = "wrong password";
                return false;
            }
            byte[] iv = Bytes(crypto.GetProperty("cipherparams"), "iv");
            byte[] plain = Ctr(derived.AsSpan(0, 16), iv, cipher);
            key = plain.Length == Hash256.Size ? new Hash256(plain) : default;
            error = IsPrivateKey(key) ? "" : "the keystore holds no private key";
            return error.Length == 0;
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException or CryptographicException)
        {
            error = $"malformed keystore: {failure.Message}";
            return false;
        }
    }

    private static byte[] Derive(JsonElement crypto, byte[] password)
    {
        JsonElement parameters = crypto.GetProperty("kdfparams");
        byte[] salt = Bytes(parameters, "salt");
        if (parameters.GetProperty("dklen").GetInt32() != 32)
        {
            throw new FormatException("dklen is not 32");
        }
        if (crypto.GetProperty("kdf").GetString() == "pbkdf2")
        {
            int rounds = parameters.GetProperty("c").GetInt32();
            return Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, 32);
        }
        int n = parameters.GetProperty("n").GetInt32();
        int r = parameters.GetProperty("r").GetInt32();
        int p = parameters.GetProperty("p").GetInt32();
        if (n is < 2 or > MostCost || (n & (n - 1)) != 0 || r is < 1 or > 32 || p is < 1 or > 16)
        {
            throw new FormatException($"scrypt parameters n={n}, r={r}, p={p} out of range");
        }
        return Scrypt.Derive(password, salt, n, r, p, 32);
    }

    private static byte[] Bytes(JsonElement parent, string name) =>
        Hex.Decode(parent.GetProperty(name).GetString());

    private static byte[] Mac(byte[] derived, byte[] cipher)
    {
        byte[] input = [.. derived.AsSpan(16, 16), .. cipher];
        return Keccak.Hash(input).ToArray();
    }

    /// <summary>AES in counter mode: the platform has only the block cipher.</summary>
    private static byte[] Ctr(ReadOnlySpan<byte> key, byte[] iv, byte[] input)
    {
        if (iv.Length != 16)
        {
            throw new FormatException("iv is not 16 bytes");
        }
        using var aes = Aes.Create();
        aes.Key = key.ToArray();
        byte[] output = new byte[input.Length];
        UInt256 counter = UInt256.FromBigEndian(iv);
        Span<byte> wide = stackalloc byte[32];
        Span<byte> pad = stackalloc byte[16];
        for (int i = 0; i < input.Length; i += 16)
        {
            counter.WriteBigEndian(wide);
            aes.EncryptEcb(wide[16..], pad, PaddingMode.None);
            for (int k = 0; k < 16 && i + k < input.Length; k++)
            {
                output[i + k] = (byte)(input[i + k] ^ pad[k]);
            }
            counter += UInt256.One;
        }
        return output;
    }
}

/// <summary>scrypt (RFC 7914): the platform has PBKDF2 and not the rest.</summary>
internal static class Scrypt
{
    public static byte[] Derive(
        byte[] password, byte[] salt, int cost, int blockSize, int parallel, int length)
    {
        int lane = 128 * blockSize;
        byte[] blocks = Rfc2898DeriveBytes.Pbkdf2(
            password, salt, 1, HashAlgorithmName.SHA256, lane * parallel);
        for (int i = 0; i < parallel; i++)
        {
            Mix(blocks.AsSpan(i * lane, lane), cost, blockSize);
        }
        return Rfc2898DeriveBytes.Pbkdf2(password, blocks, 1, HashAlgorithmName.SHA256, length);
    }

    /// <summary>
    /// RFC 7914, section 5: fill a table with the sequence, then walk it at random.
    /// </summary>
    private static void Mix(Span<byte> block, int cost, int blockSize)
    {
        int words = 32 * blockSize;
        uint[] x = new uint[words];
        uint[] y = new uint[words];
        uint[] table = new uint[(long)cost * words];
        for (int i = 0; i < words; i++)
        {
            x[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(4 * i)..]);
        }
        for (int i = 0; i < cost; i++)
        {
            x.CopyTo(table, i * words);
            MixBlock(x, y, blockSize);
        }
        for (int i = 0; i < cost; i++)
        {
            int j = (int)(x[words - 16] & (uint)(cost - 1));
            for (int k = 0; k < words; k++)
            {
                x[k] ^= table[(j * words) + k];
            }
            MixBlock(x, y, blockSize);
        }
        for (int i = 0; i < words; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block[(4 * i)..], x[i]);
        }
    }

    /// <summary>
    /// RFC 7914, section 4: Salsa20/8 over the 64-byte parts, then evens before odds.
    /// </summary>
    private static void MixBlock(uint[] x, uint[] y, int blockSize)
    {
        Span<uint> state = stackalloc uint[16];
        x.AsSpan((2 * blockSize * 16) - 16, 16).CopyTo(state);
        for (int i = 0; i < 2 * blockSize; i++)
        {
            for (int k = 0; k < 16; k++)
            {
                state[k] ^= x[(i * 16) + k];
            }
            Salsa(state);
            int place = (i / 2) + (i % 2 * blockSize);
            state.CopyTo(y.AsSpan(place * 16, 16));
        }
        y.CopyTo(x, 0);
    }

    private static void Salsa(Span<uint> state)
    {
        Span<uint> x = stackalloc uint[16];
        state.CopyTo(x);
        for (int round = 0; round < 8; round += 2)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }
        for (int i = 0; i < 16; i++)
        {
            state[i] = unchecked(state[i] + x[i]);
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        unchecked
        {
            x[b] ^= uint.RotateLeft(x[a] + x[d], 7);
            x[c] ^= uint.RotateLeft(x[b] + x[a], 9);
            x[d] ^= uint.RotateLeft(x[c] + x[b], 13);
            x[a] ^= uint.RotateLeft(x[d] + x[c], 18);
        }
    }
}
