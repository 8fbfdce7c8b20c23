using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// An executed block in the tree of those not yet final (or its root, the last final one), with
/// its state: an overlay that shares all it did not change with its parent's.
/// </summary>
internal sealed class TreeBlock
{
    public required BlockReference Reference { get; init; }

    public required Block Block { get; init; }

    /// <summary>What consensus carried; empty for genesis.</summary>
    public required byte[] Encoded { get; init; }

    public required WorldSnapshot State { get; init; }

    /// <summary>In force for the children of this block.</summary>
    public required ChainParameters Parameters { get; init; }

    /// <summary>Who votes for the children of this block.</summary>
    public required ValidatorSet Validators { get; init; }

    /// <summary>What the children of this block follow; null: the first there is.</summary>
    public required ActiveRevision? Revision { get; init; }

    /// <summary>Gas of this block's transaction 0; 0 for genesis.</summary>
    public required ulong SteeringGas { get; init; }

    /// <summary>Null for genesis and for a block whose state came from a checkpoint.</summary>
    public ExecutedBlock? Executed { get; init; }

    public BlockHeader Header => Block.Header;

    public Hash256 Hash => Reference.Hash;

    /// <summary>Null for the root.</summary>
    public TreeBlock? Parent { get; set; }

    public List<TreeBlock> Children { get; } = [];

    /// <summary>
    /// Transactions but transaction 0 in this block and its unfinalized ancestors.
    /// </summary>
    public int UnfinalizedTransactions { get; set; }

    /// <summary>What the builder found impossible, when it was built here.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; set; } = [];

    /// <summary>Its transactions without the protocol's own.</summary>
    public IEnumerable<RecoveredTransaction> UserTransactions =>
        Executed?.Transactions.Skip(1) ?? [];

    public static TreeBlock Of(
        TreeBlock parent, Protocol protocol, BlockReference reference, byte[] encoded,
        ExecutedBlock executed) => new()
        {
            Reference = reference,
            Block = executed.Block,
            Encoded = encoded,
            State = executed.State,
            Parameters = ChainParameters.Read(new SnapshotStorage(executed.State)),
            Validators = protocol.Epochs.IsLast(reference.Height)
                ? protocol.VotersAfter(
                    reference.Height, EpochSets.Read(executed.State) ?? parent.Validators)
                : parent.Validators,
            Revision = protocol.Epochs.IsLast(reference.Height)
                ? RevisionStorage.Read(new SnapshotStorage(executed.State))
                : parent.Revision,
            SteeringGas = executed.Receipts.Count > 0 ? executed.Receipts[0].GasUsed : 0,
            Executed = executed,
        };
}

/// <summary>Steering's one way to read the chain, over a snapshot.</summary>
internal sealed class SnapshotStorage(WorldSnapshot state) : IStorageReader
{
    public UInt256 Read(in Address contract, in UInt256 slot) => state.GetStorage(contract, slot);
}
