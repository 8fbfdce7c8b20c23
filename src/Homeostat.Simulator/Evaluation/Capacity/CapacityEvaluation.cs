using System.Globalization;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>How much of the records `eval capacity` looks at.</summary>
/// <param name="TrainSegments">Of each series, for the parameters of every policy.</param>
/// <param name="TestSegments">Of each series, at most.</param>
public sealed record CapacityEvaluationOptions(int TrainSegments = 4, int TestSegments = 12)
{
    /// <summary>A segment each at one elasticity.</summary>
    public static readonly CapacityEvaluationOptions Quick = new(1, 1) { Elasticities = [0.5] };

    /// <summary>Of demand by price.</summary>
    public IReadOnlyList<double> Elasticities { get; init; } = [0.25, 0.5, 1];
}

/// <summary>
/// `eval capacity`: fixed-target EIP-1559, AIMD-1559, ACP-176, the twin and the model on the same
/// arrivals (docs/eval-capacity.md). Each series is split in time: parameters are chosen on its
/// first 60 %, and all that is reported is of the rest.
/// </summary>
public sealed class CapacityEvaluation
{
    // By typical capacity. A block holds twice the target (EIP-1559's elasticity, ACP-176's
    // R = 2T), and a gas limit is a promise that such a block executes within the cap.
    private static readonly double[] Targets = [0.35, 0.425, 0.5];

    // A target that no block reaches twice: its price hardly ever leaves the floor.
    private const double UnpricedTarget = 0.95;

    // Segments are independent, so results can't depend on it.
    internal static readonly ParallelOptions Threads = new() { MaxDegreeOfParallelism = 2 };

    private static readonly double[] Shares = [0.125, 0.03];
    private const double AbuseElasticity = 0.5;
    private readonly CapacityEvaluationOptions _options;
    private readonly DemandFolder _folder;
    private readonly IForecaster _model;
    private readonly List<EvalRow> _rows = [];
    private readonly List<EvalBar> _bars = [];

    private readonly EvalSteps _steps;

    private CapacityEvaluation(
        DemandFolder folder, IForecaster model, CapacityEvaluationOptions options,
        EvalSteps steps) =>
        (_folder, _model, _options, _steps) = (folder, model, options, steps);

    /// <param name="tell">Gets a line for each file: how it was used.</param>
    /// <param name="progress">Gets how many parts are done, and all of them.</param>
    public static EvalReport Run(
        string folder, CapacityEvaluationOptions options, Action<string> tell,
        Action<int, int>? progress = null)
    {
        DemandFolder found = DemandFolder.Read(folder);
        foreach (string note in found.Notes)
        {
            tell(note);
        }
        if (found.Series.Count == 0)
        {
            throw new InvalidDataException("none of the tables can drive a market");
        }
        // Every candidate on the training part, and each policy on the other.
        int runs = FixedTargets().Count() + AdaptiveShares().Count() + ExcessPrices().Count() + 6;
        var steps = new EvalSteps(
            options.Elasticities.Count * runs + AbuseStudy.Measures, progress);
        return new CapacityEvaluation(found, GenesisModels.Capacity(), options, steps).Run();
    }

    private EvalReport Run()
    {
        foreach (double elasticity in _options.Elasticities)
        {
            Compare(elasticity);
        }
        AddAbuse();
        return new EvalReport("capacity", _rows, _bars);
    }

