using System.Buffers.Binary;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>Who an agent acts for in a study of abuse.</summary>
internal enum AgentOwner : byte
{
    Others,

    /// <summary>Real use of the one who abuses.</summary>
    Abuser,

    /// <summary>Its transactions that do nothing.</summary>
    Junk,
}

/// <summary>Someone with gas to run: what it is worth and how long it is worth it.</summary>
/// <param name="Value">Wei per gas at most.</param>
internal readonly record struct MarketAgent(
    long ArrivalMs, ulong Gas, ulong Value, long PatienceMs, bool AfterRise,
    AgentOwner Owner = AgentOwner.Others);

/// <summary>
/// A stretch of recorded demand as arrivals and execution speeds, alike for every policy
/// (docs/eval-capacity.md derives both).
/// </summary>
internal sealed record MarketSegment(
    string Series, IReadOnlyList<MarketAgent> Agents, double[][] NanosecondsPerGas,
    double[] Quorum, long ScoredFromMs, long ScoredToMs)
{
    private readonly Lazy<RecoveredTransaction[]> _bids = new(() => [.. Agents.Select(BidOf)]);
    private readonly Lazy<int[]> _byArrival = new(() =>
        [.. Enumerable.Range(0, Agents.Count).OrderBy(i => Agents[i].ArrivalMs)]);

    public int Blocks => Quorum.Length;

    /// <summary>The same stretch with other agents.</summary>
    public MarketSegment With(IReadOnlyList<MarketAgent> agents) => new(
        Series, agents, NanosecondsPerGas, Quorum, ScoredFromMs, ScoredToMs);

    /// <summary>
    /// Agents by number in the order of their arrival. Numbers are addresses and so draws: agents
    /// added to a segment stand last, and all others keep their lots.
    /// </summary>
    public IReadOnlyList<int> ByArrival => _byArrival.Value;

    /// <summary>What each agent submits; made once, as every policy gets the same.</summary>
    public IReadOnlyList<RecoveredTransaction> Bids => _bids.Value;

    /// <summary>Agent number n sends from an address that ends with n.</summary>
    public static int NumberOf(in Address sender) =>
        BinaryPrimitives.ReadInt32BigEndian(sender.Bytes[(Address.Size - sizeof(int))..]);

    private static RecoveredTransaction BidOf(MarketAgent agent, int number)
    {
        Span<byte> address = stackalloc byte[Address.Size];
        address[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(address[(Address.Size - sizeof(int))..], number);
        var sender = new Address(address);
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = CapacityMarket.Chain.Value,
            MaxFee = agent.Value,
            GasLimit = agent.Gas,
            // Of one's own: no two may have the same hash.
            To = sender,
        };
        return new RecoveredTransaction(transaction, sender);
    }
}

/// <summary>Makes segments from a series; what it learns is of the training part alone.</summary>
internal sealed class ArrivalGenerator
{
    public const long IntervalMs = 2_000;
    public const int BlocksPerSample = 10;
    public const int Validators = 7;
    public const int SegmentSamples = 50;
    public const int WarmupSamples = 8;

    /// <summary>Most patience, and arrivals so near the end are not scored.</summary>
    public const long MostPatienceMs = 160_000;

    /// <summary>Wei per gas under which nobody's value lies.</summary>
    public const ulong FloorPrice = 100_000_000;

    /// <summary>Time a block may take the quorum's slowest to execute.</summary>
    public const uint BlockBudgetMs = 500;

    private const double Utilisation = 0.5;
    /// <summary>Mean gas of an agent: half as much to half as much again.</summary>
    public const ulong TypicalGas = 11_000_000;

    private const double MeanGas = TypicalGas;
    private const double NanosecondsPerTransaction = 60_000;
    private const double NanosecondsPerGasOfCode = 1;
    private const double TypicalGasPerTransaction = 95_000;
    private const double SlowFactor = 2;
    private const double MostDemand = 8;
    private readonly DemandRecordSeries _series;
    private readonly double _elasticity;
    private readonly double _patienceMs;
    private readonly double _rise;

    public ArrivalGenerator(DemandRecordSeries series, double elasticity)
    {
        (_series, _elasticity) = (series, elasticity);
        TrainCount = series.Count * 6 / 10;
        var rises = new List<double>();
        for (int first = 0; first < TrainCount; first += SegmentSamples)
        {
            double[] demand = Demand(first, Math.Min(SegmentSamples, TrainCount - first));
            rises.AddRange(demand.Skip(1).Zip(demand, (later, sooner) => later - sooner));
        }
        rises.Sort();
        _rise = rises[rises.Count * 95 / 100];
        double[] fees = [.. series.Fee.Take(TrainCount).Order()];
        _patienceMs = Math.Clamp(
            MeanRun(series.Fee.Take(TrainCount), fees[fees.Length / 2]) * SampleMs,
            20_000, 80_000);
    }

    public int TrainCount { get; }

