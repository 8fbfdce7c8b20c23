using Homeostat.Primitives;

namespace Homeostat.Ledger;

// The pool holds what clients and peers sent and no finalized block has yet.
//
// All of it is judged against one state: that of the last finalized block. A block that is only
// notarized may still be nullified away, so its transactions stay here until a block with them is
// final (DESIGN, Chain); who builds on such a block leaves out what its state's nonces have used.
//
// The naive pool sorts everything for each block and filters everything after it: O(pool) work on
// the thread that also votes. Here every change costs O(log senders):
//
// - `_dearest` orders the first executable transaction of each sender by what it pays at most:
//   whether a block could hold anything at some base fee is seen at its top, and those that can't
//   pay it stand together at its end. A block's places are drawn anew each time, so no kept order
//   has them: a selection looks once at each sender that can pay (PoolSelection.cs).
// - `_evictable` orders the senders by what losing their last transaction would cost the network:
//   senders whose last one waits for a missing nonce first, then those with the lowest fee cap in
//   their queue. A transaction can't be in a block before its sender's earlier ones, so a queue is
//   worth what its cheapest member is, and what goes is its last: nothing is ever left behind a
//   gap that the pool itself made.
// - A finalized block touches the queues of its senders only. A balance that another's transaction
//   drained (through an EIP-7702 delegation) is noticed when the builder reports the transaction
//   that could not pay: `Discard`.
// - Readers on other threads get a `PoolView` that shares structure with the one before: making it
//   costs as much as what has changed since.
//
// Deterministic: the same calls in the same order give the same answers. Not thread-safe.

/// <summary>What the pool checks transactions against besides accounts.</summary>
/// <param name="AllowsBlobs">Only where genesis says so (EIP-4844).</param>
public readonly record struct PoolChain(
    ChainId ChainId, ulong GasLimit, bool AllowsBlobs = false)
{
    /// <summary>Of the next block; null: of a Homeostat network's first revision.</summary>
    public BlockRules? Rules { get; init; }
}

/// <summary>Transactions waiting for a final block.</summary>
public sealed class TransactionPool
{
    private readonly PoolLimits _limits;
    private readonly LookupTable<Hash256, PooledTransaction> _byHash = new();
    private readonly LookupTable<Address, SenderQueue> _queues = new();
    private readonly SortedSet<PooledTransaction> _dearest = new(FeeCapOrder.Instance);
    private readonly SortedSet<EvictionKey> _evictable = [];
    private readonly LookupTable<Address, Indexed> _indexed = new();
    private readonly PoolViewBuilder _view;
    private IAccounts _accounts;
    private PoolChain _chain;
    private ulong _nextArrival;
    private ulong _nextOrdinal;
    private int _executable;
    private long _bytes;

    public TransactionPool(PoolLimits limits, IAccounts finalized, PoolChain chain)
    {
        _limits = limits.Validate();
        _view = new PoolViewBuilder(new ArrivalLog(limits.ArrivalHistory));
        _accounts = finalized;
        _chain = chain;
    }

    /// <summary>
    /// This node's time, set by who drives the pool before anything else in a step: what has been
    /// executable since when is told by it.
    /// </summary>
    public long NowMs { get; set; }

    public int Count => _byHash.Count;

    /// <summary>Transactions that could be in the next block, nonces considered.</summary>
    public int ExecutableCount => _executable;

    public long Bytes => _bytes;

    public bool Contains(in Hash256 hash) => _byHash.ContainsKey(hash);

    public bool TryGet(in Hash256 hash, out PooledTransaction transaction) =>
        _byHash.TryGetValue(hash, out transaction!);

    /// <summary>
    /// For each id the one transaction here that has it; null when none or several have, or the id
    /// is asked for twice. Costs one look at every transaction.
    /// </summary>
    public RecoveredTransaction?[] Match(IReadOnlyList<ulong> ids, Func<Hash256, ulong> idOf)
    {
        var places = new LookupTable<ulong, int>(ids.Count);
        var matches = new RecoveredTransaction?[ids.Count];
        bool[] areSeveral = new bool[ids.Count];
        for (int i = 0; i < ids.Count; i++)
        {
            areSeveral[i] = !places.TryAdd(ids[i], i);
        }
        foreach ((Hash256 hash, PooledTransaction pooled) in _byHash.InAnyOrder())
        {
            if (places.TryGetValue(idOf(hash), out int place))
            {
                areSeveral[place] |= matches[place] is not null;
                matches[place] = pooled.Transaction;
            }
        }
        for (int i = 0; i < matches.Length; i++)
        {
            matches[i] = areSeveral[i] ? null : matches[i];
        }
        return matches;
    }

