using System.Security.Cryptography;

namespace Homeostat.Primitives;

/// <summary>
/// ECDSA over secp256k1 in managed code; see <see cref="Secp256k1"/> for contracts.
/// </summary>
public static class ManagedSecp256k1
{
    public static bool TryRecoverPublicKey(
        in Hash256 hash, in Signature signature, Span<byte> publicKey)
    {
        if (!IsScalar(signature.R) || !IsScalar(signature.S)
            || !TryLift(signature.R, signature.YParity, out SecpPoint nonce))
        {
            return false;
        }
        // R = k·G and s = (z + r·d) / k, so d·G = (s·R - z·G) / r.
        SecpScalar inverse = SecpScalar.Invert(SecpScalar.From(signature.R));
        SecpScalar z = SecpScalar.From(UInt256.FromHash256(hash));
        UInt256 u1 = SecpScalar.Negate(SecpScalar.Multiply(z, inverse)).ToUInt256();
        UInt256 u2 = SecpScalar.Multiply(SecpScalar.From(signature.S), inverse).ToUInt256();
        SecpSum sum = Secp256k1Multiplication.MultiplyBoth(u1, u2, nonce);
        if (sum.IsInfinity)
        {
            return false;
        }
        WritePoint(sum.ToAffine(), publicKey);
        return true;
    }

    /// <summary>
    /// Signs without the promise of constant time: the multiplication and the inversion take
    /// time and touch memory by the nonce, so whoever measures many signatures closely may learn
    /// the key. Fit for tests, development networks and hosts that nobody else shares.
    /// </summary>
    public static Signature Sign(in Hash256 hash, in Hash256 privateKey)
    {
        SecpScalar z = SecpScalar.From(UInt256.FromHash256(hash));
        SecpScalar key = SecpScalar.From(UInt256.FromHash256(privateKey));
        Span<byte> input = stackalloc byte[64];
        privateKey.CopyTo(input);
        z.ToUInt256().WriteBigEndian(input[32..]);
        var nonces = new DeterministicNonce(input);
        while (true)
        {
            UInt256 nonce = nonces.Next();
            if (IsScalar(nonce) && TrySign(z, key, nonce, out Signature signature))
            {
                return signature;
            }
        }
    }

    private static bool TrySign(
        in SecpScalar z, in SecpScalar key, in UInt256 nonce, out Signature signature)
    {
        SecpPoint point = Secp256k1Multiplication.MultiplyBase(nonce).ToAffine();
        UInt256 x = point.X.ToUInt256();
        SecpScalar r = SecpScalar.From(x);
        SecpScalar s = SecpScalar.Multiply(
            SecpScalar.Add(z, SecpScalar.Multiply(r, key)),
            SecpScalar.Invert(SecpScalar.From(nonce)));
        UInt256 low = s.ToUInt256();
        bool isHigh = low > Secp256k1.HalfOrder;
        signature = new Signature(
            r.ToUInt256(),
            isHigh ? Secp256k1.Order - low : low,
            point.Y.IsOdd ^ isHigh);
        // A nonce whose x is not below the order (one in 2^128) could not be recovered by parity.
        return !r.IsZero && !s.IsZero && x < Secp256k1.Order;
    }

    public static bool Verify(
        in Hash256 hash, in UInt256 r, in UInt256 s, ReadOnlySpan<byte> publicKey)
    {
        if (!IsScalar(r) || !IsScalar(s) || !TryReadPoint(publicKey, out SecpPoint point))
        {
            return false;
        }
        SecpScalar inverse = SecpScalar.Invert(SecpScalar.From(s));
        SecpScalar z = SecpScalar.From(UInt256.FromHash256(hash));
        SecpSum sum = Secp256k1Multiplication.MultiplyBoth(
            SecpScalar.Multiply(z, inverse).ToUInt256(),
            SecpScalar.Multiply(SecpScalar.From(r), inverse).ToUInt256(),
            point);
        if (sum.IsInfinity)
        {
            return false;
        }
        SecpScalar x = SecpScalar.From(sum.ToAffine().X.ToUInt256());
        return SecpScalar.AreEqual(x, SecpScalar.From(r));
    }

    public static void PublicKeyOf(in Hash256 privateKey, Span<byte> publicKey)
    {
        SecpSum sum = Secp256k1Multiplication.MultiplyBase(UInt256.FromHash256(privateKey));
        WritePoint(sum.ToAffine(), publicKey);
    }

    private static bool IsScalar(in UInt256 value) => !value.IsZero && value < Secp256k1.Order;

    /// <summary>The point with this x and this parity of y, where there is one.</summary>
    private static bool TryLift(in UInt256 x, bool isOdd, out SecpPoint point)
    {
        SecpField abscissa = SecpField.From(x);
        SecpField right = SecpField.Add(
            SecpField.Multiply(SecpField.Square(abscissa), abscissa), Secp256k1Curve.B);
        bool exists = SecpField.TrySquareRoot(right, out SecpField y);
        point = new SecpPoint(abscissa, y.IsOdd == isOdd ? y : SecpField.Negate(y));
        return exists;
    }

    private static bool TryReadPoint(ReadOnlySpan<byte> bytes, out SecpPoint point)
    {
        point = default;
        if (bytes.Length != Secp256k1.PublicKeySize
            || !SecpField.TryRead(bytes[..32], out SecpField x)
            || !SecpField.TryRead(bytes[32..], out SecpField y))
        {
            return false;
        }
        point = new SecpPoint(x, y);
        return point.IsOnCurve && !point.IsInfinity;
    }

    private static void WritePoint(in SecpPoint point, Span<byte> destination)
    {
        point.X.ToUInt256().WriteBigEndian(destination);
        point.Y.ToUInt256().WriteBigEndian(destination[32..]);
    }

    /// <summary>The nonce sequence of RFC 6979, section 3.2, over HMAC-SHA256.</summary>
    private sealed class DeterministicNonce
    {
        private readonly byte[] _key = new byte[32];
        private readonly byte[] _value = new byte[32];
        private bool _isFirst = true;

        /// <summary>The input is the private key and the reduced hash, 32 bytes each.</summary>
        public DeterministicNonce(ReadOnlySpan<byte> input)
        {
            _value.AsSpan().Fill(1);
            Update(0, input);
            Update(1, input);
        }

        public UInt256 Next()
        {
            if (!_isFirst)
            {
                Update(0, []);
            }
            _isFirst = false;
            HMACSHA256.HashData(_key, _value, _value);
            return UInt256.FromBigEndian(_value);
        }

        private void Update(byte marker, ReadOnlySpan<byte> input)
        {
            Span<byte> message = stackalloc byte[32 + 1 + 64];
            _value.CopyTo(message);
            message[32] = marker;
            input.CopyTo(message[33..]);
            HMACSHA256.HashData(_key, message[..(33 + input.Length)], _key);
            HMACSHA256.HashData(_key, _value, _value);
        }
    }
}
