using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>One validator's value and weight.</summary>
public readonly record struct WeightedValue(ulong Value, ulong Weight);

/// <summary>
/// A Byzantine-robust aggregate. Let W be all weight, f = ⌈W/3⌉ − 1 the most that can lie, and P
/// the weight that has reported. Sorted by value, the value at weight rank r lies in the range of
/// honest reports if f &lt; r ≤ P − f: below it there is more weight than can lie, and above it
/// too. A rank outside that range is moved into it; where there is none (P ≤ 2f) there is no
/// reading. With every report in, the ranks allowed are those between 1/3 and 2/3 of all weight.
/// </summary>
public static class WeightedReading
{
    /// <summary>
    /// The value at ⌈numerator · W / denominator⌉ of weight from below, moved into the honest
    /// range; false when too little weight has reported.
    /// </summary>
    public static bool TryQuantile(
        IReadOnlyList<WeightedValue> reports, UInt128 allWeight, uint numerator, uint denominator,
        out ulong value)
    {
        value = 0;
        UInt128 reported = 0;
        foreach (WeightedValue report in reports)
        {
            reported += report.Weight;
        }
        UInt128 faulty = allWeight == 0 ? 0 : (allWeight + 2) / 3 - 1;
        if (reported <= 2 * faulty)
        {
            return false;
        }
        UInt128 rank = (allWeight * numerator + denominator - 1) / denominator;
        rank = UInt128.Min(UInt128.Max(rank, faulty + 1), reported - faulty);
        value = AtRank(reports, rank);
        return true;
    }

    /// <summary>
    /// A reading's next value: at most a quarter away from the last one (and at least by 1, so that
    /// small values can move).
    /// </summary>
    public static uint Slew(uint last, ulong next)
    {
        ulong room = Math.Max(last / 4, 1);
        ulong low = last > room ? last - room : 0;
        return (uint)Math.Min(Math.Clamp(next, low, last + room), uint.MaxValue);
    }

    private static ulong AtRank(IReadOnlyList<WeightedValue> reports, UInt128 rank)
    {
        UInt128 below = 0;
        foreach (WeightedValue report in reports.OrderBy(r => r.Value))
        {
            below += report.Weight;
            if (below >= rank)
            {
                return report.Value;
            }
        }
        throw new InvariantViolation("a rank within the reported weight has a value");
    }
}
