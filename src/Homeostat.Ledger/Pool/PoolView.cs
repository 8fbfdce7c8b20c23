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
        ImmutableDictionary<Address, PooledSender>.Empty, 0, 0, []);

    private readonly ImmutableDictionary<Hash256, PooledTransaction> _byHash;
    private readonly ImmutableDictionary<Address, PooledSender> _senders;

    internal PoolView(
        ImmutableDictionary<Hash256, PooledTransaction> byHash,
        ImmutableDictionary<Address, PooledSender> senders,
        int executableCount, long bytes, IReadOnlyList<PooledTransaction> arrivals)
    {
        _byHash = byHash;
        _senders = senders;
        ExecutableCount = executableCount;
        Bytes = bytes;
        Arrivals = arrivals;
    }

    public int Count => _byHash.Count;

    public int ExecutableCount { get; }

    public int QueuedCount => Count - ExecutableCount;

    public long Bytes { get; }

    /// <summary>
    /// What was taken since the view before, in order of arrival (some of it may be gone again).
    /// A reader that sees every view sees every arrival once.
    /// </summary>
    public IReadOnlyList<PooledTransaction> Arrivals { get; }

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
internal sealed class PoolViewBuilder
{
    private readonly SortedSet<Address> _touched = [];
    private readonly List<PooledTransaction> _removed = [];
    private List<PooledTransaction> _added = [];
    private ImmutableDictionary<Hash256, PooledTransaction> _byHash =
        ImmutableDictionary<Hash256, PooledTransaction>.Empty;
    private ImmutableDictionary<Address, PooledSender> _senders =
        ImmutableDictionary<Address, PooledSender>.Empty;

    public void Added(PooledTransaction entry) => _added.Add(entry);

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
        foreach (Address address in _touched)
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
        var view = new PoolView(_byHash, _senders, executableCount, bytes, _added);
        _added = [];
        _removed.Clear();
        _touched.Clear();
        return view;
    }
}
