namespace Homeostat.Ledger;

/// <summary>A journal over a snapshot: what a block's execution reads and changes.</summary>
public sealed class WorldState
{
    public WorldState(WorldSnapshot parent) => Parent = parent;

    public WorldSnapshot Parent { get; }

    /// <summary>
    /// Ends the block: the state with all changes, and the changes. This object is of no use after.
    /// </summary>
    public (WorldSnapshot State, StateChanges Changes) Commit() =>
        throw new NotSupportedException();
}
