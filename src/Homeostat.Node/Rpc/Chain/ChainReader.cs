using Homeostat.Ledger;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Answers "which block, which state" for all methods, from the newest view, the views before it,
/// and the archive. Any thread; reads never wait for the node's loop.
/// </summary>
internal sealed class ChainReader
{
    private readonly IChainArchive _archive;
    private readonly RpcLimits _limits;
    private readonly RpcBlock _genesis;
    private readonly HistoricStates _history;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, RpcBlock> _recent = [];
    private readonly Dictionary<ulong, RpcBlock> _decoded = [];
    private readonly Queue<ulong> _decodedOrder = new();
    private volatile RpcView _view;

    /// <param name="genesis">Block 0, which the archive does not hold.</param>
    public ChainReader(RpcBlock genesis, RpcView first, IChainArchive archive, RpcLimits limits)
    {
        _genesis = genesis;
        _view = first;
        _archive = archive;
        _limits = limits;
        _history = new HistoricStates(archive, limits);
        Remember(genesis);
        Remember(first.Finalized);
    }

    public RpcView View => _view;

    public RpcBlock Head => _view.Finalized;

    /// <summary>A newer view; called by one thread, in order.</summary>
    public void Publish(RpcView view)
    {
        Remember(view.Finalized);
        _view = view;
    }

    /// <summary>Null when there is no such block.</summary>
    public RpcBlock? Find(BlockSelector selector) => selector.Tag switch
    {
        BlockTag.Latest => _view.Finalized,
        BlockTag.Pending => _view.Pending,
        BlockTag.Number => ByNumber(selector.Number),
        _ => ByHash(selector.Hash),
    };

    public RpcBlock Get(BlockSelector selector) =>
        Find(selector) ?? throw RpcException.Server("header not found");

    /// <summary>The block with its state, or geth's error for a state that is gone.</summary>
    public RpcBlock WithState(BlockSelector selector)
    {
        RpcBlock block = Get(selector);
        if (block.State is not null)
        {
            return block;
        }
        (RpcBlock? newer, RpcBlock? recent) = NearestRecent(block.Number);
        if (recent is not null)
        {
            return recent;
        }
        WorldSnapshot? earlier = newer is null ? null : _history.Find(block, newer);
        return earlier is not null
            ? block.WithState(earlier)
            : throw RpcException.Server(
                $"historical state {block.Header.StateRoot} is not available "
                + "(--history says how many blocks' states are kept)");
    }

    /// <summary>The block itself if its state is in memory, else the oldest newer one's.</summary>
    private (RpcBlock? Newer, RpcBlock? Same) NearestRecent(ulong number)
    {
        lock (_lock)
        {
            if (_recent.TryGetValue(number, out RpcBlock? same) && same.State is not null)
            {
                return (null, same);
            }
            RpcBlock? newer = _recent.Values
                .Where(block => block.Number > number && block.State is not null)
                .MinBy(block => block.Number);
            return (newer, null);
        }
    }

    public WorldSnapshot StateAt(BlockSelector selector) => WithState(selector).State!;

    public RpcBlock? ByNumber(ulong number)
    {
        RpcView view = _view;
        if (number >= view.Finalized.Number)
        {
            return number == view.Finalized.Number ? view.Finalized : null;
        }
        lock (_lock)
        {
            if (_recent.TryGetValue(number, out RpcBlock? known)
                || _decoded.TryGetValue(number, out known))
            {
                return known;
            }
        }
        if (!_archive.TryGetBlock(new Height(number), out FinalizedBlock stored))
        {
            return number == 0 ? _genesis : null;
        }
        RpcBlock block = StoredBlocks.Decode(stored);
        Keep(block);
        return block;
    }

    public RpcBlock? ByHash(in Hash256 hash)
    {
        RpcView view = _view;
        if (hash == view.Finalized.Hash)
        {
            return view.Finalized;
        }
        if (hash == view.Pending.Hash)
        {
            return view.Pending;
        }
        if (hash == _genesis.Hash)
        {
            return _genesis;
        }
        return _archive.TryGetHeight(hash, out Height height) ? ByNumber(height.Value) : null;
    }

    /// <summary>The final block that holds the transaction.</summary>
    public (RpcBlock Block, int Index)? FindTransaction(in Hash256 hash)
    {
        if (!_archive.TryFindTransaction(hash, out TransactionPlace place)
            || ByNumber(place.Height.Value) is not { } block)
        {
            return null;
        }
        return (block, place.Index);
    }

    /// <summary>
    /// The archived block with its certificate; null for genesis and unknown ones.
    /// </summary>
    public FinalizedBlock? Stored(ulong number) =>
        _archive.TryGetBlock(new Height(number), out FinalizedBlock stored) ? stored : null;

    /// <summary>Whether this block and so those after it are in memory.</summary>
    public bool IsRecent(ulong number)
    {
        lock (_lock)
        {
            return _recent.ContainsKey(number);
        }
    }

    /// <summary>Heights, rising, of blocks that may match.</summary>
    public IEnumerable<ulong> FindLogBlocks(ulong first, ulong last, LogQuery query) =>
        _archive.FindLogBlocks(new Height(first), new Height(last), query)
            .Select(height => height.Value);

    private void Remember(RpcBlock block)
    {
        lock (_lock)
        {
            _recent[block.Number] = block;
            if (block.Number >= (ulong)_limits.RecentStates)
            {
                // Numbers may jump while the node catches up, so old ones are swept.
                ulong oldest = block.Number - (ulong)_limits.RecentStates + 1;
                if (!_recent.Remove(oldest - 1) || _recent.Count > _limits.RecentStates)
                {
                    Sweep(oldest);
                }
            }
        }
    }

    private void Sweep(ulong oldest)
    {
        foreach (ulong number in _recent.Keys.Where(number => number < oldest).ToArray())
        {
            _recent.Remove(number);
        }
    }

    private void Keep(RpcBlock block)
    {
        lock (_lock)
        {
            if (!_decoded.TryAdd(block.Number, block))
            {
                return;
            }
            _decodedOrder.Enqueue(block.Number);
            if (_decodedOrder.Count > _limits.CachedBlocks)
            {
                _decoded.Remove(_decodedOrder.Dequeue());
            }
        }
    }
}
