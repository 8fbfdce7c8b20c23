using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The root of the trie from rlp(index) to item: transactions, receipts, withdrawals.
/// </summary>
public static class ListRoot
{
    public static Hash256 Of(IReadOnlyList<byte[]> items)
    {
        if (items.Count == 0)
        {
            return Keccak.EmptyTrie;
        }
        var changes = new TrieChange[items.Count];
        var writer = new RlpWriter();
        for (int i = 0; i < items.Count; i++)
        {
            writer.Clear();
            writer.Write((ulong)i);
            changes[i] = new TrieChange(NibblePath.OfKey(writer.ToArray()), items[i], null);
        }
        Array.Sort(changes, (a, b) => a.Key.CompareTo(b.Key));
        return TrieSealer.Seal(MerkleTrie.Update(null, changes, NoNodes.Instance));
    }

    public static Hash256 OfTransactions(IReadOnlyList<Transaction> transactions) =>
        Of([.. transactions.Select(transaction => transaction.Encoded.ToArray())]);

    public static Hash256 OfReceipts(IReadOnlyList<Receipt> receipts) =>
        Of([.. receipts.Select(receipt => receipt.Encode())]);

    public static Hash256 OfWithdrawals(IReadOnlyList<Withdrawal> withdrawals)
    {
        var items = new List<byte[]>(withdrawals.Count);
        foreach (Withdrawal withdrawal in withdrawals)
        {
            var writer = new RlpWriter();
            withdrawal.WriteTo(writer);
            items.Add(writer.ToArray());
        }
        return Of(items);
    }
}

/// <summary>The source of a trie that is wholly in memory.</summary>
internal sealed class NoNodes : INodeSource
{
    public static readonly NoNodes Instance = new();

    public bool TryGet(in Hash256 hash, out byte[] bytes)
    {
        bytes = null!;
        return false;
    }
}