    /// <summary>Takes or refuses one transaction whose signature is known to be good.</summary>
    public PoolAddResult Add(RecoveredTransaction recovered)
    {
        if (_byHash.ContainsKey(recovered.Hash))
        {
            return PoolAddResult.Refuse("already known");
        }
        if (PoolAdmission.Check(recovered.Transaction, _limits, _chain) is { } error)
        {
            return PoolAddResult.Refuse(error);
        }
        Address sender = recovered.Sender;
        SenderQueue queue = _queues.TryGetValue(sender, out SenderQueue? known)
            ? known
            : new SenderQueue(sender, _nextOrdinal, _accounts.Read(sender));
        var entry = new PooledTransaction(recovered, _nextArrival);
        int index = queue.IndexOf(entry.Nonce);
        PooledTransaction? replaced = index >= 0 ? queue.Entries[index] : null;
        error = CheckAgainstQueue(queue, entry, replaced) ?? MakeRoom(queue, entry, replaced);
        return error is null ? Insert(queue, entry, replaced) : PoolAddResult.Refuse(error);
    }

    /// <summary>
    /// A block became final: its transactions leave, and the pool is judged against its state.
    /// </summary>
    public void OnFinalized(
        IReadOnlyList<RecoveredTransaction> transactions, IAccounts state, PoolChain chain)
    {
        _accounts = state;
        _chain = chain;
        var seen = new LookupSet<Address>();
        foreach (RecoveredTransaction transaction in transactions)
        {
            if (seen.Add(transaction.Sender)
                && _queues.TryGetValue(transaction.Sender, out SenderQueue? queue))
            {
                Advance(queue, state.Read(transaction.Sender));
            }
        }
    }

    /// <summary>
    /// Takes back what a nullified block of another proposer held; what the pool has or what no
    /// longer fits is passed over.
    /// </summary>
    public void Reinject(IReadOnlyList<RecoveredTransaction> transactions)
    {
        foreach (RecoveredTransaction transaction in transactions)
        {
            Add(transaction);
        }
    }

    /// <summary>
    /// Removes a transaction that a builder found impossible to include, and its sender's later
    /// ones with it when they can no longer be paid for.
    /// </summary>
    public void Discard(in Hash256 hash)
    {
        if (!_byHash.TryGetValue(hash, out PooledTransaction? entry))
        {
            return;
        }
        SenderQueue queue = _queues[entry.Sender];
        int executable = queue.ExecutableCount;
        queue.RemoveAt(queue.IndexOf(entry.Nonce));
        Forget(entry);
        DropUnpayable(queue, _accounts.Read(entry.Sender).Balance);
        Reindex(queue, executable);
    }

    /// <summary>
    /// What a block on this state should try, in the order it must have: the overdue, then by
    /// quotas, each sender's in nonce order from the state's nonce on. On a parent that is not
    /// final, a sender whose first transaction can't pay is passed over until that one is final.
    /// See <see cref="PoolSelection"/>.
    /// </summary>
    /// <param name="levels">A model's level of a transaction in its class; null: all alike.</param>
    public IReadOnlyList<RecoveredTransaction> Select(
        IAccounts parent, UInt256 baseFee, OrderingTerms terms, SelectionBudget budget,
        Func<PooledTransaction, int>? levels = null) =>
        new PoolSelection(_queues, _byHash, parent, baseFee, terms, budget, levels)
            .Take(Payable(baseFee), _chain.GasLimit).Transactions;

