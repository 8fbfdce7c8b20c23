using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// How much a selection may hold, in gas that transactions are expected to use, in bytes and in
/// number.
/// </summary>
/// <param name="Gas">What the block has for transactions other than the protocol's.</param>
/// <param name="UsedShare">
/// Ten-thousandths of its declared gas that a transaction is expected to use.
/// </param>
public readonly record struct SelectionBudget(
    ulong Gas, long Bytes, int Count, int UsedShare = OrderingTerms.Basis)
{
    /// <summary>
    /// The block's gas limit, of which the lane may take half: it moves, so the pool's, which is of
    /// the last final block, may be another. 0: the pool's.
    /// </summary>
    public ulong GasLimit { get; init; }
}

/// <summary>What a block should try.</summary>
/// <param name="Transactions">In the order of the block.</param>
/// <param name="RoomToLeave">
/// By transaction: the gas a block must have left beside what it declares, or it is passed over;
/// above 0 for spares only. Empty: nothing is a spare.
/// </param>
public readonly record struct BlockSelection(
    IReadOnlyList<RecoveredTransaction> Transactions, IReadOnlyList<ulong> RoomToLeave);

/// <summary>
/// Chooses what a block should try: the overdue first, then by quotas, and puts it in the order
/// <see cref="OrderRule"/> wants.
///
/// A block's gas is three quotas. The urgent quota is filled with urgent transactions. Those it has
/// no room for join the fast ones in the fast quota, as the first of them; what that has no room
/// for joins the standard ones in all that is left, again as the first. So whatever chance a
/// cheaper class has, a dearer one has too: it is never slower. And no class takes more than its
/// own quota away from a cheaper one: the rest is shared by draw, where there is no model, between
/// all.
///
/// Within a quota transactions are taken by level (0 first), then by a draw made anew for each
/// quota (with one draw for all, who spills would have the worse lots of its own quota). A
/// classic deficit round robin would carry each quota's deficit from block to block in the state.
/// Here a transaction larger than what its quota has left is let in with probability left / size,
/// drawn from the seed: the quota's mean over blocks is the same, and a large transaction is not
/// starved by small ones.
///
/// The expected gas of a transaction over a quarter of the block is what it declares: it needs the
/// room for certain.
/// </summary>
internal sealed class PoolSelection
{
    /// <summary>No transaction needs less.</summary>
    private const ulong LeastGas = 21_000;

    /// <summary>A quota is full when so many in a row did not fit in what is left of it.</summary>
    private const int MostMisfits = 64;

    /// <summary>Tried where those chosen use less than expected.</summary>
    private const int MostSpares = 128;

    /// <summary>Levels a model may give inside a class.</summary>
    public const int Levels = 4;

    private readonly LookupTable<Address, SenderQueue> _queues;
    private readonly LookupTable<Hash256, PooledTransaction> _byHash;
    private readonly IAccounts _parent;
    private readonly UInt256 _baseFee;
    private readonly OrderingTerms _terms;
    private readonly PlaceDraw _draw;
    private readonly SelectionBudget _budget;
    private readonly Func<PooledTransaction, int>? _levels;
    private readonly LookupTable<Address, int> _inLane = new();
    private readonly List<PooledTransaction> _lane = [];
    private readonly List<PooledTransaction> _drawn = [];
    private readonly List<PooledTransaction> _spares = [];
    private ulong _gas;
    private long _bytes;

    public PoolSelection(
        LookupTable<Address, SenderQueue> queues,
        LookupTable<Hash256, PooledTransaction> byHash, IAccounts parent, in UInt256 baseFee,
        OrderingTerms terms, SelectionBudget budget, Func<PooledTransaction, int>? levels)
    {
        (_queues, _byHash, _parent, _baseFee) = (queues, byHash, parent, baseFee);
        (_terms, _budget, _levels) = (terms, budget, levels);
        _draw = new PlaceDraw(terms.Seed);
        _gas = budget.Gas;
    }

    private int Count => _lane.Count + _drawn.Count;

    /// <summary>What is chosen, in the order of the block.</summary>
    public BlockSelection Take(IEnumerable<PooledTransaction> heads, ulong gasLimit)
    {
        Choose(heads, gasLimit);
        return new BlockSelection(
            [.. Ordered(_drawn.Select(entry => (entry, false))).Select(item => item.Transaction)],
            []);
    }

