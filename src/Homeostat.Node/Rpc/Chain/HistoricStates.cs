using Homeostat.Ledger;
using Homeostat.Node.Store;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// States of blocks that are no longer in memory, reconstructed from the nearest newer state by the
/// reverse differences that the archive keeps (docs/adr/0022). A few stay: questions about one old
/// block come in bunches. One reconstruction runs at a time. Any thread.
/// </summary>
internal sealed class HistoricStates(IChainArchive archive, RpcLimits limits)
{
    /// <summary>
    /// Blocks by which the chain may go on before a kept state is made anew. What it has not loaded
    /// it shares with the newer state it was made from, whose nodes the store keeps this long.
    /// </summary>
    public const ulong FreshBlocks = 1_024;

    private readonly Lock _lock = new();
    private readonly LinkedList<Kept> _kept = [];

    /// <summary>The state after the block; null when a difference on the way is missing.</summary>
    /// <param name="block">An older block.</param>
    /// <param name="recent">The nearest newer block whose state is in memory.</param>
    public WorldSnapshot? Find(RpcBlock block, RpcBlock recent)
    {
        lock (_lock)
        {
            while (_kept.Last is { } old && old.Value.MadeFrom + FreshBlocks < recent.Number)
            {
                _kept.RemoveLast();
            }
            (ulong from, WorldSnapshot state, ulong madeFrom) =
                (recent.Number, recent.State!, recent.Number);
            foreach (Kept kept in _kept)
            {
                if (kept.Number >= block.Number && kept.Number < from)
                {
                    (from, state, madeFrom) = (kept.Number, kept.State, kept.MadeFrom);
                }
            }
            if (from == block.Number)
            {
                return state;
            }
            WorldSnapshot? made = Reconstruct(block, from, state);
            if (made is not null)
            {
                Keep(new Kept(block.Number, made, madeFrom));
            }
            return made;
        }
    }

    private WorldSnapshot? Reconstruct(RpcBlock block, ulong from, WorldSnapshot state)
    {
        var earlier = new EarlierState(state);
        for (ulong height = from; height > block.Number; height--)
        {
            if (archive.ReadDifference(new Height(height)) is not { } difference)
            {
                return null;
            }
            Invariant.Require(earlier.TryAdd(difference), $"difference of block {height}");
            if (earlier.Changes > limits.HistoryChanges)
            {
                throw RpcException.Server(
                    $"historical state {block.Header.StateRoot} is not available: more than "
                    + $"{limits.HistoryChanges} changes lie between");
            }
        }
        WorldSnapshot made = earlier.Build();
        Invariant.Require(
            made.Root == block.Header.StateRoot, $"reconstructed state of block {block.Number}");
        return made;
    }

    private void Keep(Kept kept)
    {
        // Those made from the newest states first, so that the stale ones are at the end.
        _kept.AddFirst(kept);
        while (_kept.Count > limits.HistoricStates)
        {
            _kept.RemoveLast();
        }
    }

    private sealed record Kept(ulong Number, WorldSnapshot State, ulong MadeFrom);
}