    /// <summary>
    /// The same with spares between, for <see cref="BuildRequest.RoomToLeave"/>: what is expected
    /// of gas is a mean, and a block should not end short of its limit.
    /// </summary>
    public BlockSelection SelectWithSpares(
        IAccounts parent, UInt256 baseFee, OrderingTerms terms, SelectionBudget budget,
        Func<PooledTransaction, int>? levels = null) =>
        new PoolSelection(_queues, _byHash, parent, baseFee, terms, budget, levels)
            .TakeWithSpares(Payable(baseFee), _chain.GasLimit);

    /// <summary>
    /// Transactions that could be in the next blocks, nonces considered, of senders whose first one
    /// can pay this base fee. Looks at so many senders at most.
    /// </summary>
    public int PayableCount(in UInt256 baseFee)
    {
        int count = 0;
        int visited = 0;
        foreach (PooledTransaction head in _dearest)
        {
            if (head.MaxFeePerGas < baseFee || ++visited > MostPayableVisits)
            {
                break;
            }
            count += _queues[head.Sender].ExecutableCount;
        }
        return count;
    }

    /// <summary>A queue of more senders is long, however long: counting ends there.</summary>
    private const int MostPayableVisits = 16_384;

    private IEnumerable<PooledTransaction> Payable(UInt256 baseFee) =>
        _dearest.TakeWhile(head => head.MaxFeePerGas >= baseFee);

    /// <summary>
    /// What has been its sender's next transaction for so long and can pay, oldest first, at most
    /// so many; what the state has used is passed over. Looks once at every sender.
    /// </summary>
    public IReadOnlyList<PooledTransaction> Overdue(
        IAccounts state, in UInt256 baseFee, long ageMs, int most)
    {
        var oldest = new SortedSet<(long SinceMs, ulong Arrival)>();
        var entries = new SortedDictionary<ulong, PooledTransaction>();
        foreach (PooledTransaction head in _dearest)
        {
            if (head.MaxFeePerGas < baseFee)
            {
                break;
            }
            (long, ulong Arrival) key = (_indexed[head.Sender].SinceMs, head.Arrival);
            bool isYounger = oldest.Count >= most && key.CompareTo(oldest.Max) > 0;
            if (isYounger || key.Item1 > NowMs - ageMs
                || state.Read(head.Sender).Nonce != head.Nonce)
            {
                continue;
            }
            oldest.Add(key);
            entries.Add(key.Arrival, head);
            if (oldest.Count > most)
            {
                oldest.Remove(oldest.Max);
            }
        }
        return [.. oldest.Select(key => entries[key.Arrival])];
    }

    /// <summary>
    /// Since when the transaction has been its sender's next one here; null where it is not.
    /// </summary>
    public long? NextSinceMs(RecoveredTransaction transaction) =>
        _indexed.TryGetValue(transaction.Sender, out Indexed found)
            && found.Head is { } head && head.Hash == transaction.Hash
                ? found.SinceMs
                : null;

    /// <summary>
    /// The highest base fee at which a block on this state, with this much gas for one transaction,
    /// could include something; null when at none. On a parent that is not final a sender whose
    /// next transaction pays more than its first is seen only once the first is final.
    /// </summary>
    public UInt256? HighestPayableFee(IAccounts parent, ulong gas)
    {
        UInt256? highest = null;
        int visited = 0;
        foreach (PooledTransaction head in _dearest)
        {
            if (highest >= head.MaxFeePerGas)
            {
                break;
            }
            if (++visited > MostVisits)
            {
                return head.MaxFeePerGas;
            }
            SenderQueue queue = _queues[head.Sender];
            int index = queue.IndexOf(parent.Read(head.Sender).Nonce);
            if (index >= 0 && queue.Entries[index] is var entry && entry.GasLimit <= gas)
            {
                highest = highest > entry.MaxFeePerGas ? highest : entry.MaxFeePerGas;
            }
        }
        return highest;
    }

    /// <summary>
    /// Senders looked at before one is taken to be fit: thousands that ask for more gas than a
    /// block has must not cost a walk at each arrival.
    /// </summary>
    private const int MostVisits = 4_096;

    /// <summary>The sender's next nonce after its contiguous transactions in the pool.</summary>
    public ulong NextNonce(in Address sender) =>
        _queues.TryGetValue(sender, out SenderQueue? queue)
            ? queue.Standing.Nonce + (ulong)queue.ExecutableCount
            : _accounts.Read(sender).Nonce;

