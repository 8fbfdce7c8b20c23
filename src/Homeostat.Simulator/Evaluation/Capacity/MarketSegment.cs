using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>Someone with gas to run: what it is worth and how long it is worth it.</summary>
/// <param name="Value">Wei per gas at most.</param>
internal readonly record struct MarketAgent(
    long ArrivalMs, ulong Gas, ulong Value, long PatienceMs, bool AfterRise);

/// <summary>
/// A stretch of recorded demand as arrivals and execution speeds, alike for every policy
/// (docs/eval-capacity.md derives both).
/// </summary>
internal sealed record MarketSegment(
    string Series, IReadOnlyList<MarketAgent> Agents, double[][] NanosecondsPerGas,
    double[] Quorum, long ScoredFromMs, long ScoredToMs)
{
    public int Blocks => Quorum.Length;
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

    private const double Utilisation = 0.6;
    private const double MeanGas = 11_000_000;
    private const double NanosecondsPerTransaction = 60_000;
    private const double NanosecondsPerGasOfCode = 1;
    private const double TypicalGasPerTransaction = 95_000;
    private const double SlowFactor = 2;
    private const double MostDemand = 8;
    private readonly DemandRecordSeries _series;
    private readonly double _elasticity;
    private readonly double _feeFloor;
    private readonly double _level;
    private readonly double _patienceMs;
    private readonly double _rise;

    public ArrivalGenerator(DemandRecordSeries series, double elasticity)
    {
        (_series, _elasticity) = (series, elasticity);
        TrainCount = series.Count * 6 / 10;
        double[] fees = [.. series.Fee.Take(TrainCount).Order()];
        _feeFloor = fees[fees.Length / 10];
        _level = 1;
        _level = Enumerable.Range(0, TrainCount).Average(Demand);
        double[] rises = [.. Enumerable.Range(1, TrainCount - 1)
            .Select(k => Demand(k) - Demand(k - 1)).Order()];
        _rise = rises[rises.Length * 95 / 100];
        double median = fees[fees.Length / 2];
        _patienceMs = Math.Clamp(
            MeanRun(series.Fee.Take(TrainCount), median) * SampleMs, 20_000, 80_000);
    }

    public int TrainCount { get; }

    /// <summary>Gas a second a quorum executes at its typical speed.</summary>
    public static double TypicalCapacity =>
        BlockBudgetMs * 1e6 / NanosecondsOfGas(0) / IntervalMs * 1_000;

    public static long SampleMs => BlocksPerSample * IntervalMs;

    /// <summary>Offered demand at the floor price, by the mean of the training part.</summary>
    public double Demand(int sample)
    {
        double raised = Math.Pow(
            Math.Max(_series.Fee[sample] / _feeFloor, 1), _elasticity);
        return Math.Min(_series.Activity[sample] * raised / _level, MostDemand);
    }

    public MarketSegment Segment(int first, ulong seed)
    {
        var random = new SeededRandom(seed);
        int samples = Math.Min(SegmentSamples, _series.Count - first);
        var agents = new List<MarketAgent>();
        int sinceRise = int.MaxValue / 2;
        for (int k = 0; k < samples; k++)
        {
            bool rises = first + k > 0 && Demand(first + k) - Demand(first + k - 1) > _rise;
            sinceRise = rises ? 0 : sinceRise + 1;
            AddSample(agents, random, first + k, k, sinceRise < 3);
        }
        agents.Sort((a, b) => a.ArrivalMs.CompareTo(b.ArrivalMs));
        double[][] speeds = Speeds(first, samples, random);
        return new MarketSegment(
            _series.Name, agents, speeds, [.. speeds.Select(Quorum)],
            WarmupSamples * SampleMs, samples * SampleMs - MostPatienceMs);
    }

    // Poisson arrivals at the sample's rate: exponential gaps.
    private void AddSample(
        List<MarketAgent> agents, SeededRandom random, int sample, int place, bool afterRise)
    {
        double rate = Utilisation * TypicalCapacity * Demand(sample) / MeanGas / 1_000;
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
