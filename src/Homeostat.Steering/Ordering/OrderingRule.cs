using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// How full a class is: the gas of its transactions in a block by the gas of its quota. Above one
/// some of the class had to draw lots in cheaper quotas. It is seen in the blocks alone, so
/// nobody's report moves it, and whoever would move it pays the premium for each unit of gas.
/// </summary>
public readonly record struct ClassLoads(Fixed Fast, Fixed Urgent);

/// <summary>
/// What validators measured that a class waits, in blocks, 1 for the next one; 0 where there is no
/// reading.
/// </summary>
public readonly record struct ClassWaits(Fixed Fast, Fixed Urgent);

/// <summary>How premiums follow the waits of their classes (docs/spec/ordering.md).</summary>
public static class OrderingRule
{
    /// <summary>The wait at which a premium stands: a block and a quarter.</summary>
    public static readonly Fixed TargetWait = Fixed.FromRatio(5, 4);

    /// <summary>The load at which it stands where no wait is known: four fifths.</summary>
    public static readonly Fixed TargetLoad = Fixed.FromRatio(4, 5);

    /// <summary>A premium moves by at most a quarter in one decision.</summary>
    private static readonly Fixed MostChange = Fixed.FromRatio(1, 4);

    /// <summary>By a quarter of what the wait is off: blocks pass before it is seen.</summary>
    private const int WaitGainShift = 2;

    /// <summary>The urgent premium is at least this multiple of the fast one.</summary>
    public const ulong LeastRatio = 2;

    /// <summary>
    /// The vector after one decision: each premium times 1 + (wait − target) / 4, held to a
    /// quarter, at least the least one; the urgent one at least twice the fast one. Where a class
    /// has no wait its load less the target load stands for the change: nobody of it was in the
    /// last blocks, or too few say.
    /// </summary>
    public static OrderingParameters Next(
        OrderingParameters inForce, ClassWaits waits, ClassLoads loads, ulong leastPremium)
    {
        ulong fast = Math.Max(
            Moved(inForce.FastPremium, Change(waits.Fast, loads.Fast)), leastPremium);
        ulong urgent = Math.Max(
            Moved(inForce.UrgentPremium, Change(waits.Urgent, loads.Urgent)),
            fast > ulong.MaxValue / LeastRatio ? ulong.MaxValue : LeastRatio * fast);
        return inForce with { FastPremium = fast, UrgentPremium = urgent };
    }

    private static Fixed Change(Fixed wait, Fixed load)
    {
        Fixed change = wait == Fixed.Zero
            ? load - TargetLoad
            : (wait - TargetWait).Scale(-WaitGainShift);
        return Fixed.Clamp(change, -MostChange, MostChange);
    }

    private static ulong Moved(ulong premium, Fixed change)
    {
        Int128 moved = (Int128)premium
            + (((Int128)premium * change.Raw) >> Fixed.FractionBits);
        return (ulong)Int128.Clamp(moved, 0, ulong.MaxValue);
    }
}
