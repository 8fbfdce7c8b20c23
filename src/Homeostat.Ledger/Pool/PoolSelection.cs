using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// How much a selection may hold. A builder asks for more gas than the block has, because
/// transactions use less than they declare and some turn out impossible.
/// </summary>
public readonly record struct SelectionBudget(ulong Gas, long Bytes, int Count);

/// <summary>
/// Lists what a block should try, in exact order of effective tip (then arrival), visiting no more
/// senders than it must.
///
/// The effective tip min(tip, cap − base fee) changes with the base fee, so no kept order has it.
/// But it is at most the tip, and the heads are kept in order of tip: when the next head's tip
/// ranks below the best candidate in hand, nothing unvisited can rank above that candidate. So the
/// heads are walked only that far, and those visited wait in a heap with their effective tip.
///
/// On a parent that is not final, a sender's first transactions may be in the parent's ancestors:
/// the parent's nonce says so, and the sender enters with the first one left. It then stands where
/// the kept head's tip brings it, which may be late by the few blocks not yet final.
/// </summary>
internal sealed class PoolSelection
{
    private readonly SortedSet<PooledTransaction> _heads;
    private readonly LookupTable<Address, SenderQueue> _queues;
    private readonly IAccounts _parent;
    private readonly UInt256 _baseFee;
    private readonly PriorityQueue<Candidate, Rank> _candidates = new();

    public PoolSelection(
        SortedSet<PooledTransaction> heads, LookupTable<Address, SenderQueue> queues,
        IAccounts parent, in UInt256 baseFee)
    {
        _heads = heads;
        _queues = queues;
        _parent = parent;
        _baseFee = baseFee;
    }

    public List<RecoveredTransaction> Take(in SelectionBudget budget)
    {
        var taken = new List<RecoveredTransaction>();
        ulong gas = 0;
        long bytes = 0;
        using IEnumerator<PooledTransaction> heads =
            ((IEnumerable<PooledTransaction>)_heads).GetEnumerator();
        PooledTransaction? next = Next(heads);
        while (true)
        {
            while (next is not null && MayPrecedeCandidates(next))
            {
                Visit(next);
                next = Next(heads);
            }
            if (!_candidates.TryDequeue(out Candidate best, out _))
            {
                return taken;
            }
            PooledTransaction entry = best.Entry;
            gas += entry.GasLimit;
            bytes += entry.EncodedBytes;
            if (gas > budget.Gas || bytes > budget.Bytes || taken.Count >= budget.Count)
            {
                return taken;
            }
            taken.Add(entry.Transaction);
            Offer(best.Queue, best.Index + 1, entry.Nonce + 1);
        }
    }

    private static PooledTransaction? Next(IEnumerator<PooledTransaction> heads) =>
        heads.MoveNext() ? heads.Current : null;

    private bool MayPrecedeCandidates(PooledTransaction head) =>
        !_candidates.TryPeek(out _, out Rank best)
        || new Rank(head.MaxPriorityFeePerGas, head.Arrival).CompareTo(best) < 0;

    private void Visit(PooledTransaction head)
    {
        SenderQueue queue = _queues[head.Sender];
        ulong nonce = _parent.Read(head.Sender).Nonce;
        int index = queue.IndexOf(nonce);
        if (index >= 0)
        {
            Offer(queue, index, nonce);
        }
    }

    /// <summary>Adds the sender's entry at the index, if it has this nonce and can pay.</summary>
    private void Offer(SenderQueue queue, int index, ulong nonce)
    {
        if (index >= queue.Count)
        {
            return;
        }
        PooledTransaction entry = queue.Entries[index];
        if (entry.Nonce == nonce && entry.MaxFeePerGas >= _baseFee)
        {
            var rank = new Rank(entry.EffectiveTip(_baseFee), entry.Arrival);
            _candidates.Enqueue(new Candidate(queue, index, entry), rank);
        }
    }

    private readonly record struct Candidate(
        SenderQueue Queue, int Index, PooledTransaction Entry);

    private readonly record struct Rank(UInt256 Tip, ulong Arrival) : IComparable<Rank>
    {
        public int CompareTo(Rank other)
        {
            int byTip = other.Tip.CompareTo(Tip);
            return byTip != 0 ? byTip : Arrival.CompareTo(other.Arrival);
        }
    }
}
