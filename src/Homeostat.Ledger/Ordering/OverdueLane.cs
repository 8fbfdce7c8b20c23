using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What one vote for the parent lists, oldest first, with its weight.</summary>
public readonly record struct OverdueVote(ulong Weight, IReadOnlyList<Hash256> Hashes);

/// <summary>
/// The lane of the overdue: who is in it, and whether a block left out someone it owed a place
/// (docs/spec/ordering.md, "The overdue lane").
/// </summary>
public static class OverdueLane
{
    /// <summary>
    /// Hashes that more than a third of all weight lists, each at the position by which more than
    /// a third has listed it: one honest validator at least puts it so far to the front.
    /// </summary>
    public static IReadOnlyList<Hash256> Agree(
        IReadOnlyList<OverdueVote> votes, ulong allWeight)
    {
        var places = new SortedDictionary<Hash256, SortedDictionary<int, ulong>>();
        foreach (OverdueVote vote in votes)
        {
            for (int i = 0; i < vote.Hashes.Count; i++)
            {
                if (!places.TryGetValue(vote.Hashes[i], out SortedDictionary<int, ulong>? listed))
                {
                    listed = [];
                    places.Add(vote.Hashes[i], listed);
                }
                listed[i] = listed.GetValueOrDefault(i) + vote.Weight;
            }
        }
        var lane = new List<(int Place, Hash256 Hash)>();
        foreach ((Hash256 hash, SortedDictionary<int, ulong> listed) in places)
        {
            UInt128 weight = 0;
            foreach ((int place, ulong part) in listed)
            {
                weight += part;
                if (3 * weight > allWeight)
                {
                    lane.Add((place, hash));
                    break;
                }
            }
        }
        return [.. lane.Order().Select(item => item.Hash)];
    }

    /// <summary>
    /// Why this block owes a place to a transaction this node knows, or null. Asked before a vote,
    /// never of a final block: it depends on which bodies the node has.
    /// </summary>
    /// <param name="transactions">The block's, without transaction 0.</param>
    /// <param name="known">This node's pool.</param>
    /// <param name="gasLimit">The block's.</param>
    /// <param name="room">That less what transaction 0 may use.</param>
    public static string? FindOmitted(
        ReadOnlySpan<RecoveredTransaction> transactions, OrderingTerms terms,
        Func<Hash256, RecoveredTransaction?> known, WorldSnapshot parent, in UInt256 baseFee,
        ulong gasLimit, ulong room)
    {
        if (terms.Overdue.Count == 0)
        {
            return null;
        }
        var included = new LookupTable<Hash256, ulong>();
        foreach (RecoveredTransaction transaction in transactions)
        {
            included.TryAdd(transaction.Hash, transaction.Transaction.GasLimit);
        }
        int lane = OrderRule.LaneLength(transactions, terms.Overdue, gasLimit);
        ulong laneGas = 0;
        var inLane = new LookupSet<Hash256>();
        foreach (RecoveredTransaction transaction in transactions[..lane])
        {
            laneGas += transaction.Transaction.GasLimit;
            inLane.Add(transaction.Hash);
        }
        bool Exceeds(ulong gas) => lane > 0 && laneGas + gas > OrderingTerms.LaneGas(gasLimit);
        foreach (Hash256 hash in terms.Overdue)
        {
            if (included.TryGetValue(hash, out ulong gas))
            {
                if (!inLane.Contains(hash) && Exceeds(gas))
                {
                    return null; // The lane ended before it, and it has been drawn.
                }
                continue;
            }
            if (known(hash) is not { } missing
                || !IsIncludable(missing, parent, baseFee, room))
            {
                continue;
            }
            if (Exceeds(missing.Transaction.GasLimit))
            {
                return null; // The lane is full.
            }
            return $"overdue transaction {hash} is left out though the lane has room";
        }
        return null;
    }

    /// <summary>Surely could be the first of its sender on this state.</summary>
    private static bool IsIncludable(
        RecoveredTransaction recovered, WorldSnapshot parent, in UInt256 baseFee, ulong gasLimit)
    {
        Transaction transaction = recovered.Transaction;
        return parent.GetAccount(recovered.Sender) is { } account
            && account.Nonce == transaction.Nonce
            && !account.HasCode
            && account.Balance >= PoolAdmission.CostOf(transaction)
            && transaction.MaxFee >= baseFee
            && transaction.GasLimit <= gasLimit;
    }
}
