using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>How thorough an evaluation of ordering is.</summary>
public sealed record OrderingEvaluationOptions
{
    /// <summary>Rounds of fictitious play before anything is measured.</summary>
    public int Rounds { get; init; } = 8;

    /// <summary>Draws of places that measurements are averaged over.</summary>
    public int Seeds { get; init; } = 4;

    /// <summary>Transactions of each record at most; 0 for all.</summary>
    public int Transactions { get; init; }

    /// <summary>Samples of strategic senders to search on, and as many to measure on.</summary>
    public int StrategySamples { get; init; } = 6;

    /// <summary>A little of everything: a test that the harness works, no measurement.</summary>
    public static readonly OrderingEvaluationOptions Quick = new()
    {
        Rounds = 3,
        Seeds = 2,
        Transactions = 2_500,
        StrategySamples = 1,
    };
}

/// <summary>
/// `eval ordering`: fee order, first come first served, random order and ours with and without the
/// model on two congested records, each after its users have settled; and sandwiches.
/// </summary>
public static class OrderingEvaluation
{
    private const double TrainingShare = 0.5;
    private static readonly string[] QuartileNames = ["q1", "q2", "q3", "q4"];

    private const int PartsOfTrace = 5;

    /// <param name="data">A folder with the records' layout, or its parent.</param>
    /// <param name="progress">Gets how many parts are done, and all of them.</param>
    public static EvalReport Run(
        string data, OrderingEvaluationOptions options, Action<int, int>? progress = null)
    {
        var steps = new EvalSteps(2 * PartsOfTrace + 1, progress);
        string folder = RecordedTrace.FolderOf(data);
        var rows = new List<EvalRow>();
        var bars = new List<EvalBar>();
        double missed = 0;
        foreach (RecordedTrace trace in new[]
        {
            RecordedTrace.Read2017(folder), RecordedTrace.Read2022(folder),
        })
        {
            RecordedTrace used = options.Transactions == 0 ? trace : trace with
            {
                Transactions = [.. trace.Transactions.Take(options.Transactions)],
            };
            missed = Math.Max(
                missed, Compare(Market.Of(used, seed: 7), options, rows, bars, steps));
        }
        Sandwiches(missed, rows, bars);
        steps.Done();
        return new EvalReport("ordering", rows, bars);
    }

    /// <summary>Gives the share of sealed transactions not in their first block.</summary>
    private static double Compare(
        Market market, OrderingEvaluationOptions options, List<EvalRow> rows, List<EvalBar> bars,
        EvalSteps steps)
    {
        double[] bids = Equilibria.Bids(market, options.Rounds);
        steps.Done();
        MarketOutcome fee = new PlainMarket(market, PlainOrder.Fee).Run(bids, 1);
        double[] free = [.. market.Users.Select(user => user.Value > user.BaseCost ? 0.0 : -1)];
        MarketOutcome[] arrival = [new PlainMarket(market, PlainOrder.Arrival).Run(free, 1)];
        var random = new PlainMarket(market, PlainOrder.Random);
        MarketOutcome[] drawn = Repeat(options.Seeds, seed => random.Run(free, seed));

        var twin = new ClassMarket(market);
        (WaitTable beliefs, OrderingParameters vector) =
            Equilibria.Classes(market, twin, options.Rounds);
        MarketOutcome[] twins =
            Repeat(options.Seeds, seed => twin.Run(null, beliefs, seed, vector));
        double missed = MissedBy(market, beliefs, vector);
        steps.Done();

        UrgencyModel urgency = UrgencyModel.Train(market, TrainingShare);
        var levels = new Levels(market, urgency);
        var model = new ClassMarket(market, levels.Of);
        (WaitTable modelBeliefs, OrderingParameters modelVector) =
            Equilibria.Classes(market, model, options.Rounds);
        MarketOutcome[] models =
            Repeat(options.Seeds, seed => model.Run(null, modelBeliefs, seed, modelVector));
        steps.Done();

        rows.Add(Row(market, "fee order", [fee], market.Users));
        rows.Add(Row(market, "first come first served", arrival, market.Users));
        rows.Add(Row(market, "random", drawn, market.Users));
        rows.Add(Row(market, "classes, twin", twins, market.Users));
        rows.Add(Row(market, "classes, model", models, market.Users));
        IReadOnlyList<KeyValuePair<string, double>> gains = StrategySearch.OfClasses(
            market, twin, beliefs, vector, options.StrategySamples);
        steps.Done();
        rows.Add(new EvalRow($"{market.Name}: strategic senders, gain by payment", gains));
        double gain = gains.Where(item => item.Key.StartsWith("gain_", StringComparison.Ordinal))
            .Max(item => item.Value);
        double shading = StrategySearch.OfFeeOrder(market, options.StrategySamples);
        steps.Done();
        AddBars(market, fee, twins, gain, shading, bars);
        AddModel(market, twins, models, rows);
        return missed;
    }

