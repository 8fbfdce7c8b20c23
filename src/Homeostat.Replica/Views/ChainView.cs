using Homeostat.Ledger;

namespace Homeostat.Replica;

/// <summary>
/// The chain as readers on other threads see it: immutable, replaced whole by a newer one.
/// `latest`, `safe` and `finalized` are all <see cref="Finalized"/>; `pending` is
/// <see cref="Pending"/> plus <see cref="Pool"/>.
/// </summary>
public sealed record ChainView
{
    public required ChainConfig Config { get; init; }

    public required ChainHead Genesis { get; init; }

    /// <summary>The last final block that is on this node's disk.</summary>
    public required ChainHead Finalized { get; init; }

    /// <summary>
    /// The notarized block of the highest view, if it descends from the final one; else that. May
    /// yet be undone.
    /// </summary>
    public required ChainHead Pending { get; init; }

    public required PoolView Pool { get; init; }

    /// <summary>Null when the node is not behind, as far as it knows.</summary>
    public SyncStatus? Sync { get; init; }
}
