using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a loop may do.</summary>
public enum LoopMode : byte
{
    /// <summary>The model acts, else the twin.</summary>
    Act = 0,

    /// <summary>The twin acts; the model's proposal is recorded.</summary>
    Advise = 1,

    /// <summary>The vector steps to the ratified one.</summary>
    Off = 2,
}

/// <summary>One field's rules (struct Actuator of contracts/src/Constitution.sol).</summary>
public readonly record struct ActuatorRules(
    ulong Minimum, ulong Maximum, ulong Ratified, ulong ChangedAt,
    uint StepBasisPoints, uint CooldownBlocks, uint DistanceBasisPoints)
{
    public const uint Basis = 10_000;

    /// <summary>A change below 1/32 of the value is not worth a decision.</summary>
    private const ulong DeadZoneDivisor = 32;

    /// <summary>
    /// Least value that is inside the bounds and not too far from the ratified one.
    /// </summary>
    public ulong LeastLegal => Math.Max(Minimum, DividedUp(Ratified, DistanceBasisPoints));

    /// <summary>Greatest such value.</summary>
    public ulong GreatestLegal => Math.Min(Maximum,
        Saturate((UInt128)Ratified * DistanceBasisPoints / Basis));

    /// <summary>Most change from a value in one decision.</summary>
    public ulong StepFrom(ulong value) =>
        (ulong)UInt128.Clamp((UInt128)value * StepBasisPoints / Basis, 1, ulong.MaxValue);

    /// <summary>Whether the field may not change in this block.</summary>
    public bool IsCooling(Height height) =>
        height.Value < Saturate((UInt128)ChangedAt + CooldownBlocks);

    /// <summary>
    /// The next value on the way from one value to a wanted one: inside what is legal, at most one
    /// step, and no change in a cooldown.
    /// </summary>
    public ulong Step(ulong from, ulong wanted, Height height)
    {
        ulong to = Inside(wanted);
        if (IsCooling(height) || to == from)
        {
            return from;
        }
        ulong step = StepFrom(from);
        return to > from
            ? Math.Min(to, Saturate((UInt128)from + step))
            : Math.Max(to, from > step ? from - step : 0);
    }

    /// <summary>
    /// As Step, but a difference within the dead zone is left alone, unless it ends at the value
    /// wanted for good (the ratified one or a bound), which would otherwise never be reached. The
    /// ceiling knows no dead zone.
    /// </summary>
    public ulong Move(ulong from, ulong wanted, ulong ceiling, Height height)
    {
        ulong to = Inside(wanted);
        ulong gap = to > from ? to - from : from - to;
        bool isRest = to == Ratified || to == LeastLegal || to == GreatestLegal;
        bool isSmall = gap < from / DeadZoneDivisor && !isRest;
        return Step(from, Math.Min(isSmall ? from : to, ceiling), height);
    }

    public ulong Inside(ulong value)
    {
        ulong low = LeastLegal;
        ulong high = GreatestLegal;
        return low > high ? Ratified : Math.Clamp(value, low, high);
    }

    internal static ulong Saturate(UInt128 value) =>
        value > ulong.MaxValue ? ulong.MaxValue : (ulong)value;

    private static ulong DividedUp(ulong value, uint basisPoints) => basisPoints == 0
        ? ulong.MaxValue
        : Saturate(((UInt128)value * Basis + basisPoints - 1) / basisPoints);
}
