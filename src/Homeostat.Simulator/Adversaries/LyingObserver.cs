using Homeostat.Consensus;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// Votes as it should, with observations as far from the truth as they can be: everything is
/// infinitely slow in one view and infinitely fast in the next.
/// </summary>
internal sealed class LyingObserver(ISigner signer, VoteDigests digests) : IAdversary
{
    private static readonly byte[] Slow = Report(new Observation(
        Observation.MaximumNanosecondsPerKilogas, uint.MaxValue, ushort.MaxValue, uint.MaxValue,
        uint.MaxValue, ushort.MaxValue, ushort.MaxValue, byte.MaxValue, byte.MaxValue));

    private static readonly byte[] Fast = Report(default);

    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        byte[] lie = Lie(bytes);
        return targets.Select(target => (target, lie));
    }

    private static byte[] Report(Observation measured) =>
        new ObservationReport(measured, default, []).Encode();

    private byte[] Lie(byte[] bytes)
    {
        if ((WireKind)bytes[0] is not (WireKind.Vote or WireKind.Proposal)
            || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return bytes;
        }
        return message switch
        {
            VoteMessage { Vote: { Kind: VoteKind.Notarize } vote } =>
                new VoteMessage(Lie(vote)).Encode(),
            ProposalMessage proposal =>
                (proposal with { LeaderVote = Lie(proposal.LeaderVote) }).Encode(),
            _ => bytes,
        };
    }

    private Vote Lie(Vote vote)
    {
        Vote lie = vote with { Observation = vote.View.Value % 2 == 0 ? Slow : Fast };
        return lie with { Signature = signer.Sign(digests.Of(lie)) };
    }
}
