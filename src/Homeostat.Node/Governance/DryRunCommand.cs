using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>
/// `homeostat governance dry-run ID`: the last blocks executed again under a proposal, and what in
/// short it means. Advice: it decides nothing.
/// </summary>
internal static class DryRunCommand
{
    private const int Attempts = 240;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static Command Create(Option<Uri> rpc, Option<FileInfo> key)
    {
        Argument<string> id = GovernanceCommand.IdArgument();
        var blocks = new Option<int>("--blocks")
        {
            Description = "recent blocks to execute again, at most 64",
            DefaultValueFactory = _ => 16,
        };
        // Of its own: the shared one is required, and looking needs no key.
        var signer = new Option<FileInfo?>("--request")
        {
            Description = "request the attested dry run under a bond of 1 coin, with the private "
                + "key in this file",
        };
        var command = new Command("dry-run",
            "What a proposal would change: the dry run that validators attest, and recent blocks "
            + "executed again as if it had been carried out before them.")
        {
            id, blocks, signer, rpc,
        };
        command.SetAction((parsed, cancellation) => GovernanceCommand.RunAsync(
            parsed, async client =>
            {
                UInt256 subject = GovernanceCommand.IdOf(parsed.GetValue(id)!);
                if (parsed.GetValue(signer) is { } file)
                {
                    await RequestAsync(client, await GovernanceCommand.ReadKeyAsync(
                        file, cancellation), subject, cancellation);
                }
                IReadOnlyList<ProposedCall> calls =
                    await client.CallsOfAsync(subject, cancellation);
                Console.Out.Write(DryRunWords.Describe(
                    await client.DryRunAsync(subject, cancellation)));
                JsonElement replayed = await client.SimulateAsync(
                    calls, parsed.GetValue(blocks), cancellation);
                Console.Out.Write(Words(calls, replayed));
            }));
        return command;
    }

    private static async Task RequestAsync(
        GovernanceClient client, Hash256 key, UInt256 subject, CancellationToken cancellation)
    {
        try
        {
            Hash256 hash = await client.SendAsync(key, PredeployAddresses.DryRuns,
                AbiCall.Encode("request(uint256)", new AbiTuple().Add(subject)),
                StandingRule.Bond, cancellation);
            Console.Out.WriteLine($"dry run requested: {hash}");
        }
        catch (RpcException e) when (e.Message.Contains("revert", StringComparison.Ordinal))
        {
            throw new RpcException(e.Code, "the dry run was not taken: this epoch has had its one "
                + "(try again in the next), or the proposal is over, needs none, or has had its "
                + $"own ({e.Message})");
        }
    }

    /// <summary>
    /// Before a proposal is queued: requests its dry run if it needs one and has none, waits until
    /// validators attest the result and publishes it.
    /// </summary>
    public static async Task ConcludeAsync(
        GovernanceClient client, ParseResult parsed, UInt256 subject,
        IReadOnlyList<ProposedCall> calls, CancellationToken cancellation)
    {
        if (!await client.NeedsDryRunAsync(calls, cancellation))
        {
            return;
        }
        JsonElement run = await client.DryRunAsync(subject, cancellation);
        if (Status(run) is "none" or "replaced")
        {
            await RequestAsync(client, await GovernanceCommand.ReadKeyAsync(
                GovernanceCommand.KeyOf(parsed), cancellation), subject, cancellation);
            run = await client.DryRunAsync(subject, cancellation);
        }
        for (int i = 0; i < Attempts && Status(run) == "open"; i++)
        {
            if (3 * Number(run, "attestedWeight") > 2 * Number(run, "totalWeight"))
            {
                await GovernanceCommand.SendAsync(client, parsed, PredeployAddresses.DryRuns,
                    AbiCall.Encode("conclude(uint256,bytes)", new AbiTuple().Add(subject)
                        .AddBytes(Hex.Decode(run.GetProperty("result").GetString()))),
                    UInt256.Zero, cancellation);
            }
            else
            {
                // An idle network makes no blocks, and votes attest in blocks.
                await GovernanceCommand.SendAsync(client, parsed, Address.Zero, [], UInt256.Zero,
                    cancellation);
                await Task.Delay(Pause, cancellation);
            }
            run = await client.DryRunAsync(subject, cancellation);
        }
        if (Status(run) != "passed")
        {
            Console.Out.Write(DryRunWords.Describe(run));
            throw new RpcException(0, Status(run) == "open"
                ? "validators with more than two thirds of the weight do not attest the dry run "
                    + "yet: try again"
                : "the dry run did not pass, so the proposal can't be queued");
        }
    }

    private static string Status(JsonElement run) => run.GetProperty("status").GetString()!;

