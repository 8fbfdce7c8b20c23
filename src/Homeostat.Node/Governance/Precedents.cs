using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>What was done before that is like a proposed act, and what came of it.</summary>
internal sealed class Precedents(GovernanceClient client, IRpcCaller rpc)
{
    private const int Votes = 50;
    private const int Shown = 3;

    /// <summary>Blocks looked through for decisions.</summary>
    private const ulong Blocks = 4_096;

    /// <summary>Blocks on each side of an execution whose prices are compared.</summary>
    private const ulong Around = 32;

    private static readonly Hash256 ExecutedTopic =
        Keccak.Hash("ProposalExecuted(uint256)"u8);

    /// <param name="before">The vector in force of the act's loop, to tell directions; or empty.
    /// </param>
    public async Task<List<string>> FindAsync(
        UInt256 subject, ProposedAct act, IReadOnlyList<ulong> before,
        CancellationToken cancellation)
    {
        ulong head = RpcClient.Quantity(
            await rpc.CallAsync("eth_blockNumber", [], cancellation));
        List<string> lines = await ProposalsAsync(subject, act, head, cancellation);
        Hash256 loop = act.Loop;
        if (!act.Rule.IsZero
            && await client.Rules.FindAsync(act.Rule, cancellation) is { } rule)
        {
            lines.AddRange(await FiringsAsync(rule, head, cancellation));
        }
        else if (!loop.IsZero && act.Values.Count == before.Count)
        {
            lines.AddRange(await DecisionsAsync(act, before, head, cancellation));
        }
        return lines;
    }

    private async Task<List<string>> ProposalsAsync(
        UInt256 subject, ProposedAct act, ulong head, CancellationToken cancellation)
    {
        var lines = new List<string>();
        foreach (VoteStatus vote in await client.VotesAsync(Votes, cancellation))
        {
            bool isAlike = vote.Id != subject && act.Type.Length != 0 && vote.Calls.Any(call =>
                ProposedAct.Of(call) is { } other && other.Type == act.Type
                && other.Loop == act.Loop);
            if (!isAlike || lines.Count == Shown)
            {
                continue;
            }
            string outcome = vote.State == ProposalState.Executed
                ? await PricesAroundAsync(vote.Id, head, cancellation)
                : "";
            lines.Add($"a proposal of the same kind ({vote.Id.ToQuantity()[..10]}…) is "
                + $"{vote.State}{outcome}");
        }
        return lines;
    }

    private async Task<string> PricesAroundAsync(
        UInt256 id, ulong head, CancellationToken cancellation)
    {
        foreach (JsonElement log in (await LogsAsync(
            PredeployAddresses.Governor, [ExecutedTopic.ToString()], head, cancellation))
            .EnumerateArray())
        {
            if (UInt256.FromBigEndian(Hex.Decode(log.GetProperty("data").GetString())) != id)
            {
                continue;
            }
            ulong at = RpcClient.Quantity(log.GetProperty("blockNumber"));
            ulong after = Math.Min(head, at + Around);
            return $" since block {at}: base fee "
                + $"{await FeeAsync(at - Math.Min(at, Around), cancellation)} wei "
                + $"{Math.Min(at, Around)} blocks before, {await FeeAsync(after, cancellation)} "
                + $"wei {after - at} after";
        }
        return "";
    }

    // Decisions of the loop that moved the same field the same way.
    private async Task<List<string>> DecisionsAsync(
        ProposedAct act, IReadOnlyList<ulong> before, ulong head, CancellationToken cancellation)
    {
        List<DecisionEvent> decisions = Decisions(await LogsAsync(
            PredeployAddresses.Steering,
            [DecisionEvent.Topic.ToString(), null, act.Loop.ToString()], head, cancellation));
        SortedDictionary<ulong, OutcomeEvent> outcomes = await OutcomesAsync(head, cancellation);
        LoopWords words = SteeringLoops.Find(act.Loop)?.Words ?? DecisionWords.Unknown;
        var lines = new List<string>();
        for (int field = 0; field < before.Count; field++)
        {
            int direction = act.Values[field].CompareTo(before[field]);
            DecisionEvent[] alike = [.. decisions.Skip(1).Where((d, i) =>
                field < d.InForce.Count && field < decisions[i].InForce.Count
                && direction != 0
                && d.InForce[field].CompareTo(decisions[i].InForce[field]) == direction)];
            if (alike.Length == 0)
            {
                continue;
            }
            OutcomeEvent[] known = [.. alike.Where(d => outcomes.ContainsKey(d.Id))
                .Select(d => outcomes[d.Id])];
            string name = DecisionWords.At(words.Fields, field, "field").Name;
            lines.Add($"{alike.Length} decisions {(direction > 0 ? "raised" : "lowered")} the "
                + $"{name} in the last {Math.Min(head, Blocks)} blocks (the last: "
                + $"{alike[^1].Id}){Judged(known, words)}");
        }
        return lines;
    }

