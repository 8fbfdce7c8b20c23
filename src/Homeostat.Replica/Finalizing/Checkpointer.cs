using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Writes the state out every so many blocks, so that a block's own commit is only an append to
/// the log. After a crash the blocks since the last checkpoint are executed again. What is written
/// need not stay in memory: after each checkpoint the state is brought below its bound.
/// </summary>
internal sealed class Checkpointer(ReplicaLimits limits, Outbox outbox, TreeBlock last)
{
    private Height _lastHeight = last.Reference.Height;
    private TreeBlock _head = last;
    private bool _isUnderWay;
    private TreeBlock? _waiting;
    private long _transactions;

    public void Committed(TreeBlock block)
    {
        _head = block;
        _transactions += block.Block.Transactions.Count;
        // The same heights on all nodes: whoever joins can then fetch one state from many.
        ulong blocks = (ulong)limits.CheckpointBlocks;
        bool isShared = block.Reference.Height.Value % blocks == 0;
        bool isDue = isShared || _transactions >= limits.CheckpointTransactions
            || block.Reference.Height.Value >= _lastHeight.Value + blocks;
        if (_isUnderWay)
        {
            _waiting = isShared ? block : _waiting;
        }
        else if (isDue)
        {
            Begin(block);
        }
    }

    private void Begin(TreeBlock block)
    {
        _isUnderWay = true;
        _transactions = 0;
        outbox.Run(new CheckpointWork(block), (result, _) => Write(block, result));
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
            _lastHeight = block.Reference.Height;
            Release(collected.Unstored);
        });
    }

    private void Release(UnstoredNodes written) =>
        outbox.Run(new ReleaseWork(written, _head.State, limits), (result, _) =>
        {
            _isUnderWay = false;
            outbox.Log(LogLevel.Debug, $"state after the checkpoint: {result}");
            if (_waiting is { } block)
            {
                _waiting = null;
                Begin(block);
            }
        });
}

/// <summary>Lists what a store lacks of a state.</summary>
internal sealed record CheckpointWork(TreeBlock Block) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => 100;

    public WorkResult Run()
    {
        UnstoredNodes unstored = Block.State.Unstored();
        return new Collected(
            new StateCheckpoint(
                Block.Reference.Height, Block.Hash, Block.State.Root, unstored.Entries),
            unstored);
    }

    public sealed record Collected(StateCheckpoint Checkpoint, UnstoredNodes Unstored)
        : WorkResult;
}

/// <summary>
/// Lets go of state in memory that the store has. It changes nothing that anyone can see but the
/// time that reading takes, so it may run beside all other works.
/// </summary>
internal sealed record ReleaseWork(
    UnstoredNodes Written, WorldSnapshot Head, ReplicaLimits Limits) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => 100;

    public WorkResult Run()
    {
        Written.MarkStored();
        return new Released(Head.Release(Limits.LoadedNodes, Limits.LoadedCodeBytes));
    }

    public sealed record Released(LoadedState Left) : WorkResult;
}