    /// <summary>
    /// The same and spares between, for a builder that finds room as it executes: at each the gas
    /// that has to be left for those chosen that come after it.
    /// </summary>
    public BlockSelection TakeWithSpares(
        IEnumerable<PooledTransaction> heads, ulong gasLimit)
    {
        Choose(heads, gasLimit);
        List<(RecoveredTransaction Transaction, bool IsSpare, ulong Gas)> all = Ordered(
            [.. _drawn.Select(entry => (entry, false)), .. _spares.Select(entry => (entry, true))]);
        ulong[] leave = new ulong[all.Count];
        ulong after = 0;
        for (int i = all.Count - 1; i >= 0; i--)
        {
            leave[i] = all[i].IsSpare ? after : 0;
            after += all[i].IsSpare ? 0 : all[i].Gas;
        }
        return new BlockSelection([.. all.Select(item => item.Transaction)], leave);
    }

    private List<(RecoveredTransaction Transaction, bool IsSpare, ulong Gas)> Ordered(
        IEnumerable<(PooledTransaction Entry, bool IsSpare)> drawn) =>
    [
        .. _lane.Select(entry => (entry.Transaction, false, entry.GasLimit)),
        .. SealedFirst(drawn.OrderBy(item => _draw.RankOf(item.Entry.Sender))
                .ThenBy(item => item.Entry.Nonce))
            .Select(item => (item.Entry.Transaction, item.IsSpare, ExpectedGas(item.Entry))),
    ];

    /// <summary>
    /// Those that are sealed, but not behind one of their sender's that is not, before all others.
    /// </summary>
    private IEnumerable<(PooledTransaction Entry, bool IsSpare)> SealedFirst(
        IEnumerable<(PooledTransaction Entry, bool IsSpare)> drawn)
    {
        if (_terms.Sealed.IsEmpty)
        {
            return drawn;
        }
        var first = new List<(PooledTransaction, bool)>();
        var others = new List<(PooledTransaction, bool)>();
        Address? blocked = null;
        foreach ((PooledTransaction entry, bool isSpare) in drawn)
        {
            bool isSealed = blocked != entry.Sender
                && _terms.Sealed.Opens(entry.Transaction.Hash);
            blocked = isSealed ? blocked : entry.Sender;
            (isSealed ? first : others).Add((entry, isSpare));
        }
        return [.. first, .. others];
    }

