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
    BlockTree tree, TransactionPool pool, Observer observer, EvidenceKeeper evidence)
{
    private int _usedShare = OrderingTerms.Basis;

    private readonly RevealSequence? _reveals =
        signer is null ? null : new RevealSequence(signer, protocol.Rules.ChainId.Value);

    public void Propose(ConsensusEffect.Propose request)
    {
        if (signer is null || !tree.TryGet(request.Parent.Hash, out TreeBlock parent))
        {
            mail.Post(
                request.Payload.Epoch, new ConsensusInput.ProposalFailed(request.View));
            return;
        }
        ConsensusPayload payload = request.Payload with
        {
            RandomnessReveal = _reveals!.Next(
                Protocol.CommitmentOf(parent, signer.Address),
                Protocol.IsRenewing(parent, signer.Address)),
            Evidence = evidence.For(parent, request.Payload.Epoch),
        };
        var work = new BuildWork(
            protocol, parent, payload, signer, Select(parent, payload, signer.Address));
        Epoch epoch = request.Payload.Epoch;
        outbox.Run(work, (result, elapsedNs) => Answer(epoch, request.View, result, elapsedNs));
    }

    /// <summary>
    /// What fills the block if transactions use as much of what they declare as lately.
    /// The parent's state tells which nonces its unfinalized ancestors have used.
    /// </summary>
    private BlockSelection Select(
        TreeBlock parent, ConsensusPayload payload, in Address leader)
    {
        return pool.SelectWithSpares(
            new SnapshotAccounts(parent.State),
            BaseFeeAfter(parent, payload.TimeMs),
            Protocol.OrderingOf(parent, payload, leader),
            new SelectionBudget(
                Protocol.RoomBesideTransaction0(parent),
                new BuildLimits().Bytes,
                limits.BlockTransactions,
                MeanUsedShare(parent))
            {
                GasLimit = parent.Parameters.GasLimit,
            });
    }

    /// <summary>
    /// A mean over the last blocks: of one alone it would swing with a few large calls. Local, so
    /// no rule of validity.
    /// </summary>
    private int MeanUsedShare(TreeBlock parent)
    {
        _usedShare += (UsedShareOf(parent) - _usedShare) / 4;
        return _usedShare;
    }

    /// <summary>At least a fifth: a block of failed calls must not swell the next.</summary>
    private static int UsedShareOf(TreeBlock parent)
    {
        UInt128 declared = 0;
        foreach (Transaction transaction in parent.Block.Transactions.Skip(1))
        {
            declared += transaction.GasLimit;
        }
        UInt128 used = parent.Header.GasUsed - parent.SteeringGas;
        return declared == 0
            ? OrderingTerms.Basis
            : (int)UInt128.Clamp(
                used * OrderingTerms.Basis / declared, OrderingTerms.Basis / 5,
                OrderingTerms.Basis);
    }

    /// <summary>The base fee of a child of this block at this time.</summary>
    public static UInt256 BaseFeeAfter(TreeBlock parent, long timeMs) => BaseFee.Next(
        parent.Header.BaseFee ?? UInt256.Zero,
        parent.Header.GasUsed,
        (ulong)Math.Max(0, timeMs - parent.Reference.TimeMs),
        parent.Parameters.GasTargetPerSecond,
        parent.Parameters.MinimumBaseFee);

    private void Answer(Epoch epoch, View view, WorkResult result, long elapsedNs)
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
            mail.Post(epoch, new ConsensusInput.ProposalFailed(view));
            return;
        }
        built.Block.LeftOut = built.LeftOut;
        observer.BlockExecuted(built.Block, elapsedNs);
        mail.Post(epoch, new ConsensusInput.Proposed(
            view, built.Block.Reference, built.Block.Encoded, observer.Observe(built.Block)));
    }
}