    /// <summary>A replay in words.</summary>
    public static string Words(IReadOnlyList<ProposedCall> calls, JsonElement replayed)
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine("What changes");
        int at = 0;
        foreach (JsonElement call in replayed.GetProperty("calls").EnumerateArray())
        {
            bool done = call.GetProperty("success").GetBoolean();
            text.AppendLine($"  {CallWords.Words(calls[at++].Data)}: "
                + (done ? "would succeed now" : "WOULD REVERT NOW, and the proposal with it")
                + $", {Number(call, "gasUsed"):N0} gas");
        }
        ulong first = Number(replayed, "firstBlock");
        ulong last = Number(replayed, "lastBlock");
        text.AppendLine().AppendLine(
            $"Blocks {first} to {last} again, as if it had been carried out before them");
        bool differs = false;
        foreach (JsonElement loop in replayed.GetProperty("loops").EnumerateArray())
        {
            differs |= Loop(text, loop);
        }
        if (!differs)
        {
            text.AppendLine("  no loop's vector, anchor or mode would be another");
        }
        JsonElement fee = replayed.GetProperty("baseFeePerGas");
        text.AppendLine($"  base fee {Wei(fee, "actual")} wei → {Wei(fee, "replayed")} wei");
        Affected(text, replayed);
        Recorded(text, replayed.GetProperty("recorded"));
        return text.ToString();
    }

    private static void Recorded(StringBuilder text, JsonElement recorded)
    {
        text.AppendLine("  the same transactions come again: nobody answers to another price here");
        text.AppendLine().AppendLine($"The last {Number(recorded, "blocks")} recorded blocks again "
            + "after now, prices and steering alone, without it → with it");
        foreach ((string name, string title) in new[]
        {
            ("inelastic", "if users want as much at every price"),
            ("elastic", "if they answer to the price (elasticity 0.5)"),
        })
        {
            JsonElement was = recorded.GetProperty(name).GetProperty("without");
            JsonElement now = recorded.GetProperty(name).GetProperty("with");
            text.AppendLine($"  {title}: mean base fee {Wei(was, "meanBaseFee")} → "
                + $"{Wei(now, "meanBaseFee")} wei, mean wait {Number(was, "meanDelayMs"):N0} → "
                + $"{Number(now, "meanDelayMs"):N0} ms, gas included "
                + $"{Number(was, "includedGas"):N0} → {Number(now, "includedGas"):N0}");
        }
    }

    private static void Affected(StringBuilder text, JsonElement replayed)
    {
        JsonElement leftOut = replayed.GetProperty("leftOut");
        JsonElement changed = replayed.GetProperty("changed");
        text.AppendLine($"  {Number(replayed, "transactions")} transactions: "
            + $"{leftOut.GetArrayLength()} would not have been included, "
            + $"{changed.GetArrayLength()} would have ended otherwise");
        foreach (JsonElement one in leftOut.EnumerateArray())
        {
            text.AppendLine($"    {one.GetProperty("hash").GetString()}: "
                + one.GetProperty("reason").GetString());
        }
        foreach (JsonElement one in changed.EnumerateArray())
        {
            text.AppendLine($"    {one.GetString()}: success would be another");
        }
    }

    private static bool Loop(StringBuilder text, JsonElement loop)
    {
        var name = new Hash256(loop.GetProperty("loop").GetString()!);
        string title = Encoding.ASCII.GetString(name.ToArray()).TrimEnd('\0');
        LoopWords? words = SteeringLoops.Find(name)?.Words;
        string was = loop.GetProperty("modeActual").GetString()!;
        string now = loop.GetProperty("modeReplayed").GetString()!;
        bool differs = was != now;
        if (differs)
        {
            text.AppendLine($"  {title}: mode {was} → {now}");
        }
        foreach ((string kind, string from, string to) in new[]
        {
            ("in force", "actual", "replayed"),
            ("ratified", "ratifiedActual", "ratifiedReplayed"),
        })
        {
            JsonElement before = loop.GetProperty(from);
            JsonElement after = loop.GetProperty(to);
            for (int i = 0; i < before.GetArrayLength(); i++)
            {
                ulong a = RpcClient.Quantity(before[i]);
                ulong b = RpcClient.Quantity(after[i]);
                if (a != b)
                {
                    string field = words is not null && i < words.Fields.Count
                        ? words.Fields[i].Name
                        : $"field {i}";
                    text.AppendLine($"  {title}: {field} {kind} {a:N0} → {b:N0}");
                    differs = true;
                }
            }
        }
        return differs;
    }

    private static ulong Number(JsonElement element, string name) =>
        RpcClient.Quantity(element.GetProperty(name));

    private static string Wei(JsonElement element, string name) =>
        UInt256.Parse(element.GetProperty(name).GetString()!).ToString()!;

    /// <summary>homeostat_simulateProposal.</summary>
    public static Task<JsonElement> SimulateAsync(
        this GovernanceClient client, IReadOnlyList<ProposedCall> calls, int blocks,
        CancellationToken cancellation)
    {
        var list = new JsonArray([.. calls.Select(call => (JsonNode)new JsonObject
        {
            ["to"] = call.Target.ToString(),
            ["value"] = call.Value.ToQuantity(),
            ["data"] = Hex.Encode(call.Data),
        })]);
        return client.AskAsync(
            "homeostat_simulateProposal", [list, $"0x{blocks:x}"], cancellation);
    }
}
