using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The ordering loop: the wait the urgent class is going to have in, premiums out
/// (docs/spec/ordering.md, "The loop"). Quotas, fee, age and levels stand in the same vector and
/// are moved by people only.
/// </summary>
internal sealed class OrderingLoop : ISteeringLoop
{
    public static readonly Hash256 LoopName = SteeringLoops.NameOf("ordering");

    /// <summary>A validator tells no longer one.</summary>
    private static readonly Fixed MostWait =
        Fixed.FromRatio(byte.MaxValue, Observation.WaitUnitsOfBlock);

    /// <summary>A load of 64 quotas is more than any block holds of a class.</summary>
    private static readonly Fixed MostLoad = Fixed.FromInteger(64);

    private const int FeatureCount = 2;
    private const int MeanShift = 2;
    private const byte LoadsWord = 0;

    public Hash256 Name => LoopName;

    public LoopWords Words { get; } = new(
        [
            new("fast premium", "wei"), new("urgent premium", "wei"),
            new("fast quota", "ten-thousandths"), new("urgent quota", "ten-thousandths"),
            new("inclusion fee", "wei"), new("overdue after", "ms"), new("score levels", ""),
        ],
        [
            new("gas of fast by its quota", "ten-thousandths"),
            new("gas of urgent by its quota", "ten-thousandths"),
            new("wait of fast, 0 for none", "hundredths of a block"),
            new("wait of urgent, 0 for none", "hundredths of a block"),
        ],
        ["fast", "urgent"], new("wait of urgent", "blocks"));

    /// <summary>The means take in the parent's gas by class, left in state by the ledger.</summary>
    public void Advance(LoopContext context)
    {
        UInt256 word = context.ReadWord(LoadsWord);
        ClassLoads seen = LoadsOf(context.State);
        context.WriteWord(LoadsWord, new UInt256(
            (ulong)Mean(Fixed.FromRaw((long)word.U0), seen.Fast).Raw,
            (ulong)Mean(Fixed.FromRaw((long)word.U1), seen.Urgent).Raw));
    }

    public IReadOnlyList<Fixed> Features(LoopContext context)
    {
        ClassWaits waits = Waits(context);
        return [waits.Fast, waits.Urgent];
    }

    public LoopInputs Read(LoopContext context, LoopRules rules)
    {
        ClassLoads loads = Loads(context);
        ClassWaits waits = Waits(context);
        OrderingParameters inForce = OrderingParameters.From(rules.InForce);
        ulong least = rules.Actuators[0].LeastLegal;
        Height height = context.Height;
        return new LoopInputs(
            [waits.Fast, waits.Urgent], FeatureSets.Free(FeatureCount), waits.Urgent,
            [BasisPoints(loads.Fast), BasisPoints(loads.Urgent),
                Hundredths(waits.Fast), Hundredths(waits.Urgent)],
            urgent =>
            {
                // Nobody forecasts the wait of a class that nobody is in.
                var expected = waits with
                {
                    Urgent = waits.Urgent == Fixed.Zero
                        ? Fixed.Zero
                        : Fixed.Clamp(urgent, Fixed.One, MostWait),
                };
                OrderingParameters wanted = OrderingRule.Next(inForce, expected, loads, least);
                ulong[] next = [.. rules.InForce];
                next[0] = rules.Actuators[0].Step(next[0], wanted.FastPremium, height);
                next[1] = rules.Actuators[1].Step(next[1], wanted.UrgentPremium, height);
                // Where the urgent one can't rise as far, the fast one waits for it.
                next[0] = Math.Min(next[0], Math.Max(
                    rules.InForce[0], next[1] / OrderingRule.LeastRatio));
                return next;
            });
    }

    public Fixed Score(LoopContext context, Height madeAt, LoopRules rules) =>
        Waits(context).Urgent;

    /// <summary>The loop's invariants: urgent at least twice fast; quotas within a block.</summary>
    public static IReadOnlyList<InvariantCode> Invariants(int place) =>
    [
        new InvariantBuilder().Number(OrderingRule.LeastRatio).Field(place, 0).Multiply()
            .Field(place, 1).Subtract().Build(),
        new InvariantBuilder().Field(place, 2).Field(place, 3).Add().Number(10_000).Subtract()
            .Build(),
    ];

    private static ClassLoads Loads(LoopContext context)
    {
        UInt256 word = context.ReadWord(LoadsWord);
        return new ClassLoads(Fixed.FromRaw((long)word.U0), Fixed.FromRaw((long)word.U1));
    }

    /// <summary>Weighted medians of what validators measured.</summary>
    private static ClassWaits Waits(LoopContext context)
    {
        Fixed Reading(Func<Observation, byte> of) =>
            context.TryRead(
                seen => of(seen) is > 0 and var wait ? wait : null, 1, 2, out ulong read)
                ? Fixed.FromRatio((Int128)read, Observation.WaitUnitsOfBlock)
                : Fixed.Zero;
        return new ClassWaits(Reading(seen => seen.FastWait), Reading(seen => seen.UrgentWait));
    }

    private static ClassLoads LoadsOf(IStorageReader state)
    {
        UInt256 gas = state.Read(PredeployAddresses.FeePool, UInt256.Zero);
        OrderingParameters vector = OrderingParameters.Read(state);
        ulong limit = ChainParameters.Read(state).GasLimit;
        ulong block = limit - Math.Min(limit, SteeringProgram.GasLimit);
        Fixed Load(ulong used, ulong share) => Fixed.Min(MostLoad, Fixed.FromRatio(
            (Int128)used * 10_000, (Int128)UInt128.Max(1, (UInt128)block * share)));
        return new ClassLoads(
            Load(gas.U0, vector.FastShare), Load(gas.U1, vector.UrgentShare));
    }

    private static Fixed Mean(Fixed mean, Fixed sample) => mean + (sample - mean).Scale(-MeanShift);

    private static ulong BasisPoints(Fixed load) =>
        (ulong)Math.Max(0, load.MultiplyInteger(10_000));

    private static ulong Hundredths(Fixed wait) =>
        (ulong)Math.Max(0, wait.MultiplyInteger(100));
}
