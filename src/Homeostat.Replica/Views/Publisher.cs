using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Keeps the view that readers on other threads have, and tells consensus what follows from the
/// same facts: whether there is work.
/// </summary>
internal sealed class Publisher(
    ReplicaConfig config, TreeBlock genesis, Outbox outbox, PendingWork work, BlockTree tree,
    TransactionPool pool, SyncMachine sync)
{
    /// <summary>A node so many blocks behind still counts as at the tip.</summary>
    private const ulong AtTipBlocks = 16;


    private ChainView _view = new()
    {
        Config = config.Genesis.Config,
        Genesis = ChainHead.Of(genesis),
        Finalized = ChainHead.Of(tree.Finalized),
        Pending = ChainHead.Of(tree.Finalized),
        Pool = PoolView.Empty,
    };

    private TreeBlock _tip = tree.Finalized;
    private Height? _behindSince;
    private bool _hasChanged = true;

    /// <summary>The last final block that is on disk.</summary>
    public BlockReference FinalizedReference { get; private set; } = tree.Finalized.Reference;

    public void ShowFinal(TreeBlock block)
    {
        _view = _view with { Finalized = ChainHead.Of(block) };
        FinalizedReference = block.Reference;
        _hasChanged = true;
    }

    public void Notarized(in Hash256 hash)
    {
        if (tree.TryGet(hash, out TreeBlock block) && block.Reference.View > _tip.Reference.View)
        {
            _tip = block;
            _hasChanged = true;
        }
    }


    /// <summary>Time alone has made a transaction affordable.</summary>
    public void LookForWork() => work.Tell(_tip);

    private SyncStatus? Status()
    {
        Height current = FinalizedReference.Height;
        Height highest = sync.Highest;
        ulong allowed = _behindSince is null ? AtTipBlocks : 0;
        if (highest.Value - Math.Min(current.Value, highest.Value) <= allowed)
        {
            _behindSince = null;
            return null;
        }
        _behindSince ??= current;
        return new SyncStatus(_behindSince.Value, current, highest);
    }

    /// <summary>Ends a step: tells what has changed in it.</summary>
    /// <param name="poolChanged">True when the pool took or lost something.</param>
    public void Publish(bool poolChanged)
    {
        if (!_hasChanged && !poolChanged)
        {
            return;
        }
        if (!tree.TryGet(_tip.Hash, out _))
        {
            _tip = tree.Finalized; // Its branch lost.
        }
        _hasChanged = false;
        _view = _view with
        {
            Pending = _view.Pending.Hash == _tip.Hash ? _view.Pending : ChainHead.Of(_tip),
            Pool = pool.View(),
            Sync = Status(),
        };
        outbox.Add(new ReplicaEffect.Head(_view));
        work.Tell(_tip);
    }
}
