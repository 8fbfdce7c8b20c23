using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Keeps the view that readers on other threads have, and tells consensus what follows from the
/// same facts: whether there is work, and the block interval in force.
/// </summary>
internal sealed class Publisher(
    ReplicaConfig config, TreeBlock genesis, Outbox outbox, Mailbox mail, StepClock clock,
    BlockTree tree, TransactionPool pool)
{
    private ChainView _view = new()
    {
        Config = config.Genesis.Config,
        Genesis = ChainHead.Of(genesis),
        Finalized = ChainHead.Of(tree.Finalized),
        Pending = ChainHead.Of(tree.Finalized),
        Pool = PoolView.Empty,
    };

    private TreeBlock _tip = tree.Finalized;
    private bool _hasChanged = true;
    private bool _hasWork;

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

    public void AnnounceInterval(ulong intervalMs) => mail.Post(
        new ConsensusInput.ParametersChanged(
            config.Timing with { BlockIntervalMs = (long)intervalMs }));

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
        };
        outbox.Add(new ReplicaEffect.Head(_view));
        TellWork();
    }

    private void TellWork()
    {
        bool hasWork = HasWork();
        if (hasWork != _hasWork)
        {
            _hasWork = hasWork;
            mail.Post(new ConsensusInput.WorkArrived(hasWork));
        }
    }

    /// <summary>
    /// Whether a block on the tip could include anything. The counts nearly always tell; where
    /// blocks not yet final hold all that is executable, a selection of one does.
    /// </summary>
    private bool HasWork()
    {
        if (pool.ExecutableCount == 0 || pool.ExecutableCount > _tip.UnfinalizedTransactions)
        {
            return pool.ExecutableCount > 0;
        }
        UInt256 baseFee = BlockProposer.BaseFeeAfter(_tip, clock.NowMs);
        var one = new SelectionBudget(_tip.Parameters.GasLimit, long.MaxValue, 1);
        return pool.Select(new SnapshotAccounts(_tip.State), baseFee, one).Count > 0;
    }
}
