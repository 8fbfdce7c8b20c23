using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Writes the state out every so many blocks, so that a block's own commit is only an append to
/// the log. After a crash the blocks since the last checkpoint are executed again.
/// </summary>
internal sealed class Checkpointer(
    ReplicaLimits limits, Outbox outbox, TreeBlock last, WorldSnapshot? stored)
{
    private Height _lastHeight = last.Reference.Height;
    private WorldSnapshot? _stored = stored;
    private bool _isUnderWay;
    private long _transactions;

    public void Committed(TreeBlock block)
    {
        _transactions += block.Block.Transactions.Count;
        bool isDue = _transactions >= limits.CheckpointTransactions
            || block.Reference.Height.Value
                >= _lastHeight.Value + (ulong)limits.CheckpointBlocks;
        if (_isUnderWay || !isDue)
        {
            return;
        }
        _isUnderWay = true;
        _transactions = 0;
        outbox.Run(new CheckpointWork(block, _stored), (result, _) => Write(block, result));
    }

    private void Write(TreeBlock block, WorkResult result)
    {
        if (result is not CheckpointWork.Collected collected)
        {
            outbox.Halt($"no checkpoint of block {block.Reference.Height}: {result}");
            return;
        }
        var batch = new PersistBatch { Durable = false, Checkpoint = collected.Checkpoint };
        outbox.Persist(batch, () =>
        {
            _isUnderWay = false;
            _lastHeight = block.Reference.Height;
            _stored = block.State;
        });
    }
}

/// <summary>Lists what a store that holds an older state lacks of a newer one.</summary>
internal sealed record CheckpointWork(TreeBlock Block, WorldSnapshot? Stored) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => 100;

    public WorkResult Run() => new Collected(new StateCheckpoint(
        Block.Reference.Height,
        Block.Hash,
        Block.State.Root,
        Block.State.NodesSince(Stored),
        []));

    public sealed record Collected(StateCheckpoint Checkpoint) : WorkResult;
}
