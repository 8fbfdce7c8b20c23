using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Votes to nullify every view it votes in, and never to finalize: allowed by the letter of the
/// protocol, and meant to stop it.
/// </summary>
internal sealed class Nuller(ISigner signer, VoteDigests digests) : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        bool isVote = (WireKind)bytes[0] == WireKind.Vote;
        if (!isVote || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return targets.Select(target => (target, bytes));
        }
        Vote vote = ((VoteMessage)message!).Vote;
        Vote nullify = vote with
        {
            Kind = VoteKind.Nullify,
            BlockHash = Hash256.Zero,
            Observation = [],
        };
        byte[] instead =
            new VoteMessage(nullify with { Signature = signer.Sign(digests.Of(nullify)) }).Encode();
        return targets.Select(target => (target, instead));
    }
}
