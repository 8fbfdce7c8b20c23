using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Whether abuse of the loop pays. One who owns a tenth of the demand, or a validator of a third of
/// the weight, spams or leaves blocks empty; what it has in the end is held against what it has
/// when it does not, on the same arrivals, with all it pays counted.
///
/// What there is to gain: a loop that takes junk for demand raises the target, so that later use is
/// cheaper; a proposer that fills or empties blocks moves the price; validators share an inclusion
/// fee for each unit of gas.
/// </summary>
internal sealed class AbuseStudy(
    IReadOnlyList<MarketSegment> segments, Func<IFeePolicy> policy, List<EvalRow> rows,
    List<EvalBar> bars, EvalSteps steps)
{
    /// <summary>Kinds of abuse that are measured.</summary>
    public const int Measures = 4;

    private const int OneIn = 10;

    /// <summary>The abusing validator's blocks, and its part of the inclusion fees.</summary>
    private const int LeadsOneIn = 3;

    private const ulong JunkBundle = 2_000_000;
    private const ulong AnyPrice = 1_000_000_000_000_000;

    public void Run()
    {
        Spam("self-spam by a tenth of the demand, 5 % of capacity", 0.05, AnyPrice, 1);
        Spam("dust by a tenth of the demand, 5 % of capacity", 0.05, 0, 1);
        Spam("self-spam by a proposer in its blocks, 20 % of capacity", 0.2, AnyPrice, LeadsOneIn);
        Measure("empty blocks by a proposer of a third", s => s, b => b % LeadsOneIn == 0);
    }

    private void Spam(string name, double share, ulong bid, int everyBlocks) => Measure(
        name, s => WithJunk(s, share, Math.Max(bid, ArrivalGenerator.FloorPrice), everyBlocks),
        null);

    private void Measure(
        string name, Func<MarketSegment, MarketSegment> abuse, Func<int, bool>? isEmpty)
    {
        double[] gain = new double[segments.Count];
        double[] cost = new double[segments.Count];
        double[] stake = new double[segments.Count];
        Parallel.For(0, segments.Count, CapacityEvaluation.Threads, i =>
        {
            MarketSegment own = Owned(segments[i]);
            SegmentOutcome honest = CapacityMarket.Run(own, policy());
            SegmentOutcome abused = CapacityMarket.Run(abuse(own), policy(), isEmpty);
            gain[i] = Has(abused) - Has(honest);
            cost[i] = abused.Paid[(int)AgentOwner.Junk];
            stake[i] = Has(honest);
        });
        steps.Done();
        (double low, double high) = BlockBootstrap.Interval(segments.Count, chosen =>
            chosen.Sum(i => gain[i] - cost[i]) / chosen.Sum(i => stake[i]));
        rows.Add(new($"abuse: {name}",
        [
            new("gain by what it has", gain.Sum() / stake.Sum()),
            new("cost by what it has", cost.Sum() / stake.Sum()),
            new("net, low", low),
            new("net, high", high),
        ]));
        bars.Add(new($"abuse: {name}: net gain, upper end of 95 %", high, 0, AtLeast: false));
    }

    // Surplus of its own use and its part of the fees that validators share.
    private static double Has(SegmentOutcome outcome) =>
        outcome.Surplus[(int)AgentOwner.Abuser]
        + outcome.GasUsed * GenesisLoops.InclusionFee / LeadsOneIn;

    private static MarketSegment Owned(MarketSegment segment)
    {
        var random = new SeededRandom(0xab5e);
        return segment.With([.. segment.Agents.Select(agent => agent with
        {
            Owner = random.Chance(1, OneIn) ? AgentOwner.Abuser : AgentOwner.Others,
        })]);
    }

    private static MarketSegment WithJunk(
        MarketSegment segment, double share, ulong bid, int everyBlocks)
    {
        var agents = new List<MarketAgent>(segment.Agents);
        double gasOfBlock =
            share * ArrivalGenerator.TypicalCapacity * ArrivalGenerator.IntervalMs / 1_000;
        for (int block = 0; block < segment.Blocks; block += everyBlocks)
        {
            long at = block * ArrivalGenerator.IntervalMs + ArrivalGenerator.IntervalMs / 2;
            for (double gas = 0; gas < gasOfBlock; gas += JunkBundle)
            {
                agents.Add(new MarketAgent(
                    at, JunkBundle, bid, ArrivalGenerator.IntervalMs, false, AgentOwner.Junk));
            }
        }
        return segment.With(agents);
    }
}
