using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Computes the dry run that the chain asks for, in the background, and says what this validator
/// attests of it. What it does not know (its blocks came by sync, or it was started since) it
/// leaves as its last vote on the chain had it.
/// </summary>
internal sealed class DryRunDesk(Protocol protocol, Outbox outbox, Address? self)
{
    private Hash256 _block;
    private Height _height;
    private Hash256 _digest;

    /// <summary>The digest for a vote on this block; zero for none.</summary>
    public Hash256 Attested(TreeBlock block)
    {
        var state = new SnapshotStorage(block.State);
        if (self is not { } address || DryRunStorage.OpenAt(state) is not { } height
            || height > block.Reference.Height)
        {
            return Hash256.Zero;
        }
        TreeBlock? requested = block;
        while (requested is not null && requested.Reference.Height > height)
        {
            requested = requested.Parent;
        }
        Hash256 hash = requested?.Hash ?? Hash256.Zero;
        if (requested is not null && hash != _block)
        {
            Start(requested);
        }
        // Below the last final block there is one request at a height, and an older one is another.
        bool isThis = requested is null ? _height == height : hash == _block;
        bool isKnown = isThis && !_digest.IsZero;
        return isKnown ? _digest : new SteeringStorage(state).Signals(address).Attestation;
    }

    private void Start(TreeBlock block)
    {
        (_block, _height, _digest) = (block.Hash, block.Reference.Height, Hash256.Zero);
        outbox.Run(new DryRunWork(protocol, block), (result, _) =>
        {
            if (result is DryRunWork.Done done && block.Hash == _block)
            {
                _digest = done.Result.Digest;
            }
            else if (result is WorkResult.Faulted faulted)
            {
                outbox.Log(LogLevel.Warning, $"dry run of block {block.Hash}: {faulted.Reason}");
            }
        });
    }
}

/// <summary>A dry run on the state of the block of its request.</summary>
internal sealed record DryRunWork(Protocol Protocol, TreeBlock Block) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    /// <summary>About as much as so many transfers.</summary>
    public int Load => 2_000;

    public WorkResult Run()
    {
        DryRunRequest? request = DryRunStorage.Current(new SnapshotStorage(Block.State));
        return request is null
            ? new WorkResult.Faulted("the block asks for no dry run that can be read")
            : new Done(DryRun.Run(
                Block.State, Block.Header, Block.SteeringGas,
                Protocol.Rules.ChildOf(Block.Revision).At(
                    Block.Header.Number, Block.Header.Timestamp),
                Protocol.Engine(), request));
    }

    public sealed record Done(DryRunResult Result) : WorkResult;
}
