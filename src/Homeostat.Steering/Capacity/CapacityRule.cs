using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// From a forecast to a proposal. The gas target follows forecast demand times a headroom, so that
/// the price moves only when demand surprises the forecast; it stays a sixteenth under what slow
/// validators can execute in their share of the time and under what a block may hold: at the
/// ceiling itself full blocks would never lift the price. The hard cap on a block follows the
/// target, within what they execute in the block budget; the interval follows propagation.
///
/// Gas used says nothing of those that blocks had no room for: full blocks are the same with one
/// block's work waiting and with ten. So the price floor follows the queue. While transactions that
/// could pay fill more than a block and a half it rises from the price in force, the quicker the
/// longer they are; when they are fewer it steps back to the ratified one. It is the second of two
/// prices, quick where there is a queue and gone where there is none, which lets the price law
/// itself be slow.
///
/// Every field moves by at most its step: the feed-forward's gain is capped, whatever the forecast
/// says. The model and the twin go through this same rule.
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

    /// <summary>The target stays this part of the ceilings under them.</summary>
    public const ulong CeilingMarginDivisor = 16;

    /// <summary>
    /// The interval is at least so many times the propagation reading: a proposal's way and its
    /// votes' way, before which no leader can build on it. What is longer only makes
    /// transactions wait.
    /// </summary>
    public const ulong PropagationsPerInterval = 2;

    /// <summary>
    /// The floor's rise is greatest at so many times the queue at which it starts.
    /// </summary>
    public const ulong QueueSpan = 5;

    /// <summary>Gas a second that slow validators execute in their share of the time.</summary>
    public static ulong ExecutionCeiling(CapacityReadings readings, in LoopParameters parameters) =>
        (ulong)parameters.ExecutionShareBasisPoints * 100_000_000 /
        Math.Max(readings.NanosecondsPerKilogas, 1);

    /// <summary>Gas that slow validators execute in the block budget.</summary>
    public static ulong BlockCeiling(CapacityReadings readings, in LoopParameters parameters) =>
        (ulong)parameters.BlockBudgetMs * 1_000_000_000 /
        Math.Max(readings.NanosecondsPerKilogas, 1);

    /// <summary>The highest target at which full blocks still lift the price.</summary>
    public static ulong TargetCeiling(
        CapacityReadings readings, in LoopParameters parameters, ulong intervalMs)
    {
        ulong ceiling = Executable(readings, parameters, intervalMs);
        return ceiling - ceiling / CeilingMarginDivisor;
    }

    // Gas a second that blocks at this interval can hold and slow validators execute.
    private static ulong Executable(
        CapacityReadings readings, in LoopParameters parameters, ulong intervalMs)
    {
        ulong ofBlocks = Saturate((UInt128)BlockCeiling(readings, parameters) * 1_000
            / Math.Max(intervalMs, 1));
        return Math.Min(ExecutionCeiling(readings, parameters), ofBlocks);
    }

    /// <summary>
    /// Where the price floor should be, in wei: above the price in force by a share that grows with
    /// the queue, else the ratified one, but not under what one fall leaves of the floor in force.
    /// </summary>
    /// <param name="price">Base fee in force, wei per gas.</param>
    private static ulong WantedFloor(
        ulong price, CapacityReadings readings, CapacityRules rules,
        in LoopParameters parameters, ulong intervalMs)
    {
        UInt128 start = (UInt128)Executable(readings, parameters, intervalMs) * intervalMs
            * parameters.QueueBlocksHundredths / 100_000;
        UInt128 queue = (UInt128)readings.PoolKilogas * 1_000;
        ulong now = rules.InForce.MinimumBaseFee;
        ulong fallen = now - Saturate(
            (UInt128)now * parameters.FloorFallBasisPoints / ActuatorRules.Basis);
        if (start == 0 || queue <= start)
        {
            return Math.Max(rules.MinimumBaseFee.Ratified, fallen);
        }
        UInt128 over = UInt128.Min(queue - start, (QueueSpan - 1) * start);
        UInt128 rise = (UInt128)price * parameters.FloorRiseBasisPoints / ActuatorRules.Basis
            * (over * ActuatorRules.Basis / ((QueueSpan - 1) * start)) / ActuatorRules.Basis;
        return Math.Max(fallen, Saturate(price + rise));
    }

    /// <param name="demand">Forecast, millions of gas a second; below zero counts as zero.</param>
    /// <param name="price">Base fee in force, wei per gas.</param>
    /// <param name="readings">What validators can do.</param>
    /// <param name="rules">The vector in force and its rules.</param>
    /// <param name="parameters">Of the loop.</param>
    /// <param name="height">Of the block that carries the decision: cooldowns count to it.</param>
    public static ChainParameters Propose(
        Fixed demand, ulong price, CapacityReadings readings, CapacityRules rules,
        in LoopParameters parameters, Height height)
    {
        ulong gas = (ulong)Fixed.Clamp(demand, Fixed.Zero, DemandFeatures.MaximumDemand)
            .MultiplyInteger(1_000_000);
        ulong wanted = (ulong)((UInt128)gas * parameters.HeadroomBasisPoints / ActuatorRules.Basis);
        ulong interval = rules.BlockInterval.Move(rules.InForce.BlockIntervalMs,
            Math.Max(rules.BlockInterval.Ratified,
                PropagationsPerInterval * readings.PropagationMs), ulong.MaxValue, height);
        ulong highest = TargetCeiling(readings, parameters, interval);
        ulong target = rules.GasTarget.Move(
            rules.InForce.GasTargetPerSecond, wanted, highest, height);
        bool isOutOfReach = gas > highest && highest < rules.GasTarget.LeastLegal;
        ulong fee = rules.MinimumBaseFee.Move(rules.InForce.MinimumBaseFee,
            isOutOfReach
                ? ulong.MaxValue
                : WantedFloor(price, readings, rules, parameters, interval),
            ulong.MaxValue, height);
        ulong limit = rules.GasLimit.Move(rules.InForce.GasLimit,
            Math.Max(rules.GasLimit.Ratified, TargetSecondsPerLimit * target),
            BlockCeiling(readings, parameters), height);
        return Cohere(rules, target, limit, fee, interval, height);
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
            limit = rules.GasLimit.Step(now, limit < least ? least : most, height);
        }
        ulong highest = rules.IntervalsPerLimit == 0 || interval == 0
            ? ulong.MaxValue
            : Saturate((UInt128)limit * 1_000 / ((UInt128)rules.IntervalsPerLimit * interval));
        ulong lowest = CeilingDivide(limit, Math.Max(rules.SecondsPerLimit, 1));
        target = Math.Min(Math.Max(target, lowest), highest);
        return new ChainParameters(target, limit, fee, interval);
    }

    private static ulong CeilingDivide(UInt128 value, ulong by) =>
        Saturate((value + by - 1) / by);

    private static ulong Saturate(UInt128 value) => ActuatorRules.Saturate(value);
}
