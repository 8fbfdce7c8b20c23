using System.Diagnostics.CodeAnalysis;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// What the disk holds when a node starts. An empty data folder is the genesis: no journal, no
/// blocks, no checkpoint.
/// </summary>
public sealed record RecoveredState
{
    /// <summary>
    /// False when the journal was lost or its tail was torn: the node then abstains from voting
    /// until consensus says it may again.
    /// </summary>
    public required bool JournalIntact { get; init; }

    public required IReadOnlyList<JournalEntry> Journal { get; init; }

    /// <summary>The newest checkpoint's height and root; null: genesis.</summary>
    public required CheckpointReference? Checkpoint { get; init; }

    /// <summary>The highest block of the log, null when it is empty.</summary>
    public required FinalizedBlock? LastFinalized { get; init; }

    /// <summary>The block log, readable by height from any thread while the node runs.</summary>
    public required IBlockLog BlockLog { get; init; }

    /// <summary>
    /// Fresh entropy for this start: a validator without its journal asks the others with it.
    /// </summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>
    /// Newest <see cref="SnapshotPart.Progress"/> of a state that is not whole yet; else null.
    /// </summary>
    public byte[]? Snapshot { get; init; }

    /// <summary>State nodes and codes of the checkpoint, readable while the node runs.</summary>
    public required IStateStore State { get; init; }
}

public sealed record CheckpointReference(Height Height, Hash256 BlockHash, Hash256 StateRoot);

/// <summary>Finalized blocks on disk. Called from any thread.</summary>
public interface IBlockLog
{
    bool TryGet(Height height, out FinalizedBlock block);
}

/// <summary>Trie nodes and codes on disk, by hash. Called from any thread.</summary>
public interface IStateStore
{
    bool TryGetNode(in Hash256 hash, out byte[] bytes);
}

/// <summary>The disk as the ledger's source of bytes by their hash.</summary>
internal sealed class StoredState(IStateStore store) : INodeSource
{
    public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes)
    {
        if (store.TryGetNode(hash, out byte[] found))
        {
            bytes = found;
            return true;
        }
        bytes = null;
        return false;
    }
}
