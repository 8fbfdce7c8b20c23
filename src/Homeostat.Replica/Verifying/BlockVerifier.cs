using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Executes a block when consensus asks whether it is valid. A block that this node built or has
/// executed before is in the tree and is not executed again. Whatever goes wrong in execution
/// refuses this one block, which is dumped for people to look at.
/// </summary>
internal sealed class BlockVerifier(
    Protocol protocol, Outbox outbox, Mailbox mail, StepClock clock, BlockTree tree,
    TransactionPool pool, Observer observer)
{
    public void Verify(ConsensusEffect.Verify request)
    {
        long arrivedMs = clock.NowMs;
        observer.Telemetry.BlockArrived(arrivedMs - request.Block.TimeMs);
        if (tree.TryGet(request.Block.Hash, out TreeBlock known))
        {
            Accept(known, request.Payload.Epoch);
            return;
        }
        if (!tree.TryGet(request.Parent.Hash, out TreeBlock parent))
        {
            outbox.Log(LogLevel.Debug, $"block {request.Block.Hash}: its parent is gone");
            return;
        }
        var work = new VerifyWork(
            protocol, parent, request.Block, request.Payload, request.Encoded, WorkUrgency.Block);
        outbox.Run(work, (result, elapsedNs) =>
        {
            observer.Telemetry.BlockAnswered(clock.NowMs - arrivedMs);
            Answer(request, result, elapsedNs);
        });
    }

    private void Answer(ConsensusEffect.Verify request, WorkResult result, long elapsedNs)
    {
        switch (result)
        {
            case VerifyWork.Valid valid:
                observer.BlockExecuted(valid.Block, elapsedNs);
                if (tree.TryAdd(valid.Block) && tree.TryGet(valid.Block.Hash, out TreeBlock kept))
                {
                    Judge(request, kept);
                }
                break;
            case VerifyWork.Refused refused:
                Refuse(request, refused.Result, refused.Reason, refused.OwnRoot);
                break;
            case WorkResult.Faulted faulted:
                Refuse(request, VerificationResult.Invalid, faulted.Reason, Hash256.Zero);
                break;
            default:
                Invariant.Require(false, $"a verification gave {result.GetType().Name}");
                break;
        }
    }

    /// <summary>Valid; but does it give the overdue their places?</summary>
    private void Judge(ConsensusEffect.Verify request, TreeBlock block)
    {
        // Without a parent in the tree it is final: there is nothing to vote on.
        string? omitted = block.Parent is { } parent
            ? Protocol.FindOmitted(
                parent, block,
                Protocol.OrderingOf(parent, request.Payload, block.Header.Coinbase),
                hash => pool.TryGet(hash, out PooledTransaction entry) ? entry.Transaction : null)
            : null;
        if (omitted is null)
        {
            Accept(block, request.Payload.Epoch);
            return;
        }
        BlockReference reference = block.Reference;
        outbox.Log(
            LogLevel.Warning, $"block {reference.Height} {reference.Hash}: no vote: {omitted}");
        mail.Post(request.Payload.Epoch, new ConsensusInput.Verified(
            reference.View, reference.Hash, VerificationResult.Unwanted, [], omitted,
            Hash256.Zero));
    }

    private void Accept(TreeBlock block, Epoch epoch) => mail.Post(
        epoch, new ConsensusInput.Verified(
        block.Reference.View, block.Hash, VerificationResult.Valid, observer.Observe(block), "",
        Hash256.Zero));

    private void Refuse(
        ConsensusEffect.Verify request, VerificationResult result, string reason,
        in Hash256 ownRoot)
    {
        BlockReference block = request.Block;
        outbox.Log(LogLevel.Warning, $"block {block.Height} {block.Hash} refused: {reason}");
        outbox.Add(new ReplicaEffect.Dump(new BadBlockDump(
            block.Hash, block.Height, block.View, request.Encoded, reason, ownRoot)));
        mail.Post(request.Payload.Epoch, new ConsensusInput.Verified(
            block.View, block.Hash, result, [], reason, ownRoot));
    }
}
