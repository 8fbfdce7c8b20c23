using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Finds the last final block's state again: opens the last checkpoint (or genesis) and executes
/// the blocks of the log after it. Any difference to what was stored is a broken disk or another
/// program: the node halts.
/// </summary>
internal sealed record ReplayWork(Protocol Protocol, TreeBlock Genesis, RecoveredState Recovered)
    : IWork
{
    private static readonly BlockCodec Codec = new();

    public WorkUrgency Urgency => WorkUrgency.Block;

    public int Load => 100 * (int)Math.Min(
        1_000_000,
        (Recovered.LastFinalized?.Height.Value ?? 0) - (Recovered.Checkpoint?.Height.Value ?? 0));

    public WorkResult Run()
    {
        TreeBlock start = Recovered.Checkpoint is { } checkpoint ? Open(checkpoint) : Genesis;
        TreeBlock last = start;
        Height end = Recovered.LastFinalized?.Height ?? Height.Genesis;
        while (last.Reference.Height < end && Protocol.Rules.Knows(last.Revision))
        {
            last = Execute(last, Stored(last.Reference.Height.Next));
        }
        return new Replayed(start, last);
    }

    private FinalizedBlock Stored(Height height)
    {
        bool isStored = Recovered.BlockLog.TryGet(height, out FinalizedBlock stored);
        Invariant.Require(isStored, $"block {height} is missing in the block log");
        return stored;
    }

    /// <summary>The checkpoint's block, with the state that is on disk.</summary>
    private TreeBlock Open(CheckpointReference checkpoint)
    {
        FinalizedBlock stored = Stored(checkpoint.Height);
        Invariant.Require(stored.Hash == checkpoint.BlockHash);
        (BlockReference reference, _) = Read(stored);
        bool isBlock = BlockCodec.TryReadBlock(stored.Encoded, out Block block, out string error);
        Invariant.Require(isBlock, error);
        Invariant.Require(block.Header.StateRoot == checkpoint.StateRoot);
        WorldSnapshot state = WorldSnapshot.Open(checkpoint.StateRoot, Genesis.State.Source);
        return new TreeBlock
        {
            Reference = reference,
            Block = block,
            Encoded = stored.Encoded,
            State = state,
            Parameters = ChainParameters.Read(new SnapshotStorage(state)),
            Validators = Protocol.VotersAfter(
                reference.Height, EpochSets.Read(state) ?? Genesis.Validators),
            Revision = RevisionStorage.Read(new SnapshotStorage(state)),
            SteeringGas = ReceiptList.FirstGasUsed(stored.Receipts),
        };
    }

    private TreeBlock Execute(TreeBlock parent, FinalizedBlock stored)
    {
        (BlockReference reference, ConsensusPayload payload) = Read(stored);
        Invariant.Require(reference.ParentHash == parent.Hash);
        var work = new VerifyWork(
            Protocol, parent, reference, payload, stored.Encoded, WorkUrgency.Block);
        WorkResult result = work.Run();
        Invariant.Require(
            result is VerifyWork.Valid, $"block {stored.Height} of the log: {result}");
        return ((VerifyWork.Valid)result).Block;
    }

    private static (BlockReference Reference, ConsensusPayload Payload) Read(FinalizedBlock stored)
    {
        bool isRead = Codec.TryRead(
            stored.Encoded, out BlockReference reference, out ConsensusPayload payload);
        Invariant.Require(isRead, $"block {stored.Height} of the log can't be read");
        Invariant.Require(reference.Hash == stored.Hash);
        return (reference, payload);
    }

    /// <summary>The block whose state is stored, and the last final block.</summary>
    public sealed record Replayed(TreeBlock Start, TreeBlock Last) : WorkResult;
}