    private static void AddBars(
        Market market, MarketOutcome fee, MarketOutcome[] twins, double gain, double shading,
        List<EvalBar> bars)
    {
        string name = market.Name;
        bars.Add(new EvalBar(
            $"{name}: user surplus over fee order's",
            twins.Average(run => run.TotalSurplus) / fee.TotalSurplus, 1, AtLeast: true));
        bars.Add(new EvalBar(
            $"{name}: welfare over fee order's equilibrium",
            twins.Average(run => run.TotalWelfare) / fee.TotalWelfare, 0.97, AtLeast: true));
        bars.Add(new EvalBar(
            $"{name}: p95 delay of the lowest fee quartile over fee order's",
            twins.Average(run => run.DelayQuantile(0.95, user => user.Quartile == 0))
                / fee.DelayQuantile(0.95, user => user.Quartile == 0), 1, AtLeast: false));
        double slack = twins.Min(run => run.LeastSlack ?? double.PositiveInfinity);
        bars.Add(new EvalBar(
            $"{name}: blocks between the worst overdue wait and its bound",
            double.IsPositiveInfinity(slack) ? 0 : slack, 0, AtLeast: true));
        bars.Add(new EvalBar(
            $"{name}: best-response gain by payment", gain, 0.01, AtLeast: false));
        bars.Add(new EvalBar(
            $"{name}: the same search's gain under first-price order", shading, 0.10,
            AtLeast: true));
    }

    /// <summary>
    /// Paired by the draw of places, on the part the model was not trained on. No bar: the twin
    /// acts, as the model does not beat it on both records.
    /// </summary>
    private static void AddModel(
        Market market, MarketOutcome[] twins, MarketOutcome[] models, List<EvalRow> rows)
    {
        MarketUser[] test =
            [.. market.Users.Skip((int)(market.Users.Count * TrainingShare))];
        // Blocks of users that arrived together are what is resampled: their fates hang together.
        const int Parts = 20;
        double[] differences = new double[Parts];
        double all = 0;
        for (int i = 0; i < test.Length; i++)
        {
            for (int seed = 0; seed < twins.Length; seed++)
            {
                int index = test[i].Index;
                differences[i * Parts / test.Length] +=
                    (models[seed].Welfare(index) - twins[seed].Welfare(index)) / twins.Length;
                all += twins[seed].Welfare(index) / twins.Length;
            }
        }
        (double low, double high) = Bootstrap(differences, all);
        rows.Add(new EvalRow(
            $"{market.Name}: model less twin, out of sample",
            [
                new("welfare_difference_by_welfare", differences.Sum() / all),
                new("interval_low", low), new("interval_high", high),
                new("users", test.Length),
            ]));
    }

    private static (double Low, double High) Bootstrap(double[] parts, double all)
    {
        const int Times = 2_000;
        var random = new SeededRandom(5);
        double[] sums = new double[Times];
        for (int i = 0; i < Times; i++)
        {
            for (int j = 0; j < parts.Length; j++)
            {
                sums[i] += parts[random.NextBelow(parts.Length)] / all;
            }
        }
        Array.Sort(sums);
        return (sums[Times / 40], sums[Times - 1 - Times / 40]);
    }

    private static MarketOutcome[] Repeat(int count, Func<ulong, MarketOutcome> run) =>
        [.. Enumerable.Range(1, count).Select(seed => run((ulong)seed))];

    private static EvalRow Row(
        Market market, string policy, MarketOutcome[] runs, IReadOnlyList<MarketUser> users)
    {
        const double Ether = 1e18;
        double Mean(Func<MarketOutcome, double> of) => runs.Average(of);
        var metrics = new List<KeyValuePair<string, double>>
        {
            new("welfare_ether", Mean(run => run.TotalWelfare) / Ether),
            new("surplus_ether", Mean(run => run.TotalSurplus) / Ether),
            new("premium_ether", Mean(run => run.Fates.Sum(fate => fate.Premium)) / Ether),
            new("starved_share", Mean(run => users.Count(
                user => !run.Fates[user.Index].IsServed) / (double)users.Count)),
            new("delay_max_blocks", Mean(run => run.DelayQuantile(1, _ => true))),
        };
        for (int quartile = 0; quartile < QuartileNames.Length; quartile++)
        {
            AddDelays(metrics, runs, QuartileNames[quartile], user => user.Quartile == quartile);
        }
        AddDelays(metrics, runs, "small_senders", user => user.IsSmall);
        if (runs.Any(run => run.Bounded > 0))
        {
            metrics.Add(new("overdue_bounded", Mean(run => run.Bounded)));
        }
        return new EvalRow($"{market.Name}: {policy}", metrics);
    }

