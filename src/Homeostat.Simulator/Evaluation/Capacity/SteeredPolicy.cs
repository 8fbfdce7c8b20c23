using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// The production loop on the production price law: readings, means, features, the capacity rule
/// and the Constitution's ruling, as transaction 0 drives them. With a model, or as the twin.
/// </summary>
internal sealed class SteeredPolicy : IFeePolicy
{
    private const int SpeedBlocks = 20;

    /// <summary>
    /// The chain records a validator's observation so often, and each is of the block before.
    /// </summary>
    private const int QueueRefreshBlocks = 4;

    private readonly IForecaster? _model;
    private readonly LoopParameters _parameters;
    private readonly List<Fixed> _recent = [];
    private readonly List<double[]> _speeds = [];
    private CapacityRules _rules;
    private Estimators _means;
    private LongMean _longMean;
    private UInt256 _fee = ArrivalGenerator.FloorPrice;
    private ulong _queueGas;
    private ulong _lastQueueGas;
    private int _decidedAt;

    public SteeredPolicy(IForecaster? model, in LoopParameters parameters, double ratifiedTarget)
    {
        (_model, _parameters) = (model, parameters);
        ulong target = (ulong)ratifiedTarget;
        var ratified = new ChainParameters(
            target, 2 * target * ArrivalGenerator.IntervalMs / 1_000,
            ArrivalGenerator.FloorPrice, ArrivalGenerator.IntervalMs);
        _rules = GenesisLoops.InitialRules(ratified);
        _means = new Estimators(
            Fixed.FromRatio(target, 2_000_000), Fixed.FromRatio(target, 2_000_000),
            Fixed.FromRatio(target, 2_000_000), parameters.PriorNanosecondsPerKilogas, 0);
    }

    public ulong Fee => (ulong)_fee.ToUInt64Saturating();

    public ulong GasLimit => _rules.InForce.GasLimit;

    /// <summary>Proposals the Constitution's rules refused.</summary>
    public int Refused { get; private set; }

    public void Advance(in MarketBlock block)
    {
        Fixed sample = DemandFeatures.Rate(block.GasUsed, ArrivalGenerator.IntervalMs);
        _means = _means.After(sample);
        _longMean = _longMean.After(sample);
        if (block.Height % QueueRefreshBlocks == 0)
        {
            _queueGas = _lastQueueGas;
        }
        _lastQueueGas = block.PayableGas;
        _recent.Insert(0, sample);
        _speeds.Insert(0, block.Speeds);
        Trim(_recent, DemandFeatures.Lags);
        Trim(_speeds, SpeedBlocks);
        if (block.Height >= _decidedAt + (int)_parameters.DecisionMinimumBlocks)
        {
            Decide(block);
        }
        ChainParameters now = _rules.InForce;
        _fee = BaseFee.Next(
            _fee, block.GasUsed, ArrivalGenerator.IntervalMs, now.GasTargetPerSecond,
            now.MinimumBaseFee);
    }

    private void Decide(in MarketBlock block)
    {
        _decidedAt = block.Height;
        CapacityReadings readings = Read(_queueGas);
        _means = _means with { NanosecondsPerKilogas = readings.NanosecondsPerKilogas };
        Fixed[] features = DemandFeatures.Of([.. _recent], _means, _longMean);
        Fixed forecast = _model is null ? _means.Medium : _model.Evaluate(features).Output;
        var height = new Height((ulong)block.Height);
        ChainParameters proposed = CapacityRule.Propose(
            forecast, Fee, readings, _rules, _parameters, height);
        if (CapacityRuling.Allows(_rules, proposed, height))
        {
            _rules = CapacityRuling.Applied(_rules, proposed, height);
        }
        else
        {
            Refused++;
        }
    }

    // Each validator's own 95th percentile, then the 2/3-weight quantile, then the slew limit.
    private CapacityReadings Read(ulong poolGas)
    {
        var reports = new List<WeightedValue>();
        for (int v = 0; v < ArrivalGenerator.Validators; v++)
        {
            double[] own = [.. _speeds.Select(s => s[v]).Order()];
            reports.Add(new WeightedValue((ulong)(own[(own.Length - 1) * 95 / 100] * 1_000), 1));
        }
        WeightedReading.TryQuantile(
            reports, ArrivalGenerator.Validators, 2, 3, out ulong reading);
        return new CapacityReadings(
            WeightedReading.Slew(_means.NanosecondsPerKilogas, reading), 0, poolGas / 1_000,
            ArrivalGenerator.Validators, ArrivalGenerator.Validators);
    }

    private static void Trim<T>(List<T> list, int most)
    {
        if (list.Count > most)
        {
            list.RemoveAt(list.Count - 1);
        }
    }
}

/// <summary>
/// The Constitution's rules on a capacity vector (contracts/src/Constitution.sol), without the EVM.
/// </summary>
internal static class CapacityRuling
{
    public static bool Allows(CapacityRules rules, in ChainParameters next, Height height)
    {
        ulong[] from = Vector(rules.InForce);
        ulong[] to = Vector(next);
        for (int i = 0; i < to.Length; i++)
        {
            ActuatorRules field = rules.Actuators[i];
            ulong change = to[i] > from[i] ? to[i] - from[i] : from[i] - to[i];
            bool isLegal = to[i] >= field.LeastLegal && to[i] <= field.GreatestLegal
                && (change == 0 || (change <= field.StepFrom(from[i]) && !field.IsCooling(height)));
            if (!isLegal)
            {
                return false;
            }
        }
        UInt128 target = next.GasTargetPerSecond;
        return (UInt128)next.GasLimit * 1_000
                >= rules.IntervalsPerLimit * target * next.BlockIntervalMs
            && next.GasLimit <= rules.SecondsPerLimit * target;
    }

    public static CapacityRules Applied(
        CapacityRules rules, in ChainParameters next, Height height)
    {
        ulong[] from = Vector(rules.InForce);
        ulong[] to = Vector(next);
        return rules with
        {
            InForce = next,
            Actuators = [.. rules.Actuators.Select((field, i) =>
                from[i] == to[i] ? field : field with { ChangedAt = height.Value })],
        };
    }

    private static ulong[] Vector(in ChainParameters p) =>
        [p.GasTargetPerSecond, p.GasLimit, p.MinimumBaseFee, p.BlockIntervalMs];
}