    private void Compare(double elasticity)
    {
        var train = new List<MarketSegment>();
        var test = new List<MarketSegment>();
        foreach (DemandRecordSeries series in _folder.Series)
        {
            var arrivals = new ArrivalGenerator(series, elasticity);
            train.AddRange(Segments(
                arrivals, 0, arrivals.TrainCount, _options.TrainSegments, 0x7a1));
            test.AddRange(Segments(
                arrivals, arrivals.TrainCount, series.Count, _options.TestSegments, 0x7e5));
        }
        PolicyResult fixedTarget = Best("EIP-1559", FixedTargets(), train, test);
        PolicyResult adaptive = Best("AIMD-1559", AdaptiveShares(), train, test);
        PolicyResult excess = Best("ACP-176", ExcessPrices(), train, test);
        double ratified = 0.5 * ArrivalGenerator.TypicalCapacity;
        PolicyResult unpriced = Results(
            "EIP-1559, unpriced", () => new FixedTarget(OfBlock(UnpricedTarget), 0.03), test);
        PolicyResult twin = Results("twin", () => Steered(null, ratified), test);
        PolicyResult model = Results("model", () => Steered(_model, ratified), test);
        string at = string.Create(
            CultureInfo.InvariantCulture, $"elasticity {elasticity}");
        foreach (PolicyResult result in
            new[] { fixedTarget, adaptive, excess, unpriced, twin, model })
        {
            AddRow(result, fixedTarget, at);
        }
        AddBars(at, ModelActs ? model : twin, fixedTarget, excess);
        AddModel(at, model, twin);
    }

    private void AddAbuse()
    {
        var segments = new List<MarketSegment>();
        foreach (DemandRecordSeries series in _folder.Series)
        {
            var arrivals = new ArrivalGenerator(series, AbuseElasticity);
            segments.AddRange(Segments(
                arrivals, arrivals.TrainCount, series.Count, _options.TestSegments, 0xab5));
        }
        new AbuseStudy(segments, Acting, _rows, _bars, _steps).Run();
    }

    private static bool ModelActs => GenesisLoops.Capacity(default).Mode == LoopMode.Act;

    private SteeredPolicy Acting() =>
        Steered(ModelActs ? _model : null, 0.5 * ArrivalGenerator.TypicalCapacity);

    private void AddRow(PolicyResult result, PolicyResult reference, string at) => _rows.Add(new(
        $"{result.Policy} ({at})",
        [
            new("p95 delay s", result.DelayP95 / 1_000),
            new("mean delay s", result.DelayMean / 1_000),
            new("mean delay after rises s", result.DelayAfterRise / 1_000),
            new("fee volatility", result.Volatility),
            new("left share", result.Left),
            new("mean blocks priced out", result.PricedBlocks),
            new("mean blocks without room", result.CrowdedBlocks),
            new("priced out, part of the longest waits", result.PricedPartOfLongest),
            new("gas to EIP-1559", result.Gas / reference.Gas),
            new("value to EIP-1559", result.Value / reference.Value),
            new("longest block ms", result.MostBlockMs),
            new("segments", result.Segments.Count),
        ]));

    private void AddBars(
        string at, PolicyResult ours, PolicyResult plain, PolicyResult excess)
    {
        AddRatio($"{at}: p95 delay to EIP-1559", ours, plain, PolicyResult.P95Of, 0.7);
        AddRatio($"{at}: p95 delay to ACP-176", ours, excess, PolicyResult.P95Of, 0.9);
        AddRatio($"{at}: volatility to EIP-1559", ours, plain, PolicyResult.VolatilityOf, 0.7);
        double gas = Math.Max(
            Math.Abs(ours.Gas / plain.Gas - 1), Math.Abs(ours.Gas / excess.Gas - 1));
        _bars.Add(new($"{at}: gas used differs by", gas, 0.02, AtLeast: false));
        _bars.Add(new($"{at}: served value to EIP-1559", ours.Value / plain.Value, 1, true));
    }

    // A model that does not beat its twin may not act; where the twin acts it is only reported.
    private void AddModel(string at, PolicyResult model, PolicyResult twin)
    {
        (double low, double high) = BlockBootstrap.Interval(model.Segments.Count, chosen =>
            MeanAfterRise(chosen, model) - MeanAfterRise(chosen, twin));
        string name = $"{at}: mean delay after rises, model less twin, s";
        _rows.Add(new($"95 % interval, {name}",
            [new("low", low / 1_000), new("high", high / 1_000)]));
        if (ModelActs)
        {
            _bars.Add(new($"{name}, upper end", high / 1_000, -1e-6, AtLeast: false));
        }
    }

