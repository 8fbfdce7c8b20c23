using System.Text;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>Reads standing rules and loops' names over JSON-RPC.</summary>
internal sealed class RuleReader(IRpcCaller rpc)
{
    /// <summary>A rule by its id, or null: not written.</summary>
    public async Task<StandingRule?> FindAsync(Hash256 id, CancellationToken cancellation) =>
        StandingRule.Decode(await CallAsync(
            PredeployAddresses.RuleBook,
            AbiCall.Encode("ruleOf(bytes32)", new AbiTuple().Add(id)), cancellation));

    /// <summary>Names of the Constitution's loops in the order of their places.</summary>
    public async Task<IReadOnlyList<string>> LoopNamesAsync(CancellationToken cancellation)
    {
        byte[] returned = await CallAsync(
            PredeployAddresses.Constitution, AbiCall.Encode("loops()"), cancellation);
        return [.. new AbiReader(returned).ReadHashArray()
            .Select(name => Encoding.ASCII.GetString(name.ToArray()).TrimEnd('\0'))];
    }

    /// <summary>What a view of a contract returns.</summary>
    public async Task<byte[]> CallAsync(
        Address to, byte[] data, CancellationToken cancellation) => Hex.Decode(
        (await rpc.CallAsync(
            "eth_call",
            [
                new JsonObject { ["to"] = to.ToString(), ["data"] = Hex.Encode(data) }, "latest",
            ],
            cancellation)).GetString());
}
