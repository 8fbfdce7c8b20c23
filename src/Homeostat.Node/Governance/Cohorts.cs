using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;

namespace Homeostat.Node.Governance;

/// <summary>A transaction of a recent block, as far as advice looks at it.</summary>
internal sealed record RecentTransaction(
    Hash256 Hash, Address Sender, bool IsContractCall, FeeClass Class, UInt256 Gas, UInt256 Price);

/// <summary>A group of those who sent the recent transactions, and what changes for it.</summary>
/// <param name="Fees">Wei it paid.</param>
/// <param name="FeesUnder">The same at the dry run's change of the base fee.</param>
/// <param name="LeftOut">Transactions that the replay would not have included.</param>
/// <param name="Changed">Those whose success would have been another.</param>
internal sealed record Cohort(
    string Name, int Senders, int Transactions, UInt256 Gas, UInt256 Fees, UInt256 FeesUnder,
    int LeftOut, int Changed);

/// <summary>Who used the recent blocks, by size, activity, class and kind.</summary>
internal static class Cohorts
{
    /// <summary>A sender with so many transactions in the window is a frequent one.</summary>
    private const int Frequent = 8;

    /// <summary>Users' transactions in a range of blocks.</summary>
    public static async Task<List<RecentTransaction>> ReadAsync(
        IRpcCaller rpc, ulong first, ulong last, CancellationToken cancellation)
    {
        var found = new List<RecentTransaction>();
        for (ulong number = first; number <= last; number++)
        {
            string block = $"0x{number:x}";
            JsonElement header = await rpc.CallAsync(
                "eth_getBlockByNumber", [block, true], cancellation);
            JsonElement receipts = await rpc.CallAsync(
                "eth_getBlockReceipts", [block], cancellation);
            Add(found, header, receipts);
        }
        return found;
    }

    /// <param name="feeChange">Wei per gas that the base fee falls (negative) or rises.</param>
    public static List<Cohort> Of(
        IReadOnlyList<RecentTransaction> transactions, Int128 feeChange,
        IReadOnlySet<Hash256> leftOut, IReadOnlySet<Hash256> changed)
    {
        var senders = transactions.GroupBy(t => t.Sender).Select(group => (
            group.Key, Count: group.Count(),
            Gas: group.Aggregate(UInt256.Zero, (sum, t) => sum + t.Gas)))
            .OrderBy(s => s.Gas).ThenBy(s => s.Key).ToArray();
        HashSet<Address> small = [.. senders.Take(senders.Length / 2).Select(s => s.Key)];
        HashSet<Address> large =
            [.. senders.TakeLast((senders.Length + 9) / 10).Select(s => s.Key)];
        HashSet<Address> often =
            [.. senders.Where(s => s.Count >= Frequent).Select(s => s.Key)];
        HashSet<Address> once = [.. senders.Where(s => s.Count == 1).Select(s => s.Key)];
        Cohort Make(string name, Func<RecentTransaction, bool> isIn)
        {
            RecentTransaction[] own = [.. transactions.Where(isIn)];
            return new Cohort(
                name, own.Select(t => t.Sender).Distinct().Count(), own.Length,
                own.Aggregate(UInt256.Zero, (sum, t) => sum + t.Gas),
                own.Aggregate(UInt256.Zero, (sum, t) => sum + t.Gas * t.Price),
                own.Aggregate(UInt256.Zero, (sum, t) => sum + t.Gas * Moved(t.Price, feeChange)),
                own.Count(t => leftOut.Contains(t.Hash)),
                own.Count(t => changed.Contains(t.Hash)));
        }
        List<Cohort> all =
        [
            Make("all senders", _ => true),
            Make("small senders (the half with least gas)", t => small.Contains(t.Sender)),
            Make("large senders (the tenth with most gas)", t => large.Contains(t.Sender)),
            Make("senders of one transaction", t => once.Contains(t.Sender)),
            Make($"senders of {Frequent} or more", t => often.Contains(t.Sender)),
            Make("standard class", t => t.Class == FeeClass.Standard),
            Make("fast class", t => t.Class == FeeClass.Fast),
            Make("urgent class", t => t.Class == FeeClass.Urgent),
            Make("plain payments", t => !t.IsContractCall),
            Make("calls and creations of contracts", t => t.IsContractCall),
        ];
        return [.. all.Where(cohort => cohort.Transactions != 0)];
    }

    private static UInt256 Moved(UInt256 price, Int128 change)
    {
        UInt256 by = (ulong)Int128.Min(Int128.Abs(change), ulong.MaxValue);
        return change >= 0 ? price + by : price > by ? price - by : UInt256.Zero;
    }

    private static void Add(
        List<RecentTransaction> found, JsonElement block, JsonElement receipts)
    {
        UInt256 baseFee = Wei(block, "baseFeePerGas");
        ClassPrices? prices = ClassPrices.FromExtraData(
            Hex.Decode(block.GetProperty("extraData").GetString()));
        JsonElement transactions = block.GetProperty("transactions");
        // The first is the protocol's own.
        for (int i = 1; i < transactions.GetArrayLength(); i++)
        {
            JsonElement t = transactions[i];
            JsonElement receipt = receipts[i];
            UInt256 most = Wei(t, t.TryGetProperty("maxFeePerGas", out _)
                ? "maxFeePerGas"
                : "gasPrice");
            UInt256 priority = t.TryGetProperty("maxPriorityFeePerGas", out _)
                ? Wei(t, "maxPriorityFeePerGas")
                : most;
            FeeClass own = prices is { } posted && most >= baseFee
                ? posted.ClassOf(most, priority, baseFee)
                : FeeClass.Standard;
            found.Add(new RecentTransaction(
                new Hash256(t.GetProperty("hash").GetString()!),
                new Address(t.GetProperty("from").GetString()!),
                t.GetProperty("input").GetString()!.Length > 2, own,
                Wei(receipt, "gasUsed"), Wei(receipt, "effectiveGasPrice")));
        }
    }

    private static UInt256 Wei(JsonElement element, string name) =>
        UInt256.Parse(element.GetProperty(name).GetString()!);
}
