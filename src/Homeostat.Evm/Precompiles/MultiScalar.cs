using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>
/// k1·P1 + k2·P2 + … for 256-bit scalars. A few points share their doublings (Straus); many are
/// thrown into buckets by each window's digit, so that a point costs one addition a window
/// however many points there are (Pippenger).
/// </summary>
internal static class MultiScalar
{
    private const int StrausWidth = 5;
    private const int MaxStraus = 24;

    public static JacobianPoint<TField, TCurve> Sum<TField, TCurve>(
        ReadOnlySpan<AffinePoint<TField, TCurve>> points, ReadOnlySpan<UInt256> scalars)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField> =>
        points.Length <= MaxStraus ? Straus(points, scalars) : Pippenger(points, scalars);

    private static JacobianPoint<TField, TCurve> Straus<TField, TCurve>(
        ReadOnlySpan<AffinePoint<TField, TCurve>> points, ReadOnlySpan<UInt256> scalars)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        const int size = 1 << (StrausWidth - 2);
        var tables = new AffinePoint<TField, TCurve>[size * points.Length];
        short[] digits = new short[NonAdjacentForm.MaxLength * points.Length];
        int length = 0;
        for (int i = 0; i < points.Length; i++)
        {
            NonAdjacentForm.OddMultiples(points[i], tables.AsSpan(i * size, size));
            length = Math.Max(length, NonAdjacentForm.Recode(
                scalars[i], StrausWidth, DigitsOf(digits, i)));
        }
        var sum = JacobianPoint<TField, TCurve>.Infinity;
        for (int bit = length - 1; bit >= 0; bit--)
        {
            sum = sum.Double();
            for (int i = 0; i < points.Length; i++)
            {
                sum = NonAdjacentForm.AddDigit(
                    sum, DigitsOf(digits, i)[bit], tables.AsSpan(i * size, size));
            }
        }
        return sum;
    }

    private static Span<short> DigitsOf(short[] digits, int index) =>
        digits.AsSpan(index * NonAdjacentForm.MaxLength, NonAdjacentForm.MaxLength);

    private static JacobianPoint<TField, TCurve> Pippenger<TField, TCurve>(
        ReadOnlySpan<AffinePoint<TField, TCurve>> points, ReadOnlySpan<UInt256> scalars)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        int width = Math.Clamp(
            System.Numerics.BitOperations.Log2((uint)points.Length) - 1, 4, 12);
        var buckets = new JacobianPoint<TField, TCurve>[(1 << width) - 1];
        var sum = JacobianPoint<TField, TCurve>.Infinity;
        for (int window = (256 - 1) / width; window >= 0; window--)
        {
            for (int i = 0; i < width; i++)
            {
                sum = sum.Double();
            }
            Array.Clear(buckets);
            for (int i = 0; i < points.Length; i++)
            {
                ulong digit = (scalars[i] >> (window * width)).U0 & ((1UL << width) - 1);
                if (digit != 0)
                {
                    buckets[digit - 1] = buckets[digit - 1].Add(points[i]);
                }
            }
            sum = sum.Add(SumBuckets(buckets));
        }
        return sum;
    }

    /// <summary>1·b1 + 2·b2 + …, as the sum of the partial sums from the top.</summary>
    private static JacobianPoint<TField, TCurve> SumBuckets<TField, TCurve>(
        JacobianPoint<TField, TCurve>[] buckets)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        var partial = JacobianPoint<TField, TCurve>.Infinity;
        var sum = JacobianPoint<TField, TCurve>.Infinity;
        for (int i = buckets.Length - 1; i >= 0; i--)
        {
            partial = partial.Add(buckets[i]);
            sum = sum.Add(partial);
        }
        return sum;
    }

    /// <summary>k·P for a short constant k, bit by bit.</summary>
    public static JacobianPoint<TField, TCurve> Multiply<TField, TCurve>(
        in JacobianPoint<TField, TCurve> point, in UInt256 scalar)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        var sum = JacobianPoint<TField, TCurve>.Infinity;
        for (int bit = scalar.BitLength - 1; bit >= 0; bit--)
        {
            sum = sum.Double();
            if (((scalar >> bit).U0 & 1) != 0)
            {
                sum = sum.Add(point);
            }
        }
        return sum;
    }

    /// <summary>True when both are the same point.</summary>
    public static bool AreEqual<TField, TCurve>(
        in JacobianPoint<TField, TCurve> left, in JacobianPoint<TField, TCurve> right)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField> =>
        left.Add(right.Negate()).IsInfinity;
}