    private static void AddDelays(
        List<KeyValuePair<string, double>> metrics, MarketOutcome[] runs, string who,
        Func<MarketUser, bool> filter)
    {
        metrics.Add(new($"delay_p50_{who}", runs.Average(run => run.DelayQuantile(0.5, filter))));
        metrics.Add(new($"delay_p95_{who}", runs.Average(run => run.DelayQuantile(0.95, filter))));
        metrics.Add(new($"delay_max_{who}", runs.Average(run => run.DelayQuantile(1, filter))));
    }

    /// <summary>
    /// Of those who seal what they send as urgent, one in ten, the share that is not in the first
    /// block.
    /// </summary>
    private static double MissedBy(
        Market market, WaitTable beliefs, OrderingParameters vector)
    {
        const int OneIn = 10;
        var sealing = new ClassMarket(market, sealedOneIn: OneIn);
        MarketOutcome outcome = sealing.Run(null, beliefs, 1, vector);
        MarketUser[] urgent = [.. market.Users.Where(user => ClassMarket.IsSealed(user, OneIn)
            && sealing.Chosen[user.Index] == (int)FeeClass.Urgent)];
        return urgent.Count(user => outcome.Fates[user.Index].Delay > 1)
            / (double)Math.Max(1, urgent.Length);
    }

    private static void Sandwiches(double missed, List<EvalRow> rows, List<EvalBar> bars)
    {
        var study = new SandwichStudy(seed: 3, missed: missed);
        SandwichTake fee = study.FeeOrder();
        Add("fee order, any number of searchers, proposer counted in", fee);
        rows.Add(new EvalRow(
            "sealed urgent transactions not in their first block, one in ten seals",
            [new("share", missed)]));
        foreach (int searchers in new[] { 1, 3, 8 })
        {
            string who = $"{searchers} searchers";
            Add($"drawn places, {who}, nobody seals", study.Drawn(searchers));
            Add($"drawn places, {who} and a leader of a third, nobody seals",
                study.WithLeader(searchers));
            SandwichTake alone = study.Sealing(searchers);
            SandwichTake led = study.SealingWithLeader(searchers);
            Add($"drawn places, {who}", alone);
            Add($"drawn places, {who} and a leader of a third", led);
            if (searchers <= 3)
            {
                bars.Add(new EvalBar(
                    $"swaps (synthetic): sandwich profit down, {searchers} searchers with copies",
                    1 - alone.Profit / fee.Profit, 0.9, AtLeast: true));
                bars.Add(new EvalBar(
                    $"swaps (synthetic): the same and a colluding leader, {searchers} searchers",
                    1 - led.Profit / fee.Profit, 0.5, AtLeast: true));
            }
        }

        foreach (double seconds in new[] { 10.0, 120 })
        {
            var other = new SandwichStudy(seed: 3, missed: missed, tradeSeconds: seconds);
            string pool = $"one searcher, a pool has a trade in {seconds} s";
            Add($"drawn places, {pool}", other.Sealing(1));
            Add($"drawn places, {pool}, and a leader of a third", other.SealingWithLeader(1));
        }
        foreach (double part in new[] { 0.5, 1 })
        {
            var charged = new SandwichStudy(
                seed: 3, Math.Max(SandwichStudy.NoOpGas, part * SandwichStudy.LegGas));
            foreach (int searchers in new[] { 1, 3 })
            {
                string rule = $"drawn places, {part * 100} % of declared gas paid at least";
                Add($"{rule}, {searchers} searchers, nobody seals", charged.Drawn(searchers));
                Add($"{rule}, {searchers} searchers and a leader of a third, nobody seals",
                    charged.WithLeader(searchers));
            }
        }

        void Add(string name, SandwichTake take) => rows.Add(new EvalRow(
            $"swaps (synthetic): {name}",
            [
                new("profit_ether", take.Profit), new("victims_loss_ether", take.Loss),
                new("profit_by_fee_orders", take.Profit / fee.Profit),
            ]));
    }

    /// <summary>The model's level of a pooled transaction, by what the record says.</summary>
    private sealed class Levels(Market market, UrgencyModel model)
    {
        private readonly int[] _levels =
            [.. market.Users.Select(user => model.LevelOf(user.Record))];

        public int Of(PooledTransaction entry) =>
            _levels[(int)entry.Transaction.Transaction.Signature.R.U0 - 1];
    }
}
