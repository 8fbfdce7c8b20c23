using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>The node and its network: ids, versions, peers, syncing.</summary>
internal sealed class EthNetwork(RpcContext context)
{
    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_chainId", (_, result) => result.Quantity(context.Node.ChainId.Value));
        table.Add("net_version", (_, result) =>
            result.WriteStringValue(context.Node.ChainId.ToString()));
        table.Add("net_listening", (_, result) => result.WriteBooleanValue(true));
        table.Add("net_peerCount", (_, result) =>
            result.Quantity((ulong)context.Node.PeerCount()));
        table.Add("web3_clientVersion", (_, result) =>
            result.WriteStringValue(context.Node.ClientVersion));
        table.Add("web3_sha3", (arguments, result) =>
            result.Data(Keccak.Hash(arguments.Data(0)).Bytes));
        table.Add("eth_syncing", GetSyncing);
        table.Add("eth_protocolVersion", (_, result) => result.Quantity(68UL));
    }

    private void GetSyncing(RpcParams arguments, Utf8JsonWriter result)
    {
        if (context.Node.Syncing() is not { } progress)
        {
            result.WriteBooleanValue(false);
            return;
        }
        EthJson.Syncing(result, progress);
    }
}
