using System.Text.Json;
using Homeostat.Node.Network;

namespace Homeostat.Node.Rpc;

/// <summary>
/// admin_*: the node's peers, as geth's. Off unless --rpc.admin: who may call these may cut the
/// node off. A peer is named 0xaddress@host:port.
/// </summary>
internal sealed class AdminMethods(RpcContext context, IPeerAdministration peers)
{
    public void Register(RpcTable.Builder table)
    {
        table.Add("admin_nodeInfo", WriteNode);
        table.Add("admin_peers", WritePeers);
        table.Add("admin_addPeer", (arguments, result) =>
            result.WriteBooleanValue(peers.AddPeer(Read(arguments))));
        table.Add("admin_removePeer", (arguments, result) =>
            result.WriteBooleanValue(peers.RemovePeer(Read(arguments).Identity)));
    }

    private static PeerEndpoint Read(RpcParams arguments) =>
        PeerEndpoint.TryParse(arguments.Text(0), out PeerEndpoint? peer)
            ? peer!
            : throw RpcException.InvalidParams(
                $"{RpcParams.At(0)}: a peer is named 0xaddress@host:port");

    private void WriteNode(RpcParams arguments, Utf8JsonWriter result)
    {
        PeerEndpoint self = peers.Self;
        RpcBlock head = context.Chain.Head;
        result.WriteStartObject();
        result.Data("id"u8, self.Identity);
        result.WriteString("name"u8, context.Node.ClientVersion);
        result.WriteString("enode"u8, self.ToString());
        result.WriteString("ip"u8, self.Host);
        result.WriteString("listenAddr"u8, $"{self.Host}:{self.Port}");
        result.WriteStartObject("ports"u8);
        result.WriteNumber("listener"u8, self.Port);
        result.WriteEndObject();
        result.WriteStartObject("protocols"u8);
        result.WriteStartObject("homeostat"u8);
        result.WriteNumber("network"u8, context.Node.ChainId.Value);
        result.Data("genesis"u8, context.Chain.Get(BlockSelector.At(0)).Hash);
        result.Data("head"u8, head.Hash);
        result.WriteEndObject();
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private void WritePeers(RpcParams arguments, Utf8JsonWriter result)
    {
        result.WriteStartArray();
        foreach (PeerDescription peer in peers.Peers.OrderBy(peer => peer.Identity))
        {
            result.WriteStartObject();
            result.Data("id"u8, peer.Identity);
            result.WriteStartObject("network"u8);
            result.WriteString("localAddress"u8, peer.Local);
            result.WriteString("remoteAddress"u8, peer.Remote);
            result.WriteBoolean("inbound"u8, peer.Inbound);
            result.WriteBoolean("static"u8, peer.IsDialled);
            result.WriteEndObject();
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }
}
