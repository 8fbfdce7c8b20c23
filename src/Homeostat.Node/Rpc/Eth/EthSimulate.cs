using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>eth_simulateV1.</summary>
internal sealed class EthSimulate(RpcContext context)
{
    /// <summary>A simulated call failed for another reason than REVERT, as in geth.</summary>
    private const int VmErrorCode = -32015;

    private const int LimitCode = -38026;

    public void Register(RpcTable.Builder table) =>
        table.AddAsync("eth_simulateV1", SimulateAsync);

    private async ValueTask SimulateAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        JsonElement options = JsonInput.Object(arguments.Required(0), RpcParams.At(0));
        RpcBlock block = context.Chain.WithState(arguments.Block(1));
        bool isFull = Flag(options, "returnFullTransactions"u8);
        SimulationRequest request = Read(options, block);
        await context.Gate.RunAsync(engine =>
        {
            var simulator = new BlockSimulator(context.Rules, engine);
            if (!simulator.TryRun(
                request with { Watch = new DeadlineTracer(context.Limits.CallMs) },
                out IReadOnlyList<SimulatedBlock>? blocks, out var no))
            {
                throw new RpcException(no.Code, no.Reason);
            }
            result.WriteStartArray();
            foreach (SimulatedBlock simulated in blocks)
            {
                Write(result, simulated, isFull);
            }
            result.WriteEndArray();
            return true;
        }).ConfigureAwait(false);
    }

    private SimulationRequest Read(JsonElement options, RpcBlock block)
    {
        RpcLimits limits = context.Limits;
        string place = RpcParams.At(0);
        var blocks = new List<SimulatedBlockRequest>();
        int calls = 0;
        if (JsonInput.TryMember(options, "blockStateCalls"u8, out JsonElement list))
        {
            foreach (JsonElement item in JsonInput.Array(list, place).EnumerateArray())
            {
                SimulatedBlockRequest wanted = ReadBlock(JsonInput.Object(item, place), place);
                blocks.Add(wanted);
                calls += wanted.Calls.Count;
            }
        }
        if (blocks.Count == 0)
        {
            throw RpcException.InvalidParams("empty input");
        }
        if (blocks.Count > limits.SimulateBlocks)
        {
            throw new RpcException(LimitCode, "too many blocks");
        }
        if (calls > limits.SimulateCalls)
        {
            throw new RpcException(LimitCode, $"too many calls (max {limits.SimulateCalls})");
        }
        return new SimulationRequest
        {
            State = block.State!,
            Base = block.Header,
            Hashes = new ChainHashes(context.Chain),
            Blocks = blocks,
            Validates = Flag(options, "validation"u8),
            TracesTransfers = Flag(options, "traceTransfers"u8),
            GasCap = limits.GasCap,
            MostBlocks = limits.SimulateBlocks,
        };
    }

    private SimulatedBlockRequest ReadBlock(JsonElement item, string place)
    {
        var calls = new List<CallRequest>();
        if (JsonInput.TryMember(item, "calls"u8, out JsonElement list))
        {
            foreach (JsonElement call in JsonInput.Array(list, place).EnumerateArray())
            {
                calls.Add(CallArguments.Read(call, place, context.Node.ChainId));
            }
        }
        return new SimulatedBlockRequest
        {
            Block = CallArguments.ReadBlockOverrides(Member(item, "blockOverrides"u8), place)
                ?? new BlockOverrides(),
            Accounts = CallArguments.ReadOverrides(Member(item, "stateOverrides"u8), place),
            Calls = calls,
        };
    }

    private static JsonElement Member(JsonElement value, ReadOnlySpan<byte> name) =>
        JsonInput.TryMember(value, name, out JsonElement member) ? member : default;

    private static bool Flag(JsonElement options, ReadOnlySpan<byte> name) =>
        JsonInput.TryMember(options, name, out JsonElement member)
        && JsonInput.Flag(member, RpcParams.At(0));

    private static void Write(Utf8JsonWriter result, SimulatedBlock simulated, bool isFull)
    {
        ExecutedBlock executed = simulated.Executed;
        var block = new RpcBlock(
            executed.Block, executed.Receipts, executed.State, executed.Header.Timestamp * 1000,
            executed.Transactions);
        result.WriteStartObject();
        EthJson.BlockFields(result, block, isFull);
        result.WriteStartArray("calls"u8);
        for (int i = 0; i < simulated.Calls.Count; i++)
        {
            WriteCall(result, block, i, simulated.Calls[i]);
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private static void WriteCall(
        Utf8JsonWriter result, RpcBlock block, int index, SimulatedCall call)
    {
        bool succeeded = call.Status == ExecutionStatus.Success;
        result.WriteStartObject();
        result.Data("returnData"u8, succeeded ? call.Output : []);
        result.WriteStartArray("logs"u8);
        foreach (SimulatedLog log in call.Logs)
        {
            EthJson.Log(result, block, index, log.Log, log.Index);
        }
        result.WriteEndArray();
        result.Quantity("gasUsed"u8, call.GasUsed);
        result.Quantity("maxUsedGas"u8, call.MaxGasUsed);
        result.Quantity("status"u8, succeeded ? 1UL : 0UL);
        if (!succeeded)
        {
            bool isRevert = call.Status == ExecutionStatus.Revert;
            result.WriteStartObject("error"u8);
            result.WriteString("message"u8, isRevert
                ? RevertReason.Describe(call.Output)
                : ExecutionText.Of(call.Status));
            result.WriteNumber("code"u8, isRevert ? RpcException.RevertCode : VmErrorCode);
            if (isRevert)
            {
                result.Data("data"u8, call.Output);
            }
            result.WriteEndObject();
        }
        result.WriteEndObject();
    }
}

/// <summary>Hashes of final blocks.</summary>
internal sealed class ChainHashes(ChainReader chain) : IBlockHashes
{
    public Hash256 Get(ulong number) => chain.ByNumber(number)?.Hash ?? Hash256.Zero;
}
