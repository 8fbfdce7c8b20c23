using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_dryRun: where the dry run of a proposal stands and what it says. The result is
/// computed on the state of the request's block, as validators compute it, and kept; where that
/// state is gone it is what was published.
/// </summary>
internal sealed class HomeostatDryRuns(RpcContext context, IRpcCaller self)
{
    private static readonly Hash256 ConcludedTopic =
        Keccak.Hash("Concluded(uint256,bytes32,bool,bytes)"u8);

    /// <summary>Results kept: one is requested in an epoch.</summary>
    private const int Kept = 8;

    private readonly Lock _lock = new();
    private readonly LinkedList<DryRunResult> _results = [];

    public void Register(RpcTable.Builder table) => table.AddAsync("homeostat_dryRun", GetAsync);

    private async ValueTask GetAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        UInt256 subject = SubjectOf(arguments.Required(0));
        RpcBlock head = context.Chain.WithState(BlockSelector.Latest);
        var state = new StateStorage(head.State!);
        DryRunEntry run = DryRunStorage.RunOf(state, subject);
        DryRunResult? found = run.Status == DryRunStatus.None
            ? null
            : await FindAsync(subject, run).ConfigureAwait(false);
        Write(result, state, run, found);
    }

    internal static UInt256 SubjectOf(JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return UInt256.TryParse(text, out UInt256 subject)
            ? subject
            : throw RpcException.InvalidParams(
                $"the first argument is a proposal's number, in decimal or hex, not '{text}'");
    }

    private async ValueTask<DryRunResult?> FindAsync(UInt256 subject, DryRunEntry run)
    {
        lock (_lock)
        {
            if (_results.FirstOrDefault(
                r => r.Subject == subject && r.Height == run.Height) is { } kept)
            {
                return kept;
            }
        }
        DryRunResult? result = run.Digest.IsZero
            ? null
            : await PublishedAsync(subject, run).ConfigureAwait(false);
        result ??= await ComputeAsync(run).ConfigureAwait(false);
        lock (_lock)
        {
            _results.AddLast(result);
            if (_results.Count > Kept)
            {
                _results.RemoveFirst();
            }
        }
        return result;
    }

    private async ValueTask<DryRunResult?> PublishedAsync(UInt256 subject, DryRunEntry run)
    {
        JsonElement logs = await self.CallAsync("eth_getLogs", [new JsonObject
        {
            ["address"] = PredeployAddresses.DryRuns.ToString(),
            ["fromBlock"] = $"0x{run.Height.Value:x}",
            ["topics"] = new JsonArray(
                ConcludedTopic.ToString(), subject.ToHash256().ToString(),
                run.Digest.ToString()),
        }], CancellationToken.None).ConfigureAwait(false);
        return logs.GetArrayLength() == 0
            ? null
            : Decode(Hex.Decode(logs[0].GetProperty("data").GetString()));
    }

    // (bool passed, bytes result)
    private static DryRunResult? Decode(byte[] data)
    {
        var reader = new AbiReader(data);
        reader.ReadWord();
        return DryRunResult.Decode(reader.ReadBytes());
    }

    private async ValueTask<DryRunResult> ComputeAsync(DryRunEntry run)
    {
        RpcBlock block = context.Chain.WithState(BlockSelector.At(run.Height.Value));
        DryRunRequest request = DryRunStorage.Current(new StateStorage(block.State!))
            ?? throw RpcException.Server($"block {run.Height} asks for no dry run");
        ulong steeringGas = block.Receipts.Count == 0 ? 0 : block.Receipts[0].GasUsed;
        ChainRules rules = context.Node.Network is { } network
            ? network.ChildOf(RevisionStorage.Read(new StateStorage(block.State!)))
            : context.Node.Rules;
        return await context.Gate.RunAsync(engine => DryRun.Run(
            block.State!, block.Header, steeringGas, rules.At(block.Header), engine, request))
            .ConfigureAwait(false);
    }

    private static void Write(
        Utf8JsonWriter result, IStorageReader state, DryRunEntry run, DryRunResult? found)
    {
        result.WriteStartObject();
        result.WriteString("status"u8, run.Status switch
        {
            DryRunStatus.Open => DryRunStorage.OpenAt(state) == run.Height ? "open" : "replaced",
            DryRunStatus.Passed => "passed",
            DryRunStatus.Failed => "failed",
            _ => "none",
        });
        if (found is not null)
        {
            (UInt128 weight, UInt128 all) = DryRunStorage.Attested(state, found.Digest);
            result.Quantity("requestedAt"u8, run.Height.Value);
            result.WriteString("verdict"u8, found.Verdict.ToString());
            result.Quantity("call"u8, found.Call);
            result.Quantity("blocks"u8, found.Blocks);
            result.Data("digest"u8, found.Digest);
            result.Quantity("attestedWeight"u8, (ulong)UInt128.Min(weight, ulong.MaxValue));
            result.Quantity("totalWeight"u8, (ulong)UInt128.Min(all, ulong.MaxValue));
            result.WritePropertyName("result"u8);
            result.Data(found.Encode());
            WriteSide(result, "without", found.Without);
            WriteSide(result, "with", found.With);
        }
        result.WriteEndObject();
    }

    internal static void WriteSide(Utf8JsonWriter result, string name, DryRunSide side)
    {
        result.WriteStartObject(name);
        result.WriteString("meanBaseFee"u8, side.MeanBaseFee.ToQuantity());
        result.WriteString("lastBaseFee"u8, side.LastBaseFee.ToQuantity());
        result.Quantity("meanDelayMs"u8, side.MeanDelayMs);
        result.Quantity("mostDelayMs"u8, side.MostDelayMs);
        result.Quantity("includedGas"u8, side.IncludedGas);
        result.Quantity("waitingGas"u8, side.WaitingGas);
        result.Quantity("decisions"u8, side.Decisions);
        result.Quantity("refused"u8, side.Refused);
        result.Quantity("unruled"u8, side.Unruled);
        result.Quantity("firings"u8, side.Firings);
        result.Quantity("failedSteps"u8, side.FailedSteps);
        result.WriteStartArray("loops"u8);
        foreach (ReplayedLoop loop in side.Loops)
        {
            result.WriteStartObject();
            result.Data("loop"u8, loop.Name);
            result.WriteString("mode"u8, loop.Mode.ToString());
            HomeostatProposals.WriteVector(result, "inForce", loop.InForce);
            HomeostatProposals.WriteVector(result, "ratified", loop.Ratified);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }
}
