using Homeostat.Consensus;

namespace Homeostat.Simulator;

/// <summary>Shows its proposals to one validator only, and keeps certificates and bodies.</summary>
internal sealed class Withholder : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes) =>
        (WireKind)bytes[0] switch
        {
            WireKind.Proposal => targets.Take(1).Select(target => (target, bytes)),
            WireKind.Certificates or WireKind.BlockResponse or WireKind.SyncResponse => [],
            _ => targets.Select(target => (target, bytes)),
        };
}
