using System.Security.Cryptography;
using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;
using Field = Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>;
using Point = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>,
    Homeostat.Primitives.Secp256k1Curve>;
using Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>,
    Homeostat.Primitives.Secp256k1Curve>;

namespace Homeostat.Conformance;

/// <summary>
/// Wycheproof's ECDSA vectors for the two curves this node verifies, and the noble-curves vectors
/// of secp256k1: deterministic signatures and the group law. Signatures run managed and, where
/// the library is there, native.
/// </summary>
internal sealed class CryptoSuite : ISuite
{
    private const string P256Address = "0x0000000000000000000000000000000000000100";

    public string Name => "crypto";

    public bool Accepts(string path)
    {
        string file = Path.GetFileName(path);
        return path.Contains("crypto/wycheproof/", StringComparison.Ordinal)
            ? file.StartsWith("ecdsa_secp256", StringComparison.Ordinal)
            : path.Contains("crypto/secp256k1/", StringComparison.Ordinal)
                && file is "ecdsa.json" or "points.json" or "rfc6979.json";
    }

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        IEnumerable<(string Name, Func<string?> Check)> cases =
            Path.GetFileName(file.Path) switch
            {
                "ecdsa.json" => SigningCases(document.RootElement),
                "points.json" => PointCases(document.RootElement),
                "rfc6979.json" => NonceCases(document.RootElement),
                _ => WycheproofCases(document.RootElement),
            };
        foreach ((string name, Func<string?> check) in cases)
        {
            if (context.Wants(file, name, "-"))
            {
                yield return CaseResult.Of("-", name, check());
            }
        }
    }

    private static IEnumerable<(string Name, Func<string?> Check)> WycheproofCases(
        JsonElement root)
    {
        foreach (JsonElement group in root.GetProperty("testGroups").EnumerateArray())
        {
            JsonElement key = group.GetProperty("publicKey");
            byte[] publicKey = Json.Bytes(key.TextOf("uncompressed")!)[1..];
            bool isP256 = key.TextOf("curve") == "secp256r1";
            string type = group.TextOf("type")!;
            string hash = group.TextOf("sha")!;
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                yield return ($"tcId {test.TextOf("tcId")} {test.TextOf("comment")}", () =>
                    Verify(test, publicKey, isP256, type, hash));
            }
        }
    }

    private static string? Verify(
        JsonElement test, byte[] publicKey, bool isP256, string type, string hash)
    {
        byte[] message = Json.Bytes(test.TextOf("msg")!);
        byte[] signature = Hex.Decode(test.TextOf("sig")!);
        byte[] digest = hash switch
        {
            "SHA-256" => SHA256.HashData(message),
            "SHA-512" => SHA512.HashData(message)[..32],
            _ => SHA3_256.HashData(message),
        };
        bool isRead = type == "EcdsaP1363Verify"
            ? TryReadPlain(signature, out UInt256 r, out UInt256 s)
            : TryReadDer(signature, out r, out s);
        bool mustBeLow = type == "EcdsaBitcoinVerify";
        bool isValid = isRead && (!mustBeLow || s <= Secp256k1.HalfOrder)
            && (isP256
                ? VerifyP256(digest, r, s, publicKey)
                : Secp256k1.Verify(new Hash256(digest), r, s, publicKey));
        string expected = test.TextOf("result")!;
        return expected == "acceptable" || isValid == (expected == "valid")
            ? null
            : $"valid: {isValid}, want {expected}";
    }

    private static bool VerifyP256(byte[] digest, UInt256 r, UInt256 s, byte[] publicKey)
    {
        Precompiles.TryGet(Fork.Osaka, new Address(P256Address), out IPrecompile? contract);
        byte[] input = [.. digest, .. r.ToBigEndian(), .. s.ToBigEndian(), .. publicKey];
        return contract!.TryRun(input, out byte[] output) && output.Length == 32;
    }

    private static bool TryReadPlain(ReadOnlySpan<byte> bytes, out UInt256 r, out UInt256 s)
    {
        (r, s) = (default, default);
        if (bytes.Length != 64)
        {
            return false;
        }
        r = UInt256.FromBigEndian(bytes[..32]);
        s = UInt256.FromBigEndian(bytes[32..]);
        return true;
    }

    /// <summary>SEQUENCE of two positive INTEGERs in strict DER, each below 2^256.</summary>
    private static bool TryReadDer(ReadOnlySpan<byte> bytes, out UInt256 r, out UInt256 s)
    {
        (r, s) = (default, default);
        return bytes.Length >= 2 && bytes[0] == 0x30 && bytes[1] < 0x80
            && bytes[1] == bytes.Length - 2
            && TryReadInteger(bytes[2..], out r, out ReadOnlySpan<byte> rest)
            && TryReadInteger(rest, out s, out rest)
            && rest.IsEmpty;
    }

    private static bool TryReadInteger(
        ReadOnlySpan<byte> bytes, out UInt256 value, out ReadOnlySpan<byte> rest)
    {
        value = default;
        rest = default;
        if (bytes.Length < 3 || bytes[0] != 0x02 || bytes[1] is 0 or > 33
            || bytes.Length < 2 + bytes[1])
        {
            return false;
        }
        ReadOnlySpan<byte> digits = bytes.Slice(2, bytes[1]);
        bool isNegative = digits[0] >= 0x80;
        bool isPadded = digits.Length > 1 && digits[0] == 0 && digits[1] < 0x80;
        if (isNegative || isPadded || (digits.Length == 33 && digits[0] != 0))
        {
            return false;
        }
        rest = bytes[(2 + digits.Length)..];
        value = UInt256.FromBigEndian(digits.Length == 33 ? digits[1..] : digits);
        return true;
    }

    private static IEnumerable<(string Name, Func<string?> Check)> SigningCases(
        JsonElement root)
    {
        int index = 0;
        foreach (JsonElement test in root.GetProperty("valid").EnumerateArray())
        {
            yield return ($"valid#{index++} {test.TextOf("description")}", () => Sign(test));
        }
        foreach (JsonElement test in
            root.GetProperty("invalid").GetProperty("sign").EnumerateArray())
        {
            yield return ($"invalid sign {test.TextOf("description")}", () =>
                TryKey(test.TextOf("d")!, out _) ? "accepts an invalid private key" : null);
        }
        foreach (JsonElement test in
            root.GetProperty("invalid").GetProperty("verify").EnumerateArray())
        {
            yield return ($"invalid verify {test.TextOf("description")}", () =>
                RefusesToVerify(test));
        }
    }

    private static bool TryKey(string hex, out Hash256 key)
    {
        key = default;
        byte[] bytes = Hex.Decode(hex);
        if (bytes.Length != Hash256.Size)
        {
            return false;
        }
        key = new Hash256(bytes);
        return Secp256k1.IsValidPrivateKey(key);
    }

    private static string? Sign(JsonElement test)
    {
        Hash256 hash = new(test.TextOf("m")!);
        if (!TryKey(test.TextOf("d")!, out Hash256 key))
        {
            return "refuses the private key";
        }
        byte[] expected = Hex.Decode(test.TextOf("signature")!);
        byte[] publicKey = new byte[Secp256k1.PublicKeySize];
        ManagedSecp256k1.PublicKeyOf(key, publicKey);
        Signature managed = ManagedSecp256k1.Sign(hash, key);
        byte[] own = [.. managed.R.ToBigEndian(), .. managed.S.ToBigEndian()];
        if (!own.AsSpan().SequenceEqual(expected))
        {
            return $"managed signature {Hex.Encode(own)}";
        }
        byte[] recovered = new byte[Secp256k1.PublicKeySize];
        if (!ManagedSecp256k1.TryRecoverPublicKey(hash, managed, recovered)
            || !recovered.AsSpan().SequenceEqual(publicKey)
            || !ManagedSecp256k1.Verify(hash, managed.R, managed.S, publicKey))
        {
            return "managed recovery differs";
        }
        return !NativeSecp256k1.IsAvailable || NativeSecp256k1.Sign(hash, key) == managed
            ? null
            : "native signature differs";
    }

    private static string? RefusesToVerify(JsonElement test)
    {
        byte[] signature = Hex.Decode(test.TextOf("signature")!);
        byte[] hash = Hex.Decode(test.TextOf("m")!);
        if (!TryReadPoint(Hex.Decode(test.TextOf("Q")!), out Point key)
            || !TryReadPlain(signature, out UInt256 r, out UInt256 s) || hash.Length != 32)
        {
            return null;
        }
        // Low s is demanded, as Ethereum's transactions demand it (EIP-2).
        bool verifies = s <= Secp256k1.HalfOrder
            && Secp256k1.Verify(new Hash256(hash), r, s, Plain(key));
        return verifies ? "verifies" : null;
    }

    /// <summary>The nonce is not shown, but r is the x of nonce·G.</summary>
    private static IEnumerable<(string Name, Func<string?> Check)> NonceCases(JsonElement root)
    {
        foreach (JsonElement test in root.EnumerateArray())
        {
            yield return ($"nonce of '{test.TextOf("message")}'", () =>
            {
                byte[] message = System.Text.Encoding.UTF8.GetBytes(test.TextOf("message")!);
                var hash = new Hash256(SHA256.HashData(message));
                Signature signature =
                    ManagedSecp256k1.Sign(hash, new Hash256(test.TextOf("d")!));
                byte[] point = new byte[Secp256k1.PublicKeySize];
                ManagedSecp256k1.PublicKeyOf(new Hash256(test.TextOf("k0")!), point);
                UInt256 x = UInt256.FromBigEndian(point.AsSpan(0, 32)) % Secp256k1.Order;
                return signature.R == x ? null : "another nonce";
            });
        }
    }

    private static IEnumerable<(string Name, Func<string?> Check)> PointCases(JsonElement root)
    {
        foreach (string part in (string[])["valid", "invalid"])
        {
            foreach (JsonProperty list in root.GetProperty(part).EnumerateObject())
            {
                int index = 0;
                foreach (JsonElement test in list.Value.EnumerateArray())
                {
                    string name = $"{part} {list.Name}#{index++}";
                    yield return (name, () => CheckPoint(list.Name, test));
                }
            }
        }
    }

    /// <summary>Runs an operation; one that must fail has no "expected" or null there.</summary>
    private static string? CheckPoint(string operation, JsonElement test)
    {
        // A multiple of the generator names no point; all else does.
        bool isPoint = TryReadPoint(Hex.Decode(test.TextOf("P") ?? ""), out Point p)
            || operation == "pointFromScalar";
        if (operation == "isPoint")
        {
            return isPoint == test.GetProperty("expected").GetBoolean() ? null : "is no point";
        }
        bool hasResult = TryOperate(operation, test, isPoint, p, out Point result);
        string? expected = test.TryGetProperty("expected", out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (!hasResult || expected is null)
        {
            return hasResult == expected is not null ? null : $"has a result: {hasResult}";
        }
        string own = expected.StartsWith("04", StringComparison.Ordinal)
            ? "04" + Convert.ToHexStringLower(Plain(result))
            : (result.Y.IsOdd ? "03" : "02") + Convert.ToHexStringLower(Plain(result)[..32]);
        return own == expected ? null : $"{own}, want {expected}";
    }

    private static bool TryOperate(
        string operation, JsonElement test, bool isPoint, Point p, out Point result)
    {
        Sum sum;
        result = default;
        if (!isPoint)
        {
            return false;
        }
        switch (operation)
        {
            case "pointCompress":
                sum = new Sum(p);
                break;
            case "pointAdd":
                if (!TryReadPoint(Hex.Decode(test.TextOf("Q")!), out Point q))
                {
                    return false;
                }
                sum = new Sum(p).Add(q);
                break;
            default:
                byte[] bytes = Hex.Decode(test.TextOf("d")!);
                UInt256 scalar = bytes.Length == 32 ? UInt256.FromBigEndian(bytes) : default;
                if (scalar.IsZero || scalar >= Secp256k1.Order)
                {
                    return false;
                }
                sum = operation switch
                {
                    "pointAddScalar" => Times(Generator, scalar).Add(p),
                    "pointFromScalar" => Times(Generator, scalar),
                    _ => Times(p, scalar),
                };
                break;
        }
        result = sum.ToAffine();
        return !sum.IsInfinity;
    }

    private static Point Generator
    {
        get
        {
            byte[] key = new byte[Secp256k1.PublicKeySize];
            ManagedSecp256k1.PublicKeyOf(UInt256.One.ToHash256(), key);
            return TryReadPoint([4, .. key], out Point point) ? point : default;
        }
    }

    private static Sum Times(in Point point, UInt256 scalar)
    {
        Sum sum = Sum.Infinity;
        for (int bit = scalar.BitLength - 1; bit >= 0; bit--)
        {
            sum = sum.Double();
            sum = ((scalar >> bit).U0 & 1) != 0 ? sum.Add(point) : sum;
        }
        return sum;
    }

    private static byte[] Plain(in Point point) =>
        [.. point.X.ToUInt256().ToBigEndian(), .. point.Y.ToUInt256().ToBigEndian()];

    /// <summary>SEC 1: 02 or 03 and x, or 04 and both coordinates.</summary>
    private static bool TryReadPoint(ReadOnlySpan<byte> bytes, out Point point)
    {
        point = default;
        if (bytes.Length == 65 && bytes[0] == 4)
        {
            bool isReduced = Field.TryRead(bytes[1..33], out Field x)
                & Field.TryRead(bytes[33..], out Field y);
            point = new Point(x, y);
            return isReduced && point.IsOnCurve && !point.IsInfinity;
        }
        if (bytes.Length != 33 || bytes[0] is not (2 or 3)
            || !Field.TryRead(bytes[1..], out Field abscissa))
        {
            return false;
        }
        Field right = Field.Add(
            Field.Multiply(Field.Square(abscissa), abscissa), Secp256k1Curve.B);
        bool exists = Field.TrySquareRoot(right, out Field root);
        point = new Point(abscissa, root.IsOdd == (bytes[0] == 3) ? root : Field.Negate(root));
        return exists;
    }
}
