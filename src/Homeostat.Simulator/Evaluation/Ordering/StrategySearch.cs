using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// What a strategic sender gains over honest play. One user in a hundred deviates at a time, in the
/// same blocks and draws as without it, so others hardly notice and the difference is its own. A
/// strategy is judged for each quartile of urgency by itself: a sender knows its own.
/// </summary>
internal static class StrategySearch
{
    private const int OneIn = 100;
    private const int Groups = 4;
    private const int LeastPlayers = 20;

    private static readonly ClassPlay[] ClassStrategies =
    [
        new(0), new(1), new(2), // misreports: another class than the best
        new(Copies: 2), new(Copies: 3), // sybils
        new(Parts: 2), // splits
        new(Junk: 4), // spam
    ];

    private static readonly double[] Shades = [0.2, 0.4, 0.6, 0.8, 0.95, 1.1];

    private static readonly string[] Names =
        ["standard", "fast", "urgent", "two_copies", "three_copies", "two_parts", "junk"];

    /// <summary>
    /// Each strategy's mean gain by what its players pay in honest play: for which quartile it is
    /// best is found on the first half of the samples, the gain measured on the others. The best
    /// of many means of a few heavy-tailed senders is above what any of them could count on.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, double>> OfClasses(
        Market market, ClassMarket classes, WaitTable beliefs, OrderingParameters vector,
        int samples)
    {
        var found = new List<KeyValuePair<string, double>>();
        var honestRuns = new MarketOutcome[2 * samples];
        int[][] honest = new int[2 * samples][];
        for (int sample = 0; sample < honest.Length; sample++)
        {
            honestRuns[sample] = classes.Run(null, beliefs, (ulong)sample + 1, vector);
            honest[sample] = classes.Chosen;
        }
        foreach (ClassPlay strategy in ClassStrategies)
        {
            var searched = new Gain();
            var measured = new Gain();
            for (int sample = 0; sample < honest.Length; sample++)
            {
                bool[] deviates = Deviators(market, sample);
                int[] chosen = honest[sample];
                ClassPlay[] plays = [.. chosen.Select((own, i) =>
                    deviates[i] && own >= 0 ? strategy : ClassPlay.OfHonest)];
                MarketOutcome run = classes.Run(plays, beliefs, (ulong)sample + 1, vector);
                (sample < samples ? searched : measured).Add(
                    market, deviates, honestRuns[sample], run, user =>
                        chosen[user.Index] >= 0 && strategy.Class != chosen[user.Index]);
            }
            string name = Names[found.Count / 2];
            found.Add(new($"gain_{name}", measured.Of(searched.BestGroup)));
            found.Add(new($"searched_{name}", searched.Best));
        }
        return found;
    }

    /// <summary>
    /// Under first-price order honest play is to bid what speed is worth to one: the cost of the
    /// wait that bidding nothing would mean, at most what is left of the value.
    /// </summary>
    public static double OfFeeOrder(Market market, int samples)
    {
        double[] honest = [.. market.Users.Select(HonestBid)];
        var plain = new PlainMarket(market, PlainOrder.Fee);
        MarketOutcome truth = plain.Run(honest, 1);
        Gain? found = null;
        double gained = 0;
        foreach (double shade in Shades)
        {
            var searched = new Gain();
            var measured = new Gain();
            for (int sample = 0; sample < 2 * samples; sample++)
            {
                bool[] deviates = Deviators(market, sample);
                MarketOutcome run = plain.Run(
                    [.. honest.Select((bid, i) => deviates[i] ? bid * shade : bid)], 1);
                (sample < samples ? searched : measured).Add(
                    market, deviates, truth, run, user => honest[user.Index] > 0);
            }
            if (found is null || searched.Best > found.Best)
            {
                (found, gained) = (searched, measured.Of(searched.BestGroup));
            }
        }
        return gained;
    }

    private static double HonestBid(MarketUser user) =>
        Math.Min(user.DelayCost * 20, Math.Max(0, user.Value - user.BaseCost)) / user.Used;

    private static bool[] Deviators(Market market, int sample)
    {
        var random = new SeededRandom((ulong)sample + 1_000);
        return [.. market.Users.Select(_ => random.Chance(1, OneIn))];
    }

    /// <summary>Gains and stakes by quartile of urgency.</summary>
    private sealed class Gain
    {
        private readonly double[] _gain = new double[Groups];
        private readonly double[] _stake = new double[Groups];
        private readonly int[] _players = new int[Groups];

        public double Best => Of(BestGroup);

        /// <summary>Among those with enough players for a mean to say something.</summary>
        public int BestGroup => Enumerable.Range(0, Groups).MaxBy(
            i => _players[i] >= LeastPlayers ? _gain[i] / _stake[i] : double.NegativeInfinity);

        public double Of(int group) => _stake[group] > 0 ? _gain[group] / _stake[group] : 0;

        public void Add(
            Market market, bool[] deviates, MarketOutcome honest, MarketOutcome run,
            Func<MarketUser, bool> counts)
        {
            foreach (MarketUser user in market.Users)
            {
                if (deviates[user.Index] && counts(user))
                {
                    double paid = honest.Fates[user.Index].Paid;
                    double unserved = run.Fates[user.Index].IsServed
                        ? 0
                        : -run.Fates[user.Index].Paid;
                    _gain[user.Quartile] += run.Utility(user.Index) + unserved
                        - honest.Utility(user.Index);
                    _players[user.Quartile]++;
                    _stake[user.Quartile] += paid > 0 ? paid : user.BaseCost;
                }
            }
        }
    }
}
