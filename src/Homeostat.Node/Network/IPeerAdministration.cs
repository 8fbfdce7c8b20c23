using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>A connected peer as admin_peers shows it.</summary>
/// <param name="Inbound">The peer dialled.</param>
/// <param name="IsDialled">This node dials it whenever it is not connected.</param>
internal sealed record PeerDescription(
    Address Identity, string Local, string Remote, bool Inbound, bool IsDialled);

/// <summary>What an operator may see and change of a node's peers. Any thread.</summary>
internal interface IPeerAdministration
{
    /// <summary>How others dial this node: 0xaddress@host:port.</summary>
    PeerEndpoint Self { get; }

    IReadOnlyList<PeerDescription> Peers { get; }

    /// <summary>Dials the peer from now on; false when it is dialled already or is us.</summary>
    bool AddPeer(PeerEndpoint peer);

    /// <summary>Dials the peer no more and ends its connection; false if there was neither.
    /// </summary>
    bool RemovePeer(in Address identity);
}
