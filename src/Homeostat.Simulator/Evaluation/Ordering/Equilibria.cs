using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// Approximate equilibria by damped fictitious play: users know how long who played what waited in
/// their part of the record in the round before, choose what is best for them by that, and half of
/// them a round may change their mind.
/// </summary>
internal static class Equilibria
{
    /// <summary>Parts of the record that have waits of their own.</summary>
    private const int Windows = 6;

    /// <summary>Levels of bids, by quantile of what was recorded.</summary>
    private const int BidLevels = 14;

    /// <summary>Bids in equilibrium under fee order.</summary>
    public static double[] Bids(Market market, int rounds)
    {
        double[] levels = LevelsOf(market);
        int[] plays = [.. market.Users.Select(user => Nearest(levels, user.Record.Tip))];
        var plain = new PlainMarket(market, PlainOrder.Fee);
        for (int round = 0; round < rounds; round++)
        {
            MarketOutcome outcome = plain.Run([.. plays.Select(play => BidOf(levels, play))], 1);
            WaitTable waits = WaitTable.Of(
                market, outcome, plays, levels.Length, Windows, isMonotone: true, sizes: []);
            plays = Choose(market, plays, round, (user, play) => play < 0 ? 0 : waits.Utility(
                user, play, user.BaseCost + levels[play] * user.Used), levels.Length);
        }
        return [.. plays.Select(play => BidOf(levels, play))];
    }

    /// <summary>What users come to believe, and the premiums they end with.</summary>
    public static (WaitTable Beliefs, OrderingParameters Vector) Classes(
        Market market, ClassMarket classes, int rounds)
    {
        OrderingParameters vector = ClassMarket.Start with
        {
            FastPremium = Math.Max(1, market.BaseFee / 50),
            UrgentPremium = Math.Max(2, market.BaseFee / 10),
        };
        WaitTable beliefs = WaitTable.Even(
            [20, 4, 1.5], Windows, market, WaitTable.PostedSizes);
        for (int round = 0; round < rounds; round++)
        {
            MarketOutcome outcome = classes.Run(null, beliefs, 1, vector);
            vector = classes.Vector;
            WaitTable seen = WaitTable.Of(
                market, outcome, classes.Chosen, ClassPlayCount, Windows, isMonotone: true,
                WaitTable.PostedSizes);
            beliefs = beliefs.Mixed(seen, round < 2 ? 0.7 : 0.4);
        }
        return (beliefs, vector);
    }

    private const int ClassPlayCount = 3;

    private static double[] LevelsOf(Market market)
    {
        double[] tips = [.. market.Users.Select(user => user.Record.Tip).Where(tip => tip > 0)];
        double[] levels = new double[BidLevels];
        for (int i = 1; i < BidLevels; i++)
        {
            double share = Math.Min(0.999, i / (double)(BidLevels - 1));
            levels[i] = Math.Max(
                levels[i - 1] * 1.02 + 1, RecordedTrace.Quantile([.. tips], share));
        }
        return levels;
    }

    private static int Nearest(double[] levels, double tip)
    {
        int at = 0;
        while (at + 1 < levels.Length && levels[at + 1] <= tip)
        {
            at++;
        }
        return at;
    }

    private static double BidOf(double[] levels, int play) => play < 0 ? -1 : levels[play];

    private static int[] Choose(
        Market market, int[] plays, int round, Func<MarketUser, int, double> utility, int count)
    {
        var random = new SeededRandom((ulong)round + 17);
        int[] next = [.. plays];
        foreach (MarketUser user in market.Users)
        {
            if (round < 3 || random.Chance(1, 2))
            {
                int best = -1;
                double most = 0;
                for (int play = 0; play < count; play++)
                {
                    double value = utility(user, play);
                    if (value > most)
                    {
                        (best, most) = (play, value);
                    }
                }
                next[user.Index] = best;
            }
        }
        return next;
    }
}

/// <summary>
/// How long who played what waited, by part of the record and, where the network posts waits by
/// class, by size: by class alone a large transaction's sender believed in the wait of small ones.
/// </summary>
internal sealed class WaitTable
{
    /// <summary>Sizes that have waits of their own, by the block's gas.</summary>
    public static readonly double[] PostedSizes = [0.005, 0.05];

    private readonly double[,] _wait;
    private readonly Rows _rows;

    private WaitTable(double[,] wait, Rows rows) => (_wait, _rows) = (wait, rows);

    /// <summary>Which row of the table is a user's.</summary>
    private sealed record Rows(Market Market, int Windows, double[] Sizes)
    {
        public int Count => Windows * (Sizes.Length + 1);

        public int Of(MarketUser user)
        {
            double window = (Market.Users[^1].Arrival + 1) / Windows;
            return (int)(user.Arrival / window) * (Sizes.Length + 1)
                + Sizes.Count(edge => user.Gas > edge * Market.BlockGas);
        }
    }

    /// <summary>The same waits in all parts of the record.</summary>
    public static WaitTable Even(double[] waits, int windows, Market market, double[] sizes)
    {
        var rows = new Rows(market, windows, sizes);
        var wait = new double[rows.Count, waits.Length];
        for (int w = 0; w < wait.GetLength(0); w++)
        {
            for (int play = 0; play < waits.Length; play++)
            {
                wait[w, play] = waits[play];
            }
        }
        return new WaitTable(wait, rows);
    }

    /// <summary>So much of the other, the rest of this.</summary>
    public WaitTable Mixed(WaitTable other, double share)
    {
        var wait = (double[,])_wait.Clone();
        for (int w = 0; w < wait.GetLength(0); w++)
        {
            for (int play = 0; play < wait.GetLength(1); play++)
            {
                wait[w, play] += share * (other._wait[w, play] - wait[w, play]);
            }
        }
        return new WaitTable(wait, _rows);
    }

    /// <param name="isMonotone">A higher play waits no longer: for those nobody tried.</param>
    public static WaitTable Of(
        Market market, MarketOutcome outcome, int[] plays, int count, int windows,
        bool isMonotone, double[] sizes)
    {
        var rows = new Rows(market, windows, sizes);
        var sum = new double[rows.Count, count];
        var number = new double[rows.Count, count];
        foreach (MarketUser user in market.Users)
        {
            int play = plays[user.Index];
            if (play >= 0)
            {
                int at = rows.Of(user);
                // Who left had waited too: the mean of a wait cut short is time by arrivals served.
                sum[at, play] += outcome.Fates[user.Index].Delay;
                number[at, play] += outcome.Fates[user.Index].IsServed ? 1 : 0;
            }
        }
        var wait = new double[rows.Count, count];
        for (int w = 0; w < wait.GetLength(0); w++)
        {
            double above = 1;
            for (int play = count - 1; play >= 0; play--)
            {
                // A handful of samples is drawn to what the next higher play waited.
                wait[w, play] = (sum[w, play] + 4 * above) / (number[w, play] + 4);
                wait[w, play] = isMonotone ? Math.Max(wait[w, play], above) : wait[w, play];
                above = wait[w, play];
            }
        }
        return new WaitTable(wait, rows);
    }

    /// <summary>Expected, with a wait drawn around the mean, leaving when it is no use.</summary>
    public double Utility(MarketUser user, int play, double payment)
    {
        double mean = Math.Max(1, _wait[_rows.Of(user), play]);
        // A geometric wait: E[max(0, v − p − c·d)] is about the exponential's.
        double surplus = user.Value - payment;
        if (surplus <= 0)
        {
            return surplus;
        }
        double loss = user.DelayCost * mean;
        return loss <= 0
            ? surplus
            : surplus - loss * (1 - Math.Exp(-surplus / loss));
    }
}