    private void AddRatio(
        string name, PolicyResult ours, PolicyResult other,
        Func<IReadOnlyList<SegmentOutcome>, double> of, double bound)
    {
        double ratio = of(ours.Segments) / of(other.Segments);
        (double low, double high) = BlockBootstrap.Interval(ours.Segments.Count, chosen =>
            of([.. chosen.Select(i => ours.Segments[i])])
                / of([.. chosen.Select(i => other.Segments[i])]));
        _bars.Add(new(name, ratio, bound, AtLeast: false));
        _rows.Add(new($"95 % interval, {name}", [new("low", low), new("high", high)]));
    }

    private static double MeanAfterRise(IReadOnlyList<int> chosen, PolicyResult result) =>
        chosen.SelectMany(i => result.Segments[i].DelaysAfterRise).DefaultIfEmpty(0).Average();

    private static List<MarketSegment> Segments(
        ArrivalGenerator arrivals, int from, int to, int most, ulong seed)
    {
        var segments = new List<MarketSegment>();
        int room = to - from;
        int count = Math.Min(most, Math.Max(1, room / ArrivalGenerator.SegmentSamples));
        for (int i = 0; i < count; i++)
        {
            int first = from + (int)((long)i * Math.Max(
                room - ArrivalGenerator.SegmentSamples, 0) / Math.Max(count - 1, 1));
            segments.Add(arrivals.Segment(first, seed + (ulong)first));
        }
        return segments;
    }

    // The best on the training part: the shortest p95 delay, the calmer price among equals.
    private PolicyResult Best(
        string name, IEnumerable<Func<IFeePolicy>> candidates, List<MarketSegment> train,
        List<MarketSegment> test)
    {
        Func<IFeePolicy> best = candidates
            .Select(make => (make, Score: Results(name, make, train)))
            .OrderBy(c => Math.Round(c.Score.DelayP95 / ArrivalGenerator.IntervalMs))
            .ThenBy(c => c.Score.Volatility).First().make;
        return Results(name, best, test);
    }

    private PolicyResult Results(
        string name, Func<IFeePolicy> make, List<MarketSegment> segments)
    {
        var outcomes = new SegmentOutcome[segments.Count];
        Parallel.For(0, segments.Count, Threads, i =>
            outcomes[i] = CapacityMarket.Run(segments[i], make()));
        _steps.Done();
        return new PolicyResult(name, outcomes);
    }

    private static IEnumerable<Func<IFeePolicy>> FixedTargets() =>
        from target in Targets
        from share in Shares
        select (Func<IFeePolicy>)(() => new FixedTarget(OfBlock(target), share));

    private static IEnumerable<Func<IFeePolicy>> AdaptiveShares() =>
        Targets.Select(t => (Func<IFeePolicy>)(() => new AdaptiveShare(OfBlock(t))));

    private static IEnumerable<Func<IFeePolicy>> ExcessPrices() => Targets.Select(
        t => (Func<IFeePolicy>)(() =>
            new ExcessPrice((ulong)(t * ArrivalGenerator.TypicalCapacity))));

    private static SteeredPolicy Steered(IForecaster? model, double ratified) =>
        new(model, Parameters, ratified);

    private static readonly LoopParameters Parameters = LoopParameters.Default with
    {
        // Its readings are cautious (95th percentiles); builders stop at the cap itself.
        BlockBudgetMs = ArrivalGenerator.BlockBudgetMs * 3 / 2,
        ExecutionShareBasisPoints =
            (uint)(ArrivalGenerator.BlockBudgetMs * 10_000 / ArrivalGenerator.IntervalMs),
        PriorNanosecondsPerKilogas = 1_630,
    };

    private static ulong OfBlock(double target) => (ulong)(target
        * ArrivalGenerator.TypicalCapacity * ArrivalGenerator.IntervalMs / 1_000);
}
