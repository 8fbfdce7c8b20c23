using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// A user as an agent: what the transaction is worth to it when executed at once, and what each
/// block of delay takes from that. Money in wei, time in blocks.
/// </summary>
internal sealed record MarketUser
{
    public required int Index { get; init; }
    public required double Arrival { get; init; }
    public required ulong Gas { get; init; }
    public required ulong Used { get; init; }
    public required double Value { get; init; }
    public required double DelayCost { get; init; }

    /// <summary>Gas at the base fee.</summary>
    public required double BaseCost { get; init; }

    /// <summary>Quartile of the recorded bid, 0 the lowest.</summary>
    public required int Quartile { get; init; }

    /// <summary>Its sender has at most two transactions in the record.</summary>
    public required bool IsSmall { get; init; }

    public required RecordedTransaction Record { get; init; }

    /// <summary>After so many blocks the transaction is not worth the base fee any more.</summary>
    public double Patience => DelayCost <= 0 ? 1e9 : Math.Max(0, (Value - BaseCost) / DelayCost);

    public double WorthAfter(double delay) => Value - DelayCost * delay;
}

/// <summary>A workload and the block it meets.</summary>
internal sealed record Market(
    string Name, ulong BaseFee, ulong BlockGas, IReadOnlyList<MarketUser> Users)
{
    /// <summary>Load over capacity (issue: "rescaled to 1.2 × capacity").</summary>
    private const double Load = 1.2;

    /// <summary>Load at which the record itself was made, for the estimate of waits.</summary>
    private const double RecordedLoad = 0.9;

    /// <summary>Delay cost of who bid only the base: so much of the base fee a block.</summary>
    private const double LeastImpatience = 0.02;

    /// <summary>
    /// Users from a record. Delay cost: who bid t above the base at rank u bought the wait W(u) of
    /// a priority queue, 1 / (1 − load · share above)², and at the margin paid what the wait was
    /// worth: t · gas = c · W. Value: the payment times 1 + a lognormal factor, drawn by the
    /// transaction's place in the record; nobody pays more than it is worth.
    /// </summary>
    public static Market Of(RecordedTrace trace, ulong seed)
    {
        IReadOnlyList<RecordedTransaction> records = trace.Transactions;
        double blocks = Math.Max(1, records[^1].Block);
        double used = records.Sum(item => (double)item.Used);
        ulong blockGas = (ulong)(used / blocks / Load);
        ulong most = blockGas / 4; // A record's largest would not fit the scaled block.
        double[] share = GasShareAbove(records);
        int[] order = [.. Enumerable.Range(0, records.Count)
            .OrderBy(i => records[i].Tip).ThenBy(i => i)];
        int[] quartile = new int[records.Count];
        for (int i = 0; i < order.Length; i++)
        {
            quartile[order[i]] = 4 * i / order.Length;
        }
        var bySender = records.GroupBy(item => item.Sender)
            .ToDictionary(group => group.Key, group => group.Count());
        var random = new SeededRandom(seed);
        var users = new List<MarketUser>(records.Count);
        for (int i = 0; i < records.Count; i++)
        {
            RecordedTransaction item = records[i];
            ulong gas = Math.Min(item.Gas, most), spent = Math.Min(item.Used, gas);
            double wait = 1 / Math.Pow(1 - RecordedLoad * share[i], 2);
            double baseCost = trace.BasePrice * spent;
            double payment = baseCost + item.Tip * spent;
            users.Add(new MarketUser
            {
                Index = i,
                Arrival = item.Block,
                Gas = gas,
                Used = spent,
                BaseCost = baseCost,
                DelayCost = item.Tip * spent / wait + LeastImpatience * baseCost,
                Value = payment * (1 + Math.Exp(Normal(random))),
                Quartile = quartile[i],
                IsSmall = bySender[item.Sender] <= 2,
                Record = item,
            });
        }
        return new Market(trace.Name, (ulong)trace.BasePrice, blockGas, users);
    }

    /// <summary>For each transaction the share of gas bid above it, ties half.</summary>
    private static double[] GasShareAbove(IReadOnlyList<RecordedTransaction> records)
    {
        double all = records.Sum(item => (double)item.Used);
        double[] share = new double[records.Count];
        double above = 0;
        foreach (var group in Enumerable.Range(0, records.Count)
            .GroupBy(i => records[i].Tip).OrderByDescending(group => group.Key))
        {
            double mine = group.Sum(i => (double)records[i].Used);
            foreach (int i in group)
            {
                share[i] = (above + mine / 2) / all;
            }
            above += mine;
        }
        return share;
    }

    private static double Normal(SeededRandom random)
    {
        double sum = 0;
        for (int i = 0; i < 12; i++)
        {
            sum += random.NextBelow(1_000_000) / 1e6;
        }
        return sum - 6;
    }
}

/// <summary>How one user fared.</summary>
/// <param name="Delay">Blocks to inclusion; for who left, to when it left.</param>
/// <param name="Paid">Wei in all.</param>
internal readonly record struct Fate(bool IsServed, double Delay, double Paid, double Premium);

/// <summary>What a whole run gave, by the users' index.</summary>
internal sealed record MarketOutcome(IReadOnlyList<MarketUser> Users, Fate[] Fates)
{
    /// <summary>Blocks by which the worst wait stayed under its bound; null: none.</summary>
    public double? LeastSlack { get; init; }

    /// <summary>Transactions that the bound spoke of.</summary>
    public int Bounded { get; init; }

    public double Utility(int i) =>
        Fates[i].IsServed ? Users[i].WorthAfter(Fates[i].Delay) - Fates[i].Paid : 0;

    public double Welfare(int i) => Fates[i].IsServed ? Users[i].WorthAfter(Fates[i].Delay) : 0;

    public double TotalWelfare => Users.Sum(user => Welfare(user.Index));

    public double TotalSurplus => Users.Sum(user => Utility(user.Index));

    public double DelayQuantile(double share, Func<MarketUser, bool> who) =>
        RecordedTrace.Quantile(
            [.. Users.Where(who).Select(user => Fates[user.Index].Delay)], share);
}