    /// <summary>An immutable view for other threads, as of now.</summary>
    public PoolView View() => _view.Build(_queues, _executable, _bytes);

    private string? CheckAgainstQueue(
        SenderQueue queue, PooledTransaction entry, PooledTransaction? replaced)
    {
        if (Allowlists.Check(
            queue.Standing.Refused, entry.Sender, entry.Transaction.Transaction.IsCreation)
            is { } refusal)
        {
            return refusal;
        }
        if (entry.Nonce < queue.Standing.Nonce)
        {
            return $"nonce too low: next nonce {queue.Standing.Nonce}, tx nonce {entry.Nonce}";
        }
        if (replaced is not null && !IsBumped(replaced, entry))
        {
            return "replacement transaction underpriced";
        }
        if (CheckFunds(queue, entry, replaced) is { } error)
        {
            // The balance may have risen since it was read: look again before refusing.
            queue.Refresh(_accounts.Read(queue.Sender).Balance);
            error = CheckFunds(queue, entry, replaced);
            if (error is not null)
            {
                return error;
            }
        }
        return replaced is null && queue.Count >= _limits.TransactionsPerSender
            ? $"account limit exceeded: pooled {queue.Count} txs"
            : null;
    }

    private static string? CheckFunds(
        SenderQueue queue, PooledTransaction entry, PooledTransaction? replaced)
    {
        UInt256 balance = queue.Standing.Balance;
        const string Text = "insufficient funds for gas * price + value: ";
        if (balance < entry.Cost)
        {
            return Text + $"balance {balance}, tx cost {entry.Cost}, "
                + $"overshot {entry.Cost - balance}";
        }
        UInt256 queued = replaced is null ? queue.TotalCost : queue.TotalCost - replaced.Cost;
        if (UInt256.AddOverflows(queued, entry.Cost, out UInt256 total) || total > balance)
        {
            return Text + $"balance {balance}, queued cost {queued}, tx cost {entry.Cost}, "
                + $"overshot {total - balance}";
        }
        return null;
    }

    /// <summary>Both fees must rise; a zero tip may stay zero (there is no tenth of it).</summary>
    private bool IsBumped(PooledTransaction old, PooledTransaction entry) =>
        IsBumped(old.MaxFeePerGas, entry.MaxFeePerGas)
        && (old.MaxPriorityFeePerGas.IsZero
            || IsBumped(old.MaxPriorityFeePerGas, entry.MaxPriorityFeePerGas));

    private bool IsBumped(in UInt256 old, in UInt256 price)
    {
        UInt256 percent = (ulong)(100 + _limits.PriceBumpPercent);
        return !UInt256.MultiplyOverflows(old, percent, out UInt256 scaled)
            && price > old && price >= scaled / 100;
    }

    private PoolAddResult Insert(
        SenderQueue queue, PooledTransaction entry, PooledTransaction? replaced)
    {
        int executable = queue.ExecutableCount;
        if (queue.Count == 0)
        {
            _queues[queue.Sender] = queue;
            _nextOrdinal++;
        }
        if (replaced is null)
        {
            queue.Insert(entry);
        }
        else
        {
            queue.Replace(entry);
            Forget(replaced);
        }
        _nextArrival++;
        _byHash.Add(entry.Hash, entry);
        _bytes += entry.EncodedBytes;
        _view.Added(entry);
        Reindex(queue, executable);
        bool isExecutable = queue.IndexOf(entry.Nonce) < queue.ExecutableCount;
        return new PoolAddResult(
            isExecutable ? PoolOutcome.Pending : PoolOutcome.Queued, Replaced: replaced?.Hash);
    }

    private void Advance(SenderQueue queue, AccountStanding standing)
    {
        int executable = queue.ExecutableCount;
        foreach (PooledTransaction used in queue.Advance(standing))
        {
            Forget(used);
        }
        DropUnpayable(queue, standing.Balance);
        Reindex(queue, executable);
    }

