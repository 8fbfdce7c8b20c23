using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// From a forecast to a proposal. The gas target follows forecast demand times a headroom, so that
/// the price moves only when demand surprises the forecast; it never exceeds what slow validators
/// can execute in their share of the time. The hard cap on a block follows the target, within what
/// they execute in the block budget. The price floor rises only when demand exceeds execution, the
/// interval with propagation. Every field moves by at most its step: the feed-forward's gain is
/// capped, whatever the forecast says. The model and the twin go through this same rule.
/// </summary>
/// <remarks>
/// The rule proposes only what it believes legal; the Constitution is what decides. The order of
/// the fields matters: the target is set first, and the invariants across fields bend limit, then
/// target.
/// </remarks>
public static class CapacityRule
{
    /// <summary>
    /// Seconds of the gas target that a block's cap holds when nothing else bounds it.
    /// </summary>
    public const ulong TargetSecondsPerLimit = 2;

    /// <summary>The interval is at least so many times the propagation reading.</summary>
    public const ulong PropagationsPerInterval = 4;

    /// <summary>A change below 1/32 of the value is not worth a decision.</summary>
    private const ulong DeadZoneDivisor = 32;

    /// <summary>Gas a second that slow validators execute in their share of the time.</summary>
    public static ulong ExecutionCeiling(CapacityReadings readings, in LoopParameters parameters) =>
        (ulong)parameters.ExecutionShareBasisPoints * 100_000_000 /
        Math.Max(readings.NanosecondsPerKilogas, 1);

    /// <summary>Gas that slow validators execute in the block budget.</summary>
    public static ulong BlockCeiling(CapacityReadings readings, in LoopParameters parameters) =>
        (ulong)parameters.BlockBudgetMs * 1_000_000_000 /
        Math.Max(readings.NanosecondsPerKilogas, 1);

    /// <param name="demand">Forecast, millions of gas a second; below zero counts as zero.</param>
    /// <param name="readings">What validators can do.</param>
    /// <param name="rules">The vector in force and its rules.</param>
    /// <param name="parameters">Of the loop.</param>
    /// <param name="height">Of the block that carries the decision: cooldowns count to it.</param>
    public static ChainParameters Propose(
        Fixed demand, CapacityReadings readings, CapacityRules rules,
        in LoopParameters parameters, Height height)
    {
        if (rules.Mode == LoopMode.Off)
        {
            return TowardRatified(rules, height);
        }
        ulong gas = (ulong)Fixed.Clamp(demand, Fixed.Zero, DemandFeatures.MaximumDemand)
            .MultiplyInteger(1_000_000);
        ulong ceiling = ExecutionCeiling(readings, parameters);
        ulong wanted = (ulong)((UInt128)gas * parameters.HeadroomBasisPoints / ActuatorRules.Basis);
        ulong target = Move(rules.GasTarget, rules.InForce.GasTargetPerSecond,
            wanted, ceiling, height);
        ulong interval = Move(rules.BlockInterval, rules.InForce.BlockIntervalMs,
            Math.Max(rules.BlockInterval.Ratified,
                PropagationsPerInterval * readings.PropagationMs), ulong.MaxValue, height);
        ulong fee = Move(rules.MinimumBaseFee, rules.InForce.MinimumBaseFee,
            gas > ceiling ? ulong.MaxValue : rules.MinimumBaseFee.Ratified, ulong.MaxValue, height);
        ulong limit = Move(rules.GasLimit, rules.InForce.GasLimit,
            Math.Max(rules.GasLimit.Ratified, TargetSecondsPerLimit * target),
            BlockCeiling(readings, parameters), height);
        return Cohere(rules, target, limit, fee, interval, height);
    }

    private static ChainParameters TowardRatified(CapacityRules rules, Height height)
    {
        ChainParameters now = rules.InForce;
        return new ChainParameters(
            Step(rules.GasTarget, now.GasTargetPerSecond, rules.GasTarget.Ratified, height),
            Step(rules.GasLimit, now.GasLimit, rules.GasLimit.Ratified, height),
            Step(rules.MinimumBaseFee, now.MinimumBaseFee, rules.MinimumBaseFee.Ratified, height),
            Step(rules.BlockInterval, now.BlockIntervalMs, rules.BlockInterval.Ratified, height));
    }

    // A block must hold enough intervals, and not too many seconds, of the target. The limit gives
    // way first, as far as its step reaches; the target takes what is left.
    private static ChainParameters Cohere(
        CapacityRules rules, ulong target, ulong limit, ulong fee, ulong interval, Height height)
    {
        ulong now = rules.InForce.GasLimit;
        ulong least = CeilingDivide((UInt128)rules.IntervalsPerLimit * target * interval, 1_000);
        ulong most = Saturate((UInt128)rules.SecondsPerLimit * target);
        if (limit < least || limit > most)
        {
            limit = Step(rules.GasLimit, now, limit < least ? least : most, height);
        }
        ulong highest = rules.IntervalsPerLimit == 0 || interval == 0
            ? ulong.MaxValue
            : Saturate((UInt128)limit * 1_000 / ((UInt128)rules.IntervalsPerLimit * interval));
        ulong lowest = CeilingDivide(limit, Math.Max(rules.SecondsPerLimit, 1));
        target = Math.Min(Math.Max(target, lowest), highest);
        return new ChainParameters(target, limit, fee, interval);
    }

    // As Step, but a difference within the dead zone is left alone, unless it ends at the value
    // wanted for good (the ratified one or a bound), which would otherwise never be reached. The
    // ceiling knows no dead zone.
    private static ulong Move(
        in ActuatorRules rules, ulong from, ulong wanted, ulong ceiling, Height height)
    {
        ulong to = Inside(rules, wanted);
        ulong gap = to > from ? to - from : from - to;
        bool isRest = to == rules.Ratified || to == rules.LeastLegal || to == rules.GreatestLegal;
        bool isSmall = gap < from / DeadZoneDivisor && !isRest;
        return Step(rules, from, Math.Min(isSmall ? from : to, ceiling), height);
    }

    private static ulong Step(in ActuatorRules rules, ulong from, ulong wanted, Height height)
    {
        ulong to = Inside(rules, wanted);
        ulong step = rules.StepFrom(from);
        bool isCooling = height.Value < Saturate((UInt128)rules.ChangedAt + rules.CooldownBlocks);
        if (isCooling || to == from)
        {
            return from;
        }
        return to > from
            ? Math.Min(to, Saturate((UInt128)from + step))
            : Math.Max(to, from > step ? from - step : 0);
    }

    private static ulong Inside(in ActuatorRules rules, ulong value)
    {
        ulong low = rules.LeastLegal;
        ulong high = rules.GreatestLegal;
        return low > high ? rules.Ratified : Math.Clamp(value, low, high);
    }

    private static ulong CeilingDivide(UInt128 value, ulong by) =>
        Saturate((value + by - 1) / by);

    private static ulong Saturate(UInt128 value) =>
        value > ulong.MaxValue ? ulong.MaxValue : (ulong)value;
}
