using Homeostat.Consensus;

namespace Homeostat.Simulator;

/// <summary>
/// Keeps certificates and bodies to itself, and shows its proposals to one validator only in one
/// view, which then comes to nothing, and to all but one in the next: that block is notarized, and
/// the one left out has to get its body from somebody else.
/// </summary>
internal sealed class Withholder : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes) =>
        (WireKind)bytes[0] switch
        {
            WireKind.Proposal => Shown(targets, bytes).Select(target => (target, bytes)),
            WireKind.Certificates or WireKind.BlockResponse or WireKind.SyncResponse => [],
            _ => targets.Select(target => (target, bytes)),
        };

    private static IEnumerable<int> Shown(int[] targets, byte[] bytes)
    {
        WireMessage.TryDecode(bytes, out WireMessage? message);
        bool isForOne = message is ProposalMessage proposal
            && (proposal.LeaderVote.View.Value >> 2) % 2 == 0;
        return isForOne ? targets.Take(1) : targets.Skip(1);
    }
}
