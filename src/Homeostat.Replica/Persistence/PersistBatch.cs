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
