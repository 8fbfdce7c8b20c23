using System.Collections.Immutable;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The pool at one moment, for readers on any thread. Shares structure with the views before and
/// after it.
/// </summary>
public sealed class PoolView
{
    public static readonly PoolView Empty = new(
        ImmutableDictionary<Hash256, PooledTransaction>.Empty,
        ImmutableDictionary<Address, PooledSender>.Empty, 0, 0, new ArrivalLog(1), 0);

    private readonly ImmutableDictionary<Hash256, PooledTransaction> _byHash;
    private readonly ImmutableDictionary<Address, PooledSender> _senders;
    private readonly ArrivalLog _arrivals;

    internal PoolView(
        ImmutableDictionary<Hash256, PooledTransaction> byHash,
        ImmutableDictionary<Address, PooledSender> senders,
        int executableCount, long bytes, ArrivalLog arrivals, ulong nextArrival)
    {
        _byHash = byHash;
        _senders = senders;
        ExecutableCount = executableCount;
        Bytes = bytes;
        _arrivals = arrivals;
        NextArrival = nextArrival;
    }

    public int Count => _byHash.Count;

    public int ExecutableCount { get; }

    public int QueuedCount => Count - ExecutableCount;

    public long Bytes { get; }

    /// <summary>
    /// The <see cref="PooledTransaction.Arrival"/> of the next one taken: a reader's cursor.
    /// </summary>
    public ulong NextArrival { get; }

    /// <summary>
    /// What was taken from the cursor on up to this view, in order of arrival; some of it may be
    /// gone from the pool. Of a cursor too far behind the oldest are missing
    /// (<see cref="PoolLimits.ArrivalHistory"/>).
    /// </summary>
    public IEnumerable<PooledTransaction> ArrivalsSince(ulong cursor) =>
        _arrivals.Between(cursor, NextArrival);

    public bool TryGet(in Hash256 hash, out PooledTransaction transaction) =>
        _byHash.TryGetValue(hash, out transaction!);

    /// <summary>Null when the pool has nothing of this sender.</summary>
    public PooledSender? Sender(in Address sender) => _senders.GetValueOrDefault(sender);

    /// <summary>All senders in the order of their addresses: O(pool), for inspection.</summary>
    public IReadOnlyList<PooledSender> Senders() =>
        [.. _senders.Values.OrderBy(sender => sender.Address)];
}

/// <summary>One sender's transactions in nonce order.</summary>
public sealed record PooledSender(
    Address Address, ulong StateNonce, int ExecutableCount,
    IReadOnlyList<PooledTransaction> Transactions)
{
    /// <summary>The nonce after the last contiguous transaction.</summary>
    public ulong NextNonce => StateNonce + (ulong)ExecutableCount;
}

/// <summary>Collects what changed between two views, so that a view costs only that.</summary>
internal sealed class PoolViewBuilder(ArrivalLog arrivals)
{
    private readonly LookupSet<Address> _touched = new();
    private readonly List<PooledTransaction> _removed = [];
    private readonly List<PooledTransaction> _added = [];
    private ulong _nextArrival;
    private ImmutableDictionary<Hash256, PooledTransaction> _byHash =
        ImmutableDictionary<Hash256, PooledTransaction>.Empty;
    private ImmutableDictionary<Address, PooledSender> _senders =
        ImmutableDictionary<Address, PooledSender>.Empty;

    public void Added(PooledTransaction entry)
    {
        _added.Add(entry);
        arrivals.Add(entry);
        _nextArrival = entry.Arrival + 1;
    }

    public void Removed(PooledTransaction entry) => _removed.Add(entry);

    public void Touched(in Address sender) => _touched.Add(sender);

    public PoolView Build(
        LookupTable<Address, SenderQueue> queues, int executableCount, long bytes)
    {
        // What was removed may have been taken again since, as another object with the same hash:
        // additions go first, and a removal counts for its own object only.
        ImmutableDictionary<Hash256, PooledTransaction>.Builder byHash = _byHash.ToBuilder();
        foreach (PooledTransaction entry in _added)
        {
            byHash[entry.Hash] = entry;
        }
        foreach (PooledTransaction entry in _removed)
        {
            if (byHash.TryGetValue(entry.Hash, out PooledTransaction? held)
                && ReferenceEquals(held, entry))
            {
                byHash.Remove(entry.Hash);
            }
        }
        ImmutableDictionary<Address, PooledSender>.Builder senders = _senders.ToBuilder();
        foreach (Address address in _touched.Sorted())
        {
            if (queues.TryGetValue(address, out SenderQueue? queue))
            {
                senders[address] = new PooledSender(
                    address, queue.Standing.Nonce, queue.ExecutableCount, [.. queue.Entries]);
            }
            else
            {
                senders.Remove(address);
            }
        }
        (_byHash, _senders) = (byHash.ToImmutable(), senders.ToImmutable());
        var view = new PoolView(
            _byHash, _senders, executableCount, bytes, arrivals, _nextArrival);
        _added.Clear();
        _removed.Clear();
        _touched.Clear();
        return view;
    }
}

/// <summary>
/// The newest arrivals, shared by the pool and all views. The pool overwrites the oldest while
/// readers read; an entry's own number tells a reader that it came too late.
/// </summary>
internal sealed class ArrivalLog(int capacity)
{
    private readonly PooledTransaction?[] _ring = new PooledTransaction?[capacity];

    public void Add(PooledTransaction entry) =>
        Volatile.Write(ref _ring[entry.Arrival % (ulong)_ring.Length], entry);

    public IEnumerable<PooledTransaction> Between(ulong first, ulong end)
    {
        ulong length = (ulong)_ring.Length;
        ulong oldest = end > length ? end - length : 0;
        for (ulong number = Math.Max(first, oldest); number < end; number++)
        {
            if (Volatile.Read(ref _ring[number % length]) is { } entry && entry.Arrival == number)
            {
                yield return entry;
            }
        }
    }
}
