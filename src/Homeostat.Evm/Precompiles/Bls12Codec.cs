namespace Homeostat.Evm;

/// <summary>
/// Elements of BLS12-381 as EIP-2537 encodes them: a field element is 64 bytes, the first 16
/// zero; infinity is all zeros.
/// </summary>
internal static class Bls12Codec
{
    public const int FieldSize = 64;
    public const int G1Size = 2 * FieldSize;
    public const int G2Size = 4 * FieldSize;
    private const int Padding = FieldSize - BlsField.Size;

    public static bool TryReadField(ReadOnlySpan<byte> bytes, out BlsField value)
    {
        bool isReduced = BlsField.TryRead(bytes[Padding..FieldSize], out value);
        return isReduced && !bytes[..Padding].ContainsAnyExcept((byte)0);
    }

    public static bool TryReadField2(ReadOnlySpan<byte> bytes, out BlsField2 value)
    {
        bool isReduced = TryReadField(bytes, out BlsField c0)
            & TryReadField(bytes[FieldSize..], out BlsField c1);
        value = new BlsField2(c0, c1);
        return isReduced;
    }

    /// <summary>False unless the point is on the curve and, if asked for, of prime order.</summary>
    public static bool TryReadG1(
        ReadOnlySpan<byte> bytes, bool mustBeInSubgroup, out BlsG1 point)
    {
        bool isReduced = TryReadField(bytes, out BlsField x)
            & TryReadField(bytes[FieldSize..], out BlsField y);
        point = new BlsG1(x, y);
        return isReduced && point.IsOnCurve
            && (!mustBeInSubgroup || point.IsInfinity || Bls12Groups.IsInSubgroup(point));
    }

    /// <summary>As for G1.</summary>
    public static bool TryReadG2(
        ReadOnlySpan<byte> bytes, bool mustBeInSubgroup, out BlsG2 point)
    {
        bool isReduced = TryReadField2(bytes, out BlsField2 x)
            & TryReadField2(bytes[(2 * FieldSize)..], out BlsField2 y);
        point = new BlsG2(x, y);
        return isReduced && point.IsOnCurve
            && (!mustBeInSubgroup || point.IsInfinity || Bls12Groups.IsInSubgroup(point));
    }

    public static byte[] Write(in BlsG1Sum sum)
    {
        byte[] bytes = new byte[G1Size];
        if (!sum.IsInfinity)
        {
            BlsG1 point = sum.ToAffine();
            point.X.Write(bytes.AsSpan(Padding));
            point.Y.Write(bytes.AsSpan(FieldSize + Padding));
        }
        return bytes;
    }

    public static byte[] Write(in BlsG2Sum sum)
    {
        byte[] bytes = new byte[G2Size];
        if (!sum.IsInfinity)
        {
            BlsG2 point = sum.ToAffine();
            point.X.C0.Write(bytes.AsSpan(Padding));
            point.X.C1.Write(bytes.AsSpan(FieldSize + Padding));
            point.Y.C0.Write(bytes.AsSpan((2 * FieldSize) + Padding));
            point.Y.C1.Write(bytes.AsSpan((3 * FieldSize) + Padding));
        }
        return bytes;
    }

    /// <summary>
    /// A point of G1 in 48 bytes (the ZCash format that EIP-4844 uses): the top three bits say
    /// compressed, infinity, and that y is the greater of the two roots.
    /// </summary>
    public static bool TryDecompressG1(ReadOnlySpan<byte> bytes, out BlsG1 point)
    {
        const byte compressed = 0x80, infinity = 0x40, greater = 0x20;
        point = default;
        Span<byte> plain = stackalloc byte[BlsField.Size];
        bytes.CopyTo(plain);
        plain[0] &= 0x1f;
        if ((bytes[0] & compressed) == 0)
        {
            return false;
        }
        if ((bytes[0] & infinity) != 0)
        {
            return (bytes[0] & greater) == 0 && !plain.ContainsAnyExcept((byte)0);
        }
        if (!BlsField.TryRead(plain, out BlsField x))
        {
            return false;
        }
        BlsField right = BlsField.Add(BlsField.Multiply(BlsField.Square(x), x), Bls12G1.B);
        if (!BlsField.TrySquareRoot(right, out BlsField y))
        {
            return false;
        }
        bool isGreater = IsGreater(y);
        point = new BlsG1(
            x, isGreater == ((bytes[0] & greater) != 0) ? y : BlsField.Negate(y));
        return Bls12Groups.IsInSubgroup(point);
    }

    /// <summary>True when y exceeds -y as an integer: when it exceeds (p - 1) / 2.</summary>
    private static bool IsGreater(in BlsField y)
    {
        Span<byte> own = stackalloc byte[BlsField.Size];
        Span<byte> other = stackalloc byte[BlsField.Size];
        y.Write(own);
        BlsField.Negate(y).Write(other);
        return own.SequenceCompareTo(other) > 0;
    }
}
