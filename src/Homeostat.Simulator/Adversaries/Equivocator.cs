using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Tells one half of the validators that it notarizes (and finalizes) what it was given, the other
/// half that it is for another block.
/// </summary>
internal sealed class Equivocator(ISigner signer, VoteDigests digests) : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        byte[] other = Contradict(bytes) ?? bytes;
        return targets.Select(target => (target, target % 2 == 0 ? bytes : other));
    }

    private byte[]? Contradict(byte[] bytes)
    {
        if ((WireKind)bytes[0] != WireKind.Vote
            || WireMessage.TryDecode(bytes, out WireMessage? message) is not null
            || message is not VoteMessage { Vote: var vote }
            || vote.Kind == VoteKind.Nullify)
        {
            return null;
        }
        Vote other = vote with { BlockHash = Keccak.Hash(vote.BlockHash.Bytes) };
        return new VoteMessage(other with { Signature = signer.Sign(digests.Of(other)) }).Encode();
    }
}
