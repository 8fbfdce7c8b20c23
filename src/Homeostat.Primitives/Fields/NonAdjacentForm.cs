namespace Homeostat.Primitives.Fields;

/// <summary>
/// Width-w non-adjacent form: odd digits below 2^(w-1) in absolute value, any two of them at
/// least w places apart. On curves, where subtracting costs what adding does, it needs one
/// addition in w + 1 bits and a table of 2^(w-2) odd multiples.
/// </summary>
public static class NonAdjacentForm
{
    /// <summary>Digits needed for a scalar of 256 bits.</summary>
    public const int MaxLength = 257;

    /// <summary>Writes the digits, least significant first; returns how many are in use.</summary>
    public static int Recode(in UInt256 scalar, int width, Span<short> digits)
    {
        ReadOnlySpan<ulong> limbs = [scalar.U0, scalar.U1, scalar.U2, scalar.U3, 0];
        digits.Clear();
        int bits = scalar.BitLength;
        int carry = 0, length = 0, position = 0;
        while (position < bits || carry != 0)
        {
            int low = Bits(limbs, position, 1);
            if (low == carry)
            {
                position++;
                continue;
            }
            int digit = Bits(limbs, position, width) + carry;
            carry = digit >> (width - 1) & 1;
            digit -= carry << width;
            digits[position] = (short)digit;
            length = position + 1;
            position += width;
        }
        return length;
    }

    private static int Bits(ReadOnlySpan<ulong> limbs, int position, int count)
    {
        int word = position / 64, shift = position % 64;
        if (word >= limbs.Length)
        {
            return 0;
        }
        ulong value = limbs[word] >> shift;
        if (shift + count > 64 && word + 1 < limbs.Length)
        {
            value |= limbs[word + 1] << (64 - shift);
        }
        return (int)(value & ((1UL << count) - 1));
    }

    /// <summary>The odd multiples P, 3P, 5P … as affine points.</summary>
    public static void OddMultiples<TField, TCurve>(
        in AffinePoint<TField, TCurve> point, Span<AffinePoint<TField, TCurve>> table)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        var multiples = new JacobianPoint<TField, TCurve>[table.Length];
        multiples[0] = new JacobianPoint<TField, TCurve>(point);
        JacobianPoint<TField, TCurve> twice = multiples[0].Double();
        for (int i = 1; i < multiples.Length; i++)
        {
            multiples[i] = multiples[i - 1].Add(twice);
        }
        JacobianPoint<TField, TCurve>.ToAffine(multiples, table);
    }

    /// <summary>The sum with the digit's multiple from a table of odd multiples.</summary>
    public static JacobianPoint<TField, TCurve> AddDigit<TField, TCurve>(
        in JacobianPoint<TField, TCurve> sum,
        int digit,
        ReadOnlySpan<AffinePoint<TField, TCurve>> table)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        return digit > 0 ? sum.Add(table[digit >> 1])
            : digit < 0 ? sum.Add(table[-digit >> 1].Negate())
            : sum;
    }
}
