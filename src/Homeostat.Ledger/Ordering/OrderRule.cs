using Homeostat.Primitives;

namespace Homeostat.Ledger;

// The order of a Homeostat block.
//
// A class buys a place in an earlier block, never a place before someone in the same block. The
// obvious rule - urgent first, then fast, then standard - sells exactly what a sandwich needs: for
// the price of one premium the first leg stands before every standard transaction. So within a
// block places are drawn: all transactions of a sender stand together at H(seed, sender). The seed
// comes from the leader's committed reveal (docs/spec/ordering.md), so who sends can't know it.
//
// Before the drawn part stands the lane of the overdue, oldest first, up to half of the block, and
// between them, drawn too, those that were sealed: whoever had to read one of them first stands
// after it.
//
// All of it is a function of the block's transactions, their declared gas, the seed, the votes for
// the parent and recent commitments: checked without executing anything.

/// <summary>Whether a block's transactions stand in the order the chain prescribes.</summary>
public static class OrderRule
{
    /// <summary>Null when they do, else the first fault.</summary>
    /// <param name="transactions">The block's, without transaction 0.</param>
    public static string? Check(
        ReadOnlySpan<RecoveredTransaction> transactions, OrderingTerms terms, ulong gasLimit)
    {
        int lane = LaneLength(transactions, terms.Overdue, gasLimit);
        int opened = lane;
        while (opened < transactions.Length && terms.Sealed.Opens(transactions[opened].Hash))
        {
            opened++;
        }
        return CheckDrawn(transactions, lane, opened, terms, isSealed: true)
            ?? CheckDrawn(transactions, opened, transactions.Length, terms, isSealed: false);
    }

    private static string? CheckDrawn(
        ReadOnlySpan<RecoveredTransaction> transactions, int from, int to, OrderingTerms terms,
        bool isSealed)
    {
        var draw = new PlaceDraw(terms.Seed);
        SenderRank last = default;
        for (int i = from; i < to; i++)
        {
            RecoveredTransaction transaction = transactions[i];
            if (i > from && transaction.Sender == last.Sender)
            {
                continue; // Its nonce is execution's to check.
            }
            SenderRank rank = draw.RankOf(transaction.Sender);
            if (i > from && rank < last)
            {
                return $"transaction {i + 1} [{transaction.Hash}] is out of order: the place of "
                    + $"{transaction.Sender} is before that of {last.Sender}";
            }
            if (!isSealed && terms.Sealed.Opens(transaction.Hash))
            {
                return $"transaction {i + 1} [{transaction.Hash}] is out of order: it is sealed "
                    + "and stands after transactions that are not";
            }
            last = rank;
        }
        return null;
    }

    /// <summary>
    /// How many of the first transactions are the lane: overdue, oldest first, together within
    /// half of the block's gas; the first may be larger than that, for it would never get in.
    /// </summary>
    public static int LaneLength(
        ReadOnlySpan<RecoveredTransaction> transactions, IReadOnlyList<Hash256> overdue,
        ulong gasLimit)
    {
        int count = 0;
        int next = 0;
        ulong gas = 0;
        while (count < transactions.Length && next < overdue.Count)
        {
            Transaction transaction = transactions[count].Transaction;
            Hash256 hash = transaction.Hash;
            while (next < overdue.Count && overdue[next] != hash)
            {
                next++;
            }
            gas += transaction.GasLimit;
            if (next == overdue.Count || (count > 0 && gas > OrderingTerms.LaneGas(gasLimit)))
            {
                break;
            }
            count++;
            next++;
        }
        return count;
    }
}
