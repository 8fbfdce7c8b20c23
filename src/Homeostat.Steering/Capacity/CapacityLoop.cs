using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The capacity loop: a forecast of demand in, gas target, gas limit, minimum base fee and block
/// interval out.
/// </summary>
internal sealed class CapacityLoop : ISteeringLoop
{
    public static readonly Hash256 LoopName = SteeringLoops.NameOf("capacity");

    private const byte LongMeanWord = 0;

    public Hash256 Name => LoopName;

    public LoopWords Words { get; } = new(
        [
            new("gas target", "gas/s"), new("gas limit", "gas"), new("minimum base fee", "wei"),
            new("block interval", "ms"),
        ],
        [
            new("execution on slow validators", "ns per 1,000 gas"),
            new("propagation to slow validators", "ms"),
            new("waiting that could pay", "thousand gas"),
            new("weight that reported", ""), new("weight of all", ""),
            new("what slow validators execute in their share of time", "gas/s"),
            new("base fee before", "wei"),
        ],
        DemandFeatures.Names, new("demand", "Mgas/s"));

    // The other means of demand are shared by all loops (BlockContext).
    public void Advance(LoopContext context)
    {
        if (context.Height.Value > 1)
        {
            context.WriteWord(
                LongMeanWord, LongMeanOf(context).After(context.RecentDemand[0]).ToWord());
        }
    }

    public IReadOnlyList<Fixed> Features(LoopContext context) =>
        DemandFeatures.Of(
            [.. context.RecentDemand], context.Estimators, LongMeanOf(context));

    private static LongMean LongMeanOf(LoopContext context) =>
        LongMean.FromWord(context.ReadWord(LongMeanWord));

    public LoopInputs Read(LoopContext context, LoopRules rules)
    {
        CapacityReadings readings = CapacityReadings.Take(
            context.Validators, context.Latest, context.Estimators);
        Estimators estimators = context.Estimators with
        {
            NanosecondsPerKilogas = readings.NanosecondsPerKilogas,
            PropagationMs = readings.PropagationMs,
        };
        context.Estimators = estimators;
        LoopParameters parameters = LoopParameters.From(rules.Settings);
        CapacityRules capacity = CapacityRules.From(rules);
        Height height = context.Height;
        ulong price = context.Facts.ParentBaseFee.ToUInt64Saturating();
        return new LoopInputs(
            Features(context), DemandFeatures.SetId,
            estimators.Medium,
            [
                readings.NanosecondsPerKilogas, readings.PropagationMs, readings.PoolKilogas,
                readings.ReportedWeight, readings.AllWeight,
                CapacityRule.ExecutionCeiling(readings, parameters), price,
            ],
            demand => Vector(
                CapacityRule.Propose(demand, price, readings, capacity, parameters, height)));
    }

    public Fixed Score(LoopContext context, Height madeAt, LoopRules rules) =>
        DemandRecord.Realised(
            context.Storage, context.Facts, madeAt, rules.Settings.HorizonBlocks);

    private static ulong[] Vector(in ChainParameters p) =>
        [p.GasTargetPerSecond, p.GasLimit, p.MinimumBaseFee, p.BlockIntervalMs];
}
