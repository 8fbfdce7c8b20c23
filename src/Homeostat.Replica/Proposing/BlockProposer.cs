using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Builds a block when consensus asks. What to try is selected from the pool within the step (it
/// costs what the block takes, not what the pool holds); all else is a work.
/// </summary>
internal sealed class BlockProposer(
    Protocol protocol, ISigner? signer, ReplicaLimits limits, Outbox outbox, Mailbox mail,
    BlockTree tree, TransactionPool pool, Observer observer)
{
    public void Propose(ConsensusEffect.Propose request)
    {
        if (signer is null || !tree.TryGet(request.Parent.Hash, out TreeBlock parent))
        {
            mail.Post(new ConsensusInput.ProposalFailed(request.View));
            return;
        }
        var work = new BuildWork(
            protocol, parent, request.Payload, signer, Select(parent, request.Payload.TimeMs));
        outbox.Run(work, (result, elapsedNs) => Answer(request.View, result, elapsedNs));
    }

    /// <summary>
    /// Twice the block's gas, as transactions use less than they declare. The parent's state tells
    /// which nonces its unfinalized ancestors have used.
    /// </summary>
    private IReadOnlyList<RecoveredTransaction> Select(TreeBlock parent, long timeMs)
    {
        ulong gas = parent.Parameters.GasLimit;
        return pool.Select(
            new SnapshotAccounts(parent.State),
            BaseFeeAfter(parent, timeMs),
            new SelectionBudget(
                gas > ulong.MaxValue / 2 ? gas : 2 * gas,
                2 * new BuildLimits().Bytes,
                limits.BlockTransactions));
    }

    /// <summary>The base fee of a child of this block at this time.</summary>
    public static UInt256 BaseFeeAfter(TreeBlock parent, long timeMs) => BaseFee.Next(
        parent.Header.BaseFee ?? UInt256.Zero,
        parent.Header.GasUsed,
        (ulong)Math.Max(0, timeMs - parent.Reference.TimeMs),
        parent.Parameters.GasTargetPerSecond,
        parent.Parameters.MinimumBaseFee);

    private void Answer(View view, WorkResult result, long elapsedNs)
    {
        if (result is not BuildWork.Built built || !tree.TryAdd(built.Block))
        {
            string reason = result switch
            {
                BuildWork.Failed failed => failed.Reason,
                WorkResult.Faulted faulted => faulted.Reason,
                _ => "its parent can no longer become final",
            };
            outbox.Log(LogLevel.Warning, $"view {view}: no block built: {reason}");
            mail.Post(new ConsensusInput.ProposalFailed(view));
            return;
        }
        built.Block.LeftOut = built.LeftOut;
        observer.BlockExecuted(built.Block, elapsedNs);
        mail.Post(new ConsensusInput.Proposed(
            view, built.Block.Reference, built.Block.Encoded, observer.Observe()));
    }
}
