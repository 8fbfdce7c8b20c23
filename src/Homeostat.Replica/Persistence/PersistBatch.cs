using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// One atomic append to the node's disk. Empty lists and nulls mean nothing of that kind.
/// </summary>
public sealed record PersistBatch
{
    /// <summary>
    /// True when a vote, a proposal or an announced finality waits for it: fsync.
    /// </summary>
    public required bool Durable { get; init; }

    /// <summary>
    /// Own votes, and the bodies of blocks proposed or voted for, to be read back in this order at
    /// start.
    /// </summary>
    public IReadOnlyList<JournalEntry> Journal { get; init; } = [];

    /// <summary>Newly final blocks, heights rising by one from the last; never undone.</summary>
    public IReadOnlyList<FinalizedBlock> Finalized { get; init; } = [];

    /// <summary>State up to a finalized block; replaces the checkpoint before.</summary>
    public StateCheckpoint? Checkpoint { get; init; }

    /// <summary>
    /// Part of a state that is being fetched. With a checkpoint in the same batch it was the last:
    /// the finalized block is then the first of this node's log, and the progress is forgotten.
    /// </summary>
    public SnapshotPart? Snapshot { get; init; }

    /// <summary>
    /// Journal entries of views below this are no longer needed; the store may delete them
    /// whenever it likes. Zero: nothing new to prune.
    /// </summary>
    public View PruneBelow { get; init; }
}

/// <summary>An opaque record of consensus about one view.</summary>
public sealed record JournalEntry(View View, byte[] Bytes);

/// <summary>
/// The trie nodes and codes, by their hash, that a state root needs beyond the checkpoint before.
/// With the blocks after it, all later state can be computed again.
/// </summary>
public sealed record StateCheckpoint(
    Height Height,
    Hash256 BlockHash,
    Hash256 StateRoot,
    IReadOnlyList<KeyValuePair<Hash256, byte[]>> Nodes);

/// <summary>
/// Trie nodes and codes by hash, in no order, of a state that is not whole yet; and, unless null,
/// what is left to fetch once they and all before them are stored. Nodes never come after the
/// progress that counts on them.
/// </summary>
public sealed record SnapshotPart(
    IReadOnlyList<KeyValuePair<Hash256, byte[]>> Nodes, byte[]? Progress);
