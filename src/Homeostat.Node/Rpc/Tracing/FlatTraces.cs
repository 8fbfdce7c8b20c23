using System.Text.Json;
using Homeostat.Evm;

namespace Homeostat.Node.Rpc;

/// <summary>trace_block and trace_transaction: OpenEthereum's flat lists of frames.</summary>
internal sealed class FlatTraces(RpcContext context)
{
    public void Register(RpcTable.Builder table)
    {
        table.AddAsync("trace_transaction", TraceTransactionAsync);
        table.AddAsync("trace_block", TraceBlockAsync);
    }

    private async ValueTask TraceTransactionAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        if (context.Chain.FindTransaction(arguments.Hash(0)) is not var (block, index))
        {
            result.WriteNullValue();
            return;
        }
        await WriteAsync(block, index, index + 1, result).ConfigureAwait(false);
    }

    private async ValueTask TraceBlockAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        arguments.Required(0);
        RpcBlock block = context.Chain.Get(arguments.Block(0));
        if (block.Number == 0)
        {
            throw RpcException.Server("genesis is not traceable");
        }
        await WriteAsync(block, 0, block.Transactions.Count, result).ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(RpcBlock block, int first, int end, Utf8JsonWriter result)
    {
        IReadOnlyList<CallTracer.Frame> roots = await context.Gate
            .RunAsync(engine => new BlockTracer(context, engine).Frames(block, first, end))
            .ConfigureAwait(false);
        result.WriteStartArray();
        for (int i = 0; i < roots.Count; i++)
        {
            Write(result, block, first + i, roots[i], []);
        }
        result.WriteEndArray();
    }

    private static void Write(
        Utf8JsonWriter result, RpcBlock block, int index, CallTracer.Frame frame, int[] place)
    {
        result.WriteStartObject();
        bool isCreate = frame.Type.StartsWith("CREATE", StringComparison.Ordinal);
        bool isEnd = frame.Type == "SELFDESTRUCT";
        WriteAction(result, frame, isCreate, isEnd);
        result.Data("blockHash"u8, block.Hash);
        result.WriteNumber("blockNumber"u8, block.Number);
        if (frame.Status != ExecutionStatus.Success)
        {
            result.WriteString("error"u8, ErrorOf(frame.Status));
        }
        if (isEnd)
        {
            result.WriteNull("result"u8);
        }
        else if (frame.Status is ExecutionStatus.Success or ExecutionStatus.Revert)
        {
            WriteResult(result, frame, isCreate);
        }
        result.WriteNumber("subtraces"u8, frame.Calls.Count);
        result.WriteStartArray("traceAddress"u8);
        foreach (int step in place)
        {
            result.WriteNumberValue(step);
        }
        result.WriteEndArray();
        result.Data("transactionHash"u8, block.Transactions[index].Hash);
        result.WriteNumber("transactionPosition"u8, index);
        result.WriteString("type"u8, isEnd ? "suicide" : isCreate ? "create" : "call");
        result.WriteEndObject();
        for (int i = 0; i < frame.Calls.Count; i++)
        {
            Write(result, block, index, frame.Calls[i], [.. place, i]);
        }
    }

    private static void WriteAction(
        Utf8JsonWriter result, CallTracer.Frame frame, bool isCreate, bool isEnd)
    {
        result.WriteStartObject("action"u8);
        if (isEnd)
        {
            result.Data("address"u8, frame.From);
            result.Quantity("balance"u8, frame.Value);
            result.Data("refundAddress"u8, frame.To);
            result.WriteEndObject();
            return;
        }
        result.Data("from"u8, frame.From);
        result.Quantity("gas"u8, frame.Gas);
        result.Quantity("value"u8, frame.Value);
        if (isCreate)
        {
            result.WriteString(
                "creationMethod"u8, frame.Type == "CREATE2" ? "create2" : "create");
            result.Data("init"u8, frame.Input);
        }
        else
        {
            result.WriteString("callType"u8, CallTypeOf(frame.Type));
            result.Data("input"u8, frame.Input);
            result.Data("to"u8, frame.To);
        }
        result.WriteEndObject();
    }

    private static string CallTypeOf(string type) => type switch
    {
        "STATICCALL" => "staticcall",
        "DELEGATECALL" => "delegatecall",
        "CALLCODE" => "callcode",
        _ => "call",
    };

    private static void WriteResult(
        Utf8JsonWriter result, CallTracer.Frame frame, bool isCreate)
    {
        result.WriteStartObject("result"u8);
        result.Quantity("gasUsed"u8, frame.GasUsed);
        if (isCreate && frame.Status == ExecutionStatus.Success)
        {
            result.Data("address"u8, frame.To);
            result.Data("code"u8, frame.Output);
        }
        else
        {
            result.Data("output"u8, frame.Output);
        }
        result.WriteEndObject();
    }

    private static string ErrorOf(ExecutionStatus status) => status switch
    {
        ExecutionStatus.Revert => "Reverted",
        ExecutionStatus.OutOfGas => "Out of gas",
        ExecutionStatus.InvalidOpcode => "Bad instruction",
        ExecutionStatus.InvalidJump => "Bad jump destination",
        ExecutionStatus.StackUnderflow => "Stack underflow",
        ExecutionStatus.StackOverflow => "Out of stack",
        ExecutionStatus.StaticViolation => "Mutable Call In Static Context",
        _ => ExecutionText.Of(status),
    };
}
