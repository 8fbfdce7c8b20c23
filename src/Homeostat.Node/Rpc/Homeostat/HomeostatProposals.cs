using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_simulateProposal: what recent blocks would have been under a proposal's calls, as
/// advice (docs/spec/governance.md, "Dry run").
/// </summary>
internal sealed class HomeostatProposals(RpcContext context)
{
    /// <summary>Blocks executed again in one call; more would hold up other calls.</summary>
    private const ulong MostBlocks = 64;

    private const ulong DefaultBlocks = 16;
    private const int MostCalls = 16;

    /// <summary>Recorded blocks that come again for the price alone: four times, in a second.
    /// </summary>
    private const int MostRecorded = 128;

    public void Register(RpcTable.Builder table) =>
        table.AddAsync("homeostat_simulateProposal", SimulateAsync);

    private async ValueTask SimulateAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        List<ProposedCall> calls = CallsOf(arguments.Required(0));
        ulong blocks = arguments.Has(1) ? arguments.Quantity(1) : DefaultBlocks;
        if (blocks is 0 or > MostBlocks)
        {
            throw RpcException.InvalidParams($"blocks must be within 1 and {MostBlocks}");
        }
        if (context.Chain.Head.Number < 2)
        {
            throw RpcException.Server("the chain has no blocks to execute again yet");
        }
        ReplayedProposal replayed = await context.Gate.RunAsync(
            engine => new ProposalReplay(context, engine).Run(calls, blocks))
            .ConfigureAwait(false);
        DryRunResult[] recorded = await context.Gate.RunAsync(engine => Recorded(engine, calls))
            .ConfigureAwait(false);
        Write(result, replayed, recorded);
    }

    // Demand as it was, and demand that answers to the price.
    private DryRunResult[] Recorded(IEvmEngine engine, IReadOnlyList<ProposedCall> calls)
    {
        RpcBlock head = context.Chain.WithState(BlockSelector.Latest);
        var request = new DryRunRequest(UInt256.Zero, new Height(head.Number), calls);
        ulong steeringGas = head.Receipts.Count == 0 ? 0 : head.Receipts[0].GasUsed;
        ChainRules rules = context.Node.Network is { } network
            ? network.ChildOf(RevisionStorage.Read(new StateStorage(head.State!)))
            : context.Node.Rules;
        return
        [
            .. new[] { DemandAnswer.None, DemandAnswer.Half }.Select(answer => DryRun.Run(
                head.State!, head.Header, steeringGas, rules.At(head.Header), engine, request,
                MostRecorded, answer)),
        ];
    }

    private static List<ProposedCall> CallsOf(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostCalls)
        {
            throw RpcException.InvalidParams(
                $"the first argument is an array of 1 to {MostCalls} calls {{to, data, value}}");
        }
        var calls = new List<ProposedCall>();
        foreach (JsonElement call in list.EnumerateArray())
        {
            string? to = Text(call, "to");
            if (!Address.TryParse(to, out Address target))
            {
                throw RpcException.InvalidParams($"call {calls.Count}: '{to}' is no address");
            }
            UInt256 value = UInt256.Zero;
            if (Text(call, "value") is { } wei && !UInt256.TryParse(wei, out value))
            {
                throw RpcException.InvalidParams($"call {calls.Count}: '{wei}' is no amount");
            }
            calls.Add(new ProposedCall(target, value, Hex.Decode(Text(call, "data") ?? "0x")));
        }
        return calls;
    }

    private static string? Text(JsonElement call, string name) =>
        call.ValueKind == JsonValueKind.Object
        && call.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static void Write(
        Utf8JsonWriter result, ReplayedProposal replayed, DryRunResult[] recorded)
    {
        result.WriteStartObject();
        result.Quantity("firstBlock"u8, replayed.First);
        result.Quantity("lastBlock"u8, replayed.Last);
        result.WriteStartArray("calls"u8);
        foreach (TriedCall tried in replayed.Tried)
        {
            result.WriteStartObject();
            result.Data("to"u8, tried.Call.Target);
            result.WriteBoolean("success"u8, tried.Succeeded);
            result.Quantity("gasUsed"u8, tried.GasUsed);
            result.WritePropertyName("output"u8);
            result.Data(tried.Output);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        WriteLoops(result, replayed);
        result.WriteStartObject("baseFeePerGas"u8);
        result.WriteString("actual"u8, replayed.ActualFee.ToQuantity());
        result.WriteString("replayed"u8, replayed.ReplayedFee.ToQuantity());
        result.WriteEndObject();
        result.Quantity("transactions"u8, (ulong)replayed.Transactions);
        result.WriteStartArray("leftOut"u8);
        foreach ((Hash256 hash, string reason) in replayed.LeftOut)
        {
            result.WriteStartObject();
            result.Data("hash"u8, hash);
            result.WriteString("reason"u8, reason);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteStartArray("changed"u8);
        foreach (Hash256 hash in replayed.Changed)
        {
            result.WriteStringValue(hash.ToString());
        }
        result.WriteEndArray();
        WriteRecorded(result, recorded);
        result.WriteEndObject();
    }

    private static void WriteRecorded(Utf8JsonWriter result, DryRunResult[] recorded)
    {
        result.WriteStartObject("recorded"u8);
        result.Quantity("blocks"u8, recorded[0].Blocks);
        WriteSides(result, "inelastic", recorded[0]);
        WriteSides(result, "elastic", recorded[1]);
        result.WriteEndObject();
    }

    private static void WriteSides(Utf8JsonWriter result, string name, DryRunResult run)
    {
        result.WriteStartObject(name);
        HomeostatDryRuns.WriteSide(result, "without", run.Without);
        HomeostatDryRuns.WriteSide(result, "with", run.With);
        result.WriteEndObject();
    }

    // Every loop's vector and mode after the last block, as it was and as it would have been.
    private static void WriteLoops(Utf8JsonWriter result, ReplayedProposal replayed)
    {
        var actual = new StateStorage(replayed.Actual);
        var other = new StateStorage(replayed.Replayed);
        result.WriteStartArray("loops"u8);
        foreach (ISteeringLoop loop in SteeringLoops.All)
        {
            if (ConstitutionStorage.ReadLoop(actual, loop.Name) is not { } was
                || ConstitutionStorage.ReadLoop(other, loop.Name) is not { } now)
            {
                continue;
            }
            result.WriteStartObject();
            result.Data("loop"u8, loop.Name);
            result.WriteString("modeActual"u8, was.Mode.ToString());
            result.WriteString("modeReplayed"u8, now.Mode.ToString());
            WriteVector(result, "actual", was.InForce);
            WriteVector(result, "replayed", now.InForce);
            WriteVector(result, "ratifiedActual", [.. was.Actuators.Select(a => a.Ratified)]);
            WriteVector(result, "ratifiedReplayed", [.. now.Actuators.Select(a => a.Ratified)]);
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }

    internal static void WriteVector(
        Utf8JsonWriter result, string name, IReadOnlyList<ulong> values)
    {
        result.WriteStartArray(name);
        foreach (ulong value in values)
        {
            result.WriteStringValue(((UInt256)value).ToQuantity());
        }
        result.WriteEndArray();
    }
}
