using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>What others order blocks by.</summary>
internal enum PlainOrder
{
    /// <summary>Highest bid first; each pays its bid over the base fee.</summary>
    Fee,

    /// <summary>First come, first served, at the base fee.</summary>
    Arrival,

    /// <summary>Drawn anew in each block, at the base fee.</summary>
    Random,
}

/// <summary>The baselines, on the same users, blocks and capacity.</summary>
internal sealed class PlainMarket(Market market, PlainOrder order)
{
    private const int DrainBlocks = 400;
    private const int MostMisfits = 32;

    /// <param name="bids">Wei per gas over the base fee; negative: it sends nothing.</param>
    public MarketOutcome Run(IReadOnlyList<double> bids, ulong seed)
    {
        var fates = new Fate[market.Users.Count];
        var waiting = new SortedSet<(double Key, int Index)>();
        var leaving = new PriorityQueue<int, double>();
        var keys = new double[market.Users.Count];
        double last = market.Users[^1].Arrival;
        int next = 0;
        for (int height = 1; height < last + DrainBlocks; height++)
        {
            for (; next < market.Users.Count && market.Users[next].Arrival < height; next++)
            {
                if (bids[next] >= 0)
                {
                    keys[next] = order == PlainOrder.Fee ? -bids[next] : next;
                    waiting.Add((keys[next], next));
                    leaving.Enqueue(
                        next, market.Users[next].Arrival + market.Users[next].Patience);
                }
            }
            while (leaving.TryPeek(out int index, out double when) && when < height)
            {
                leaving.Dequeue();
                waiting.Remove((keys[index], index));
            }
            Fill(waiting, keys, bids, fates, height, seed);
            if (next == market.Users.Count && waiting.Count == 0)
            {
                break;
            }
        }
        foreach (MarketUser user in market.Users)
        {
            if (!fates[user.Index].IsServed)
            {
                fates[user.Index] = new Fate(
                    false, Math.Min(user.Patience, last + DrainBlocks), 0, 0);
            }
        }
        return new MarketOutcome(market.Users, fates);
    }

    private void Fill(
        SortedSet<(double Key, int Index)> waiting, double[] keys, IReadOnlyList<double> bids,
        Fate[] fates, int height, ulong seed)
    {
        IEnumerable<int> line = waiting.Select(item => item.Index);
        if (order == PlainOrder.Random)
        {
            var hash = new SipHash(Keccak.Hash(
                [.. BitConverter.GetBytes(seed), .. BitConverter.GetBytes(height)]));
            line = line.OrderBy(index => hash.Hash(BitConverter.GetBytes(index)));
        }
        ulong gas = 0;
        int misfits = 0;
        foreach (int index in line.ToArray())
        {
            MarketUser user = market.Users[index];
            if (user.Gas > market.BlockGas - gas)
            {
                if (++misfits > MostMisfits)
                {
                    break;
                }
                continue;
            }
            misfits = 0;
            gas += user.Used;
            waiting.Remove((keys[index], index));
            double premium = order == PlainOrder.Fee ? bids[index] * user.Used : 0;
            fates[index] = new Fate(
                true, height - user.Arrival, user.BaseCost + premium, premium);
        }
    }
}
