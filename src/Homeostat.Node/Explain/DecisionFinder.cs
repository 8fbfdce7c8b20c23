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
internal sealed class DecisionFinder(IRpcCaller rpc)
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

    /// <summary>The Decision in a log of JSON-RPC; null when it is another event.</summary>
    public static DecisionEvent? TryRead(JsonElement log)
    {
        (List<Hash256> topics, byte[] data) = Parts(log);
        return DecisionEvent.TryDecode(topics, data, out DecisionEvent? decision)
            ? decision
            : null;
    }

    /// <summary>The decision of this number, or "latest", in plain words.</summary>
    public async Task<string> ExplainAsync(string id, CancellationToken cancellation)
    {
        FoundDecision found = await FindAsync(id, cancellation);
        IReadOnlyList<ulong> before = await BeforeAsync(found, cancellation);
        OutcomeEvent? outcome = await OutcomeAsync(found.Decision.Id, cancellation);
        if (found.Decision.Actor == Actor.Rule)
        {
            var book = new RuleReader(rpc);
            IReadOnlyList<string> loops = await book.LoopNamesAsync(cancellation);
            return RuleWords.Describe(
                found, SteeringLoops.Find(found.Decision.Loop)?.Words ?? DecisionWords.Unknown,
                before, await book.FindAsync(found.Decision.ModelHash, cancellation),
                place => place < loops.Count ? loops[place] : $"loop {place}", outcome);
        }
        return DecisionWords.Describe(found, before, outcome);
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
    /// The vector before the decision: what the loop's one before left, or what genesis wrote.
    /// Empty when the node can't tell.
    /// </summary>
    public async Task<IReadOnlyList<ulong>> BeforeAsync(
        FoundDecision found, CancellationToken cancellation)
    {
        DecisionEvent decision = found.Decision;
        JsonArray topics = [DecisionEvent.Topic.ToString(), null, decision.Loop.ToString()];
        if (found.Height > 0 && await LastLogAsync(
            topics, found.Height - 1, BlocksAtOnce, cancellation) is { } log)
        {
            (List<Hash256> before, byte[] data) = Parts(log);
            return DecisionEvent.TryDecode(before, data, out DecisionEvent? last)
                ? last!.InForce
                : [];
        }
        try
        {
            return await AtGenesisAsync(decision, cancellation);
        }
        catch (RpcException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<ulong>> AtGenesisAsync(
        DecisionEvent decision, CancellationToken cancellation)
    {
        async Task<UInt256> WordAsync(UInt256 slot) => UInt256.FromBigEndian(Hex.Decode(
            (await rpc.CallAsync(
                "eth_getStorageAt",
                [
                    PredeployAddresses.Constitution.ToString(), DecisionEvidence.Word(slot),
                    "0x0",
                ],
                cancellation)).GetString()));
        UInt256 place = await WordAsync(StorageLayout.MappingSlot(
            UInt256.FromHash256(decision.Loop), ConstitutionStorage.PlacesSlot));
        if (place.IsZero || !place.IsUInt64)
        {
            return [];
        }
        UInt256 low = await WordAsync(2 * (place.U0 - 1));
        UInt256 high = await WordAsync(2 * (place.U0 - 1) + 1);
        ulong[] all = [low.U0, low.U1, low.U2, low.U3, high.U0, high.U1, high.U2, high.U3];
        return all[..Math.Min(all.Length, decision.InForce.Count)];
    }

    private async Task<JsonElement?> LastLogAsync(
        Hash256 topic, ulong? id, CancellationToken cancellation)
    {
        ulong last = RpcClient.Quantity(await rpc.CallAsync("eth_blockNumber", [], cancellation));
        // The newest decision is at most some seconds back; no need to list them all.
        return await LastLogAsync(
            Topics(topic, id), last, id is null ? 1_000 : BlocksAtOnce, cancellation);
    }

    private async Task<JsonElement?> LastLogAsync(
        JsonArray topics, ulong last, ulong blocks, CancellationToken cancellation)
    {
        while (true)
        {
            ulong first = last >= blocks ? last - blocks + 1 : 0;
            JsonElement logs = await rpc.CallAsync("eth_getLogs", [new JsonObject
            {
                ["address"] = PredeployAddresses.Steering.ToString(),
                ["fromBlock"] = $"0x{first:x}",
                ["toBlock"] = $"0x{last:x}",
                ["topics"] = topics.DeepClone(),
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