    /// <param name="heads">The first executable transaction of each sender.</param>
    private void Choose(IEnumerable<PooledTransaction> heads, ulong gasLimit)
    {
        TakeOverdue(gasLimit);
        var classes = new List<Candidate>[ClassPrices.Classes];
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = [];
        }
        foreach (PooledTransaction head in heads)
        {
            if (First(head) is { } first)
            {
                classes[(int)first.Class].Add(first);
            }
        }
        List<Candidate> urgent = classes[(int)FeeClass.Urgent];
        List<Candidate> opened = [.. urgent.Where(candidate => candidate.IsSealed)];
        urgent.RemoveAll(candidate => candidate.IsSealed);
        ulong quota = Quota(_terms.UrgentShare);
        ulong taken = FillSealed(classes, opened);
        Fill(classes, FeeClass.Urgent, quota - Math.Min(quota, taken));
        Fill(classes, FeeClass.Fast, Quota(_terms.FastShare));
        Fill(classes, FeeClass.Standard, ulong.MaxValue);
    }

    private ulong Quota(int share) =>
        (ulong)((UInt128)_budget.Gas * (uint)share / OrderingTerms.Basis);

    private void TakeOverdue(ulong gasLimit)
    {
        gasLimit = _budget.GasLimit == 0 ? gasLimit : _budget.GasLimit;
        ulong laneGas = 0;
        foreach (Hash256 hash in _terms.Overdue)
        {
            if (!_byHash.TryGetValue(hash, out PooledTransaction? entry)
                || entry.Nonce != NextNonce(entry.Sender) || entry.MaxFeePerGas < _baseFee)
            {
                continue;
            }
            laneGas += entry.GasLimit;
            if (_lane.Count > 0 && laneGas > OrderingTerms.LaneGas(gasLimit))
            {
                break;
            }
            _lane.Add(entry);
            ref int mine = ref _inLane.GetOrAddReference(entry.Sender, out _);
            mine++;
            Charge(entry, entry.GasLimit);
        }
    }

    private ulong NextNonce(in Address sender) =>
        _parent.Read(sender).Nonce + (ulong)_inLane.GetValueOrDefault(sender);

    private void Charge(PooledTransaction entry, ulong gas)
    {
        _gas -= Math.Min(_gas, gas);
        _bytes += entry.EncodedBytes;
    }

    /// <summary>The sender as it stands when nothing is known of the unfinalized parent.</summary>
    private Candidate? First(PooledTransaction head)
    {
        int index = _inLane.GetValueOrDefault(head.Sender);
        if (index == 0)
        {
            return CandidateOf(_queues[head.Sender], 0, head, FeeClass.Urgent, false);
        }
        SenderQueue queue = _queues[head.Sender];
        index = queue.IndexOf(NextNonce(head.Sender));
        return index < 0
            ? null
            : CandidateOf(queue, index, queue.Entries[index], FeeClass.Urgent, true);
    }

    private Candidate? CandidateOf(
        SenderQueue queue, int index, PooledTransaction entry, FeeClass most, bool isSettled)
    {
        if (entry.MaxFeePerGas < _baseFee)
        {
            return null;
        }
        FeeClass own = _terms.Prices.ClassOf(
            entry.MaxFeePerGas, entry.MaxPriorityFeePerGas, _baseFee);
        own = own < most ? own : most;
        int level = Math.Clamp(_levels?.Invoke(entry) ?? 0, 0, Levels - 1);
        return new Candidate(queue, index, entry, own, level, isSettled)
        {
            IsSealed = own == FeeClass.Urgent && _terms.Sealed.Opens(entry.Hash),
        };
    }

    /// <summary>
    /// The urgent that are sealed, before their quota, at most half of the block; what they take is
    /// of that quota. While one waits, all can read it and write into the state what earlier
    /// commitments are to do about it. Nobody is faster by it than who does not seal, as its
    /// commitment had to be in a block before. Gives the gas taken.
    /// </summary>
    private ulong FillSealed(List<Candidate>[] classes, List<Candidate> opened)
    {
        ulong taken = 0;
        var heap = new PriorityQueue<Candidate, Key>(
            opened.Select(candidate => (candidate, KeyOf(candidate, FeeClass.Urgent))));
        while (Count < _budget.Count && heap.TryDequeue(out Candidate next, out _))
        {
            if (!next.IsSettled && !Settle(ref next))
            {
                continue;
            }
            ulong gas = ExpectedGas(next.Entry);
            if (!next.IsSealed || taken + gas > _budget.Gas / 2 || gas > _gas
                || _bytes + next.Entry.EncodedBytes > _budget.Bytes)
            {
                classes[(int)next.Class].Add(next);
                continue;
            }
            taken += gas;
            Charge(next.Entry, gas);
            _drawn.Add(next.Entry);
            Follow(classes, heap, next, FeeClass.Urgent);
        }
        return taken;
    }

    /// <summary>
    /// Takes for one quota and hands over what it has no room for to the next lower one.
    /// </summary>
    private void Fill(List<Candidate>[] classes, FeeClass quota, ulong credit)
    {
        List<Candidate>? lower = quota == FeeClass.Standard ? null : classes[(int)quota - 1];
        if (lower is not null && Math.Min(credit, _gas) < LeastGas)
        {
            // No room for anyone: no lots need be drawn.
            lower.AddRange(classes[(int)quota].Select(candidate => candidate.Spilled()));
            return;
        }
        var heap = new PriorityQueue<Candidate, Key>(
            classes[(int)quota].Select(candidate => (candidate, KeyOf(candidate, quota))));
        int misfits = 0;
        while (misfits < MostMisfits && Math.Min(credit, _gas) >= LeastGas
            && Count < _budget.Count && heap.TryDequeue(out Candidate next, out _))
        {
            if (!next.IsSettled && !Settle(ref next))
            {
                continue;
            }
            if (next.Class < quota && !next.IsSpilled)
            {
                classes[(int)next.Class].Add(next);
                continue;
            }
            ulong gas = ExpectedGas(next.Entry);
            bool fits = gas <= _gas && _bytes + next.Entry.EncodedBytes <= _budget.Bytes
                && (gas <= credit
                    || _draw.Chance(next.Entry.Sender, quota, credit, gas));
            if (!fits)
            {
                misfits++;
                if (lower is null)
                {
                    Spare(next.Entry);
                }
                lower?.Add(next.Spilled());
                continue;
            }
            misfits = 0;
            credit -= Math.Min(credit, gas);
            Charge(next.Entry, gas);
            _drawn.Add(next.Entry);
            Follow(classes, heap, next, quota);
        }
        if (lower is not null)
        {
            lower.AddRange(heap.UnorderedItems.Select(item => item.Element.Spilled()));
            return;
        }
        while (_spares.Count < MostSpares && heap.TryDequeue(out Candidate left, out _))
        {
            if (left.IsSettled || Settle(ref left))
            {
                Spare(left.Entry);
            }
        }
    }

    private void Spare(PooledTransaction entry)
    {
        if (_spares.Count < MostSpares && _bytes + entry.EncodedBytes <= _budget.Bytes)
        {
            _bytes += entry.EncodedBytes;
            _spares.Add(entry);
        }
    }

    /// <summary>The sender's next transaction, in a class no higher than this one's.</summary>
    private void Follow(
        List<Candidate>[] classes, PriorityQueue<Candidate, Key> heap, in Candidate taken,
        FeeClass quota)
    {
        SenderQueue queue = taken.Queue;
        int index = taken.Index + 1;
        if (index >= queue.Count || queue.Entries[index].Nonce != taken.Entry.Nonce + 1
            || CandidateOf(queue, index, queue.Entries[index], taken.Class, true) is not { } next)
        {
            return;
        }
        if (next.Class > quota)
        {
            next = next.Spilled();
        }
        if (next.Class >= quota)
        {
            // It can't stand before the one it follows.
            next = next with { Level = Math.Max(next.Level, taken.Level) };
            heap.Enqueue(next, KeyOf(next, quota));
        }
        else
        {
            classes[(int)next.Class].Add(next);
        }
    }

    /// <summary>
    /// On a parent that is not final a sender's first transactions may be in its ancestors: the
    /// parent's nonce says so, read only for those whose turn has come.
    /// </summary>
    private bool Settle(ref Candidate candidate)
    {
        SenderQueue queue = candidate.Queue;
        ulong nonce = _parent.Read(queue.Sender).Nonce;
        if (nonce == candidate.Entry.Nonce)
        {
            candidate = candidate with { IsSettled = true };
            return true;
        }
        int index = queue.IndexOf(nonce);
        if (index < 0
            || CandidateOf(queue, index, queue.Entries[index], FeeClass.Urgent, true)
                is not { } settled)
        {
            return false;
        }
        candidate = candidate.IsSpilled ? settled.Spilled() : settled;
        return true;
    }

    private ulong ExpectedGas(PooledTransaction entry)
    {
        ulong declared = entry.GasLimit;
        return declared > _budget.Gas / 4
            ? declared
            : Math.Max(
                declared * (ulong)_budget.UsedShare / OrderingTerms.Basis,
                Math.Min(declared, LeastGas));
    }

    /// <param name="Class">Its own, and at most its sender's preceding one's.</param>
    /// <param name="IsSettled">It has the nonce that follows in the parent's state.</param>
    /// <param name="IsSpilled">It competes in a quota below its class.</param>
    private readonly record struct Candidate(
        SenderQueue Queue, int Index, PooledTransaction Entry, FeeClass Class, int Level,
        bool IsSettled, bool IsSpilled = false)
    {
        /// <summary>Urgent, and committed to in a block before.</summary>
        public bool IsSealed { get; init; }

        /// <summary>No one of the lower class is before it but by the draw.</summary>
        public Candidate Spilled() => this with { Level = 0, IsSpilled = true };
    }

    private Key KeyOf(in Candidate candidate, FeeClass quota) =>
        new(candidate.Level, _draw.LotOf(candidate.Queue.Sender, quota));

    private readonly record struct Key(int Level, SenderRank Lot) : IComparable<Key>
    {
        public int CompareTo(Key other)
        {
            int byLevel = Level.CompareTo(other.Level);
            return byLevel != 0 ? byLevel : Lot.CompareTo(other.Lot);
        }
    }
}
