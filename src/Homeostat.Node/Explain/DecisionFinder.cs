using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>A Decision event and the block it is in.</summary>
internal sealed record FoundDecision(DecisionEvent Decision, ulong Height, Hash256 BlockHash);

/// <summary>Finds the records of decisions among a node's logs, newest blocks first.</summary>
internal sealed class DecisionFinder(RpcClient rpc)
{
    /// <summary>Blocks of one query; nodes answer at most 100,000.</summary>
    private const ulong BlocksAtOnce = 50_000;

    /// <summary>The decision of this number, or the last one for "latest".</summary>
    public async Task<FoundDecision> FindAsync(string id, CancellationToken cancellation)
    {
        bool isLatest = id == "latest";
        ulong number = 0;
        if (!isLatest && !ulong.TryParse(
            id, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            throw new RpcException(0, $"'{id}' is no decision: a number from 0, or latest");
        }
        JsonElement? log = await LastLogAsync(
            DecisionEvent.Topic, isLatest ? null : number, cancellation);
        if (log is not { } found)
        {
            throw new RpcException(
                0, isLatest ? "the chain has made no decision yet" : $"no decision {id} so far");
        }
        (List<Hash256> topics, byte[] data) = Parts(found);
        return DecisionEvent.TryDecode(topics, data, out DecisionEvent? decision)
            ? new FoundDecision(
                decision!, RpcClient.Quantity(found.GetProperty("blockNumber")),
                new Hash256(found.GetProperty("blockHash").GetString()!))
            : throw new RpcException(0, "the node's Decision event is of another version");
    }

    /// <summary>Null while the horizon has not passed.</summary>
    public async Task<OutcomeEvent?> OutcomeAsync(ulong id, CancellationToken cancellation)
    {
        if (await LastLogAsync(OutcomeEvent.Topic, id, cancellation) is not { } found)
        {
            return null;
        }
        (List<Hash256> topics, byte[] data) = Parts(found);
        return OutcomeEvent.TryDecode(topics, data, out OutcomeEvent? outcome)
            ? outcome
            : throw new RpcException(0, "the node's Outcome event is of another version");
    }

    /// <summary>
    /// The vector before the decision: what the one before left, or what genesis wrote.
    /// </summary>
    public async Task<IReadOnlyList<ulong>> BeforeAsync(ulong id, CancellationToken cancellation)
    {
        if (id > 0)
        {
            string before = (id - 1).ToString(CultureInfo.InvariantCulture);
            return (await FindAsync(before, cancellation)).Decision.InForce;
        }
        JsonElement vector = await rpc.CallAsync("homeostat_parameters", ["0x0"], cancellation);
        return
        [
            RpcClient.Quantity(vector.GetProperty("gasTargetPerSecond")),
            RpcClient.Quantity(vector.GetProperty("gasLimit")),
            RpcClient.Quantity(vector.GetProperty("minimumBaseFee")),
            RpcClient.Quantity(vector.GetProperty("blockIntervalMs")),
        ];
    }

    private async Task<JsonElement?> LastLogAsync(
        Hash256 topic, ulong? id, CancellationToken cancellation)
    {
        ulong last = RpcClient.Quantity(await rpc.CallAsync("eth_blockNumber", [], cancellation));
        while (true)
        {
            ulong first = last >= BlocksAtOnce ? last - BlocksAtOnce + 1 : 0;
            if (id is null)
            {
                // The newest decision is at most some seconds back; no need to list them all.
                first = Math.Max(first, last - Math.Min(last, 1_000));
            }
            JsonElement logs = await rpc.CallAsync("eth_getLogs", [new JsonObject
            {
                ["address"] = PredeployAddresses.Steering.ToString(),
                ["fromBlock"] = $"0x{first:x}",
                ["toBlock"] = $"0x{last:x}",
                ["topics"] = Topics(topic, id),
            }], cancellation);
            if (logs.GetArrayLength() != 0)
            {
                return logs[logs.GetArrayLength() - 1];
            }
            if (first == 0)
            {
                return null;
            }
            last = first - 1;
        }
    }

    private static JsonArray Topics(in Hash256 topic, ulong? id) => id is { } number
        ? [topic.ToString(), DecisionEvidence.Word(number)]
        : [topic.ToString()];

    private static (List<Hash256> Topics, byte[] Data) Parts(JsonElement log) => (
        [.. log.GetProperty("topics").EnumerateArray().Select(
            topic => new Hash256(topic.GetString()!))],
        Hex.Decode(log.GetProperty("data").GetString()));
}