    /// <summary>Gas a second a quorum executes at its typical speed.</summary>
    public static double TypicalCapacity =>
        BlockBudgetMs * 1e6 / NanosecondsOfGas(0) / IntervalMs * 1_000;

    public static long SampleMs => BlocksPerSample * IntervalMs;

    /// <summary>
    /// Offered demand at the floor price, by its own mean over these samples. What was served is
    /// raised by what its price kept away; the floor is a low price of the same stretch, since over
    /// months prices in wei drift with things that are not scarcity.
    /// </summary>
    public double[] Demand(int first, int samples)
    {
        double[] fees = [.. _series.Fee.Skip(first).Take(samples).Order()];
        double floor = fees[fees.Length / 10];
        double[] offered = [.. Enumerable.Range(first, samples).Select(k => _series.Activity[k]
            * Math.Pow(Math.Max(_series.Fee[k] / floor, 1), _elasticity))];
        double mean = Math.Max(offered.Average(), double.Epsilon);
        return [.. offered.Select(demand => Math.Min(demand / mean, MostDemand))];
    }

    public MarketSegment Segment(int first, ulong seed)
    {
        var random = new SeededRandom(seed);
        int samples = Math.Min(SegmentSamples, _series.Count - first);
        double[] demand = Demand(first, samples);
        var agents = new List<MarketAgent>();
        int sinceRise = int.MaxValue / 2;
        for (int k = 0; k < samples; k++)
        {
            bool rises = k > 0 && demand[k] - demand[k - 1] > _rise;
            sinceRise = rises ? 0 : sinceRise + 1;
            AddSample(agents, random, demand[k], k, sinceRise < 3);
        }
        agents.Sort((a, b) => a.ArrivalMs.CompareTo(b.ArrivalMs));
        double[][] speeds = Speeds(first, samples, random);
        return new MarketSegment(
            _series.Name, agents, speeds, [.. speeds.Select(Quorum)],
            WarmupSamples * SampleMs, samples * SampleMs - MostPatienceMs);
    }

    // Poisson arrivals at the sample's rate: exponential gaps.
    private void AddSample(
        List<MarketAgent> agents, SeededRandom random, double demand, int place, bool afterRise)
    {
        double rate = Utilisation * TypicalCapacity * demand / MeanGas / 1_000;
        double at = rate > 0 ? -Math.Log(Unit(random)) / rate : double.MaxValue;
        while (at < SampleMs)
        {
            double value = FloorPrice * Math.Min(Math.Pow(Unit(random), -1 / _elasticity), 1e4);
            double patience = Math.Clamp(
                -Math.Log(Unit(random)) * _patienceMs, 2 * IntervalMs, MostPatienceMs);
            ulong gas = (ulong)(MeanGas * (0.5 + Unit(random)));
            agents.Add(new MarketAgent(
                place * SampleMs + (long)at, gas, (ulong)value, (long)patience, afterRise));
            at -= Math.Log(Unit(random)) / rate;
        }
    }

    // Each validator shares its machine with others now and then: a two-state chain that is slow a
    // quarter of the time, changing once in about two minutes.
    private double[][] Speeds(int first, int samples, SeededRandom random)
    {
        var slow = new bool[Validators];
        for (int v = 0; v < Validators; v++)
        {
            slow[v] = random.Chance(1, 4);
        }
        var speeds = new double[samples * BlocksPerSample][];
        for (int b = 0; b < speeds.Length; b++)
        {
            double typical = NanosecondsOfGas(
                _series.GasPerTransaction[first + b / BlocksPerSample]);
            speeds[b] = new double[Validators];
            for (int v = 0; v < Validators; v++)
            {
                slow[v] ^= slow[v] ? random.Chance(1, 60) : random.Chance(1, 180);
                speeds[b][v] = typical * (slow[v] ? SlowFactor : 1) * (0.9 + 0.2 * Unit(random));
            }
        }
        return speeds;
    }

    // More than two thirds of the validators must be done.
    private static double Quorum(double[] speeds)
    {
        double[] sorted = [.. speeds.Order()];
        return sorted[Validators * 2 / 3];
    }

    private static double NanosecondsOfGas(double gasPerTransaction) =>
        NanosecondsPerGasOfCode + NanosecondsPerTransaction
            / (gasPerTransaction > 0 ? gasPerTransaction : TypicalGasPerTransaction);

    private static double MeanRun(IEnumerable<double> values, double level)
    {
        (int runs, int above, bool was) = (0, 0, false);
        foreach (double value in values)
        {
            bool isAbove = value > level;
            runs += isAbove && !was ? 1 : 0;
            above += isAbove ? 1 : 0;
            was = isAbove;
        }
        return runs == 0 ? 1 : (double)above / runs;
    }

    private static double Unit(SeededRandom random) =>
        ((random.NextUInt64() >> 11) + 1) * (1.0 / (1UL << 53));
}