    private void DropUnpayable(SenderQueue queue, in UInt256 balance)
    {
        queue.Refresh(balance);
        while (queue.Count > 0 && queue.TotalCost > balance)
        {
            Forget(queue.RemoveTail());
        }
    }

    private void Forget(PooledTransaction entry)
    {
        _byHash.Remove(entry.Hash);
        _bytes -= entry.EncodedBytes;
        _view.Removed(entry);
    }

    /// <summary>Null when there is room, after evicting what is worth less.</summary>
    private string? MakeRoom(
        SenderQueue queue, PooledTransaction entry, PooledTransaction? replaced)
    {
        long freed = replaced?.EncodedBytes ?? 0;
        int slots = replaced is null ? 1 : 0;
        bool joinsExecutable = replaced is not null
            || entry.Nonce == queue.Standing.Nonce + (ulong)queue.ExecutableCount;
        while (_byHash.Count + slots > _limits.Transactions
            || _bytes - freed + entry.EncodedBytes > _limits.Bytes)
        {
            EvictionKey victim = _evictable.Min;
            if (victim.Queue == queue)
            {
                return "txpool is full"; // Its own sender's queue is the least worth having.
            }
            bool isWorthMore = joinsExecutable != victim.IsTailExecutable
                ? joinsExecutable
                : entry.MaxFeePerGas > victim.FloorFee;
            if (!isWorthMore)
            {
                return "transaction underpriced";
            }
            int executable = victim.Queue.ExecutableCount;
            Forget(victim.Queue.RemoveTail());
            Reindex(victim.Queue, executable);
        }
        return null;
    }

    /// <summary>Brings the orders up to date with a queue that has changed.</summary>
    private void Reindex(SenderQueue queue, int executableBefore)
    {
        _executable += queue.ExecutableCount - executableBefore;
        Indexed old = _indexed.GetValueOrDefault(queue.Sender);
        PooledTransaction? head = queue.Head;
        if (!ReferenceEquals(old.Head, head))
        {
            Move(_dearest, old.Head, head);
        }
        EvictionKey? key = queue.Count == 0 ? null : EvictionKey.Of(queue);
        if (old.Key != key)
        {
            _ = old.Key is { } previous && _evictable.Remove(previous);
            _ = key is { } next && _evictable.Add(next);
        }
        if (queue.Count == 0)
        {
            _queues.Remove(queue.Sender);
            _indexed.Remove(queue.Sender);
        }
        else
        {
            long since = ReferenceEquals(old.Head, head) ? old.SinceMs : NowMs;
            _indexed[queue.Sender] = new Indexed(head, key, since);
        }
        _view.Touched(queue.Sender);
    }

    private static void Move(
        SortedSet<PooledTransaction> set, PooledTransaction? from, PooledTransaction? to)
    {
        _ = from is not null && set.Remove(from);
        _ = to is not null && set.Add(to);
    }

    /// <summary>Under which keys a queue stands in the orders.</summary>
    private readonly record struct Indexed(
        PooledTransaction? Head, EvictionKey? Key, long SinceMs);
}

/// <summary>Dearer fee cap first, then the order of arrival.</summary>
internal sealed class FeeCapOrder : IComparer<PooledTransaction>
{
    public static readonly FeeCapOrder Instance = new();

    public int Compare(PooledTransaction? x, PooledTransaction? y)
    {
        int byCap = y!.MaxFeePerGas.CompareTo(x!.MaxFeePerGas);
        return byCap != 0 ? byCap : x.Arrival.CompareTo(y.Arrival);
    }
}

/// <summary>Least worth first: see the essay in TransactionPool.cs.</summary>
internal readonly record struct EvictionKey(
    bool IsTailExecutable, UInt256 FloorFee, SenderQueue Queue) : IComparable<EvictionKey>
{
    public static EvictionKey Of(SenderQueue queue) =>
        new(queue.IsTailExecutable, queue.FloorFee, queue);

    public int CompareTo(EvictionKey other)
    {
        int order = IsTailExecutable.CompareTo(other.IsTailExecutable);
        order = order != 0 ? order : FloorFee.CompareTo(other.FloorFee);
        return order != 0 ? order : other.Queue.Ordinal.CompareTo(Queue.Ordinal);
    }
}