    private static string Judged(OutcomeEvent[] known, LoopWords words) => known.Length == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture,
            $"; of {known.Length} with an outcome the twin was off by "
            + $"{Mean(known.Select(o => o.TwinError))} {words.Output.Unit} in the mean, the model "
            + $"by {Mean(known.Select(o => o.ModelError))}");

    private async Task<List<string>> FiringsAsync(
        StandingRule rule, ulong head, CancellationToken cancellation)
    {
        List<DecisionEvent> fired = [.. Decisions(await LogsAsync(
            PredeployAddresses.Steering, [DecisionEvent.Topic.ToString()], head, cancellation))
            .Where(d => d.Actor == Actor.Rule)];
        SortedDictionary<ulong, OutcomeEvent> outcomes = await OutcomesAsync(head, cancellation);
        var lines = new List<string>();
        foreach (DecisionEvent firing in fired.AsEnumerable().Reverse())
        {
            StandingRule? other = await client.Rules.FindAsync(
                firing.ModelHash, cancellation);
            if (other?.Action.Kind != rule.Action.Kind || lines.Count == Shown)
            {
                continue;
            }
            string outcome = outcomes.TryGetValue(firing.Id, out OutcomeEvent? came)
                ? $"; what it read first was {RuleWords.Whole(came.TwinOutput)} and "
                    + $"became {RuleWords.Whole(came.Realised)}"
                : "";
            lines.Add($"a rule of the same kind fired (decision {firing.Id}: "
                + $"{other.Action.Describe()}){outcome}");
        }
        return lines;
    }

    private async Task<SortedDictionary<ulong, OutcomeEvent>> OutcomesAsync(
        ulong head, CancellationToken cancellation)
    {
        var outcomes = new SortedDictionary<ulong, OutcomeEvent>();
        foreach (JsonElement log in (await LogsAsync(
            PredeployAddresses.Steering, [OutcomeEvent.Topic.ToString()], head, cancellation))
            .EnumerateArray())
        {
            if (OutcomeEvent.TryDecode(
                [.. log.GetProperty("topics").EnumerateArray().Select(
                    topic => new Hash256(topic.GetString()!))],
                Hex.Decode(log.GetProperty("data").GetString()), out OutcomeEvent? outcome))
            {
                outcomes[outcome!.Id] = outcome;
            }
        }
        return outcomes;
    }

    private static List<DecisionEvent> Decisions(JsonElement logs) =>
        [.. logs.EnumerateArray().Select(DecisionFinder.TryRead).OfType<DecisionEvent>()];

    private Task<JsonElement> LogsAsync(
        Address contract, JsonArray topics, ulong head, CancellationToken cancellation) =>
        rpc.CallAsync("eth_getLogs", [new JsonObject
        {
            ["address"] = contract.ToString(),
            ["fromBlock"] = $"0x{head - Math.Min(head, Blocks):x}",
            ["toBlock"] = $"0x{head:x}",
            ["topics"] = topics,
        }], cancellation);

    private async Task<UInt256> FeeAsync(ulong block, CancellationToken cancellation) =>
        UInt256.Parse((await rpc.CallAsync(
            "eth_getBlockByNumber", [$"0x{block:x}", false], cancellation))
            .GetProperty("baseFeePerGas").GetString()!);

    private static Fixed Mean(IEnumerable<Fixed> errors)
    {
        Fixed[] all = [.. errors];
        Int128 sum = all.Aggregate((Int128)0, (total, error) => total + error.Raw);
        return Fixed.FromRaw((long)(sum / Math.Max(all.Length, 1)));
    }
}
