using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// When it leads, builds a block that is good in every respect but one: it stands not on the
/// notarized tip but on the tip's parent, with no nullification of the view between. It also keeps
/// its finalize votes and certificates to itself, so that the tip is final later than it could be.
/// </summary>
internal sealed class Forker(ISigner signer, VoteDigests digests, ValidatorIndex self) : IAdversary
{
    private readonly Dictionary<Hash256, TreeBlock> _blocks = [];
    private readonly HashSet<View> _forked = [];

    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        WireMessage.TryDecode(bytes, out WireMessage? message);
        bool isKept = message switch
        {
            CertificatesMessage => true,
            VoteMessage { Vote.Kind: VoteKind.Finalize } => true,
            ProposalMessage proposal => _forked.Contains(proposal.LeaderVote.View),
            _ => false,
        };
        return isKept ? [] : targets.Select(target => (target, bytes));
    }

    public IEnumerable<byte[]> Ran(IWork work, WorkResult result)
    {
        if (result is VerifyWork.Valid valid)
        {
            _blocks[valid.Block.Hash] = valid.Block;
        }
        if (work is not BuildWork build)
        {
            return [];
        }
        _blocks[build.Parent.Hash] = build.Parent;
        if (result is BuildWork.Built built)
        {
            _blocks[built.Block.Hash] = built.Block;
        }
        return Fork(build) is { } proposal ? [proposal.Encode()] : [];
    }

    private ProposalMessage? Fork(BuildWork build)
    {
        TreeBlock tip = build.Parent;
        if (!_blocks.TryGetValue(tip.Reference.ParentHash, out TreeBlock? parent)
            || !new BlockCodec().TryRead(tip.Encoded, out _, out ConsensusPayload ofTip))
        {
            return null;
        }
        BuildWork forked = build with
        {
            Parent = parent,
            Payload = build.Payload with
            {
                ParentView = ofTip.ParentView,
                ParentNotarization = ofTip.ParentNotarization,
            },
        };
        if (WorkRunner.Run(forked) is not BuildWork.Built { Block: var block })
        {
            return null;
        }
        _forked.Add(block.Reference.View);
        var vote = new Vote(
            VoteKind.Notarize, build.Payload.Epoch, block.Reference.View, block.Hash, self,
            default(Steering.Observation).Encode(), default);
        return new ProposalMessage(
            block.Encoded, vote with { Signature = signer.Sign(digests.Of(vote)) });
    }
}
