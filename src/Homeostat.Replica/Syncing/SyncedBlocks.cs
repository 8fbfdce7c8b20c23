using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>
/// Executes and commits, one after another, the final blocks that sync has fetched. Consensus may
/// finalize some of them at the same time: those are passed over.
/// </summary>
internal sealed class SyncedBlocks(
    Protocol protocol, Outbox outbox, Mailbox mail, BlockTree tree, BlockCommitter committer)
{
    private readonly Queue<SyncEffect.Apply> _waiting = new();
    private bool _isExecuting;

    public void Apply(SyncEffect.Apply request)
    {
        _waiting.Enqueue(request);
        Continue();
    }

    private void Continue()
    {
        // What comes after a revision that this node does not know is for its next version.
        while (!_isExecuting && protocol.Rules.Knows(tree.Finalized.Revision)
            && _waiting.TryDequeue(out SyncEffect.Apply? request))
        {
            Take(request);
        }
    }

    private void Take(SyncEffect.Apply request)
    {
        if (request.Block.Height <= tree.Finalized.Reference.Height)
        {
            Adopted(request);
        }
        else if (request.Block.ParentHash != tree.Finalized.Hash)
        {
            Fail(request, "it does not follow the last final block");
        }
        else if (tree.TryGet(request.Block.Hash, out TreeBlock known))
        {
            committer.Commit(known, request.Proof);
            Adopted(request);
        }
        else
        {
            Execute(request);
        }
    }

    private void Execute(SyncEffect.Apply request)
    {
        _isExecuting = true;
        var work = new VerifyWork(
            protocol, tree.Finalized, request.Block, request.Payload, request.Encoded,
            WorkUrgency.Background);
        outbox.Run(work, (result, _) =>
        {
            _isExecuting = false;
            Answer(request, result);
            Continue();
        });
    }

    private void Answer(SyncEffect.Apply request, WorkResult result)
    {
        switch (result)
        {
            case VerifyWork.Valid valid:
                // Meanwhile consensus may have executed the same block, or made it final.
                tree.TryAdd(valid.Block);
                Take(request);
                break;
            case VerifyWork.Refused { Result: VerificationResult.BodyMismatch } mismatch:
                Fail(request, mismatch.Reason);
                break;
            default:
                outbox.Halt(
                    $"block {request.Block.Height} {request.Block.Hash} is final by the others' "
                    + $"certificate and invalid here: {result}");
                break;
        }
    }

    private void Adopted(SyncEffect.Apply request)
    {
        if (request.IsProofBlock)
        {
            mail.Post(new ConsensusInput.Adopted(request.Block, request.Proof));
        }
    }

    private void Fail(SyncEffect.Apply request, string reason)
    {
        outbox.Log(LogLevel.Warning, $"sync of block {request.Block.Height}: {reason}");
        _waiting.Clear();
        mail.Post(new SyncInput.ApplyFailed(request.Block, reason));
    }
}
