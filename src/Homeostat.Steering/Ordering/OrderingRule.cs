using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Where a class stands: the gas of its transactions in a block by the gas of its quota. Under one,
/// who pays the premium is in the next block; above it some of the class had to draw lots in
/// cheaper quotas, so its wait is more than a block. It is seen in the blocks alone, so nobody's
/// report moves it, and whoever would move it pays the premium for each unit of gas.
/// </summary>
public readonly record struct ClassLoads(Fixed Fast, Fixed Urgent);

/// <summary>How premiums follow the loads of their classes (docs/spec/ordering.md).</summary>
public static class OrderingRule
{
    /// <summary>The load at which a premium stands: four fifths of the quota.</summary>
    public static readonly Fixed Target = Fixed.FromRatio(4, 5);

    /// <summary>A premium moves by at most a quarter in one decision.</summary>
    private static readonly Fixed MostChange = Fixed.FromRatio(1, 4);

    /// <summary>The urgent premium is at least this multiple of the fast one.</summary>
    public const ulong LeastRatio = 2;

    /// <summary>
    /// The vector after one decision: each premium times 1 + (load − target), held to a quarter,
    /// at least the least one; the urgent one at least twice the fast one.
    /// </summary>
    public static OrderingParameters Next(
        OrderingParameters inForce, ClassLoads loads, ulong leastPremium)
    {
        ulong fast = Math.Max(Moved(inForce.FastPremium, loads.Fast), leastPremium);
        ulong urgent = Math.Max(
            Moved(inForce.UrgentPremium, loads.Urgent),
            fast > ulong.MaxValue / LeastRatio ? ulong.MaxValue : LeastRatio * fast);
        return inForce with { FastPremium = fast, UrgentPremium = urgent };
    }

    private static ulong Moved(ulong premium, Fixed load)
    {
        Fixed change = load - Target;
        change = change > MostChange ? MostChange : change;
        change = change < -MostChange ? -MostChange : change;
        Int128 moved = (Int128)premium
            + (((Int128)premium * change.Raw) >> Fixed.FractionBits);
        return (ulong)Int128.Clamp(moved, 0, ulong.MaxValue);
    }
}
