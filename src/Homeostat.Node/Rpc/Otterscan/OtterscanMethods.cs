using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// ots_*, API level 8: what the explorer Otterscan asks beside eth_*. There is no index of
/// addresses, so searches read blocks one by one, <see cref="RpcLimits.SearchBlocks"/> at most.
/// </summary>
internal sealed class OtterscanMethods(RpcContext context)
{
    private const int ApiLevel = 8;

    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.Add("ots_getApiLevel", (_, result) => result.WriteNumberValue(ApiLevel));
        table.Add("ots_hasCode", (arguments, result) => result.WriteBooleanValue(
            !_chain.StateAt(arguments.Has(1) ? NumberOf(arguments, 1) : BlockSelector.Latest)
                .GetCode(arguments.Address(0)).IsEmpty));
        table.Add("ots_getBlockDetails", (arguments, result) =>
            WriteDetails(Required(arguments), result));
        table.Add("ots_getBlockDetailsByHash", (arguments, result) =>
            WriteDetails(_chain.ByHash(arguments.Hash(0)), result));
        table.Add("ots_getBlockTransactions", GetBlockTransactions);
        table.Add("ots_getTransactionBySenderAndNonce", GetBySenderAndNonce);
        table.Add("ots_getContractCreator", GetContractCreator);
        table.AddAsync("ots_getInternalOperations", (arguments, result, _) =>
            TraceAsync(arguments, result, WriteOperations));
        table.AddAsync("ots_traceTransaction", (arguments, result, _) =>
            TraceAsync(arguments, result, (writer, root) =>
            {
                writer.WriteStartArray();
                WriteFrames(writer, root, 0);
                writer.WriteEndArray();
            }));
        table.AddAsync("ots_getTransactionError", (arguments, result, _) =>
            TraceAsync(arguments, result, (writer, root) => writer.Data(
                root.Status == ExecutionStatus.Success ? [] : root.Output)));
        new OtterscanSearch(context).Register(table);
    }

    private RpcBlock? Required(RpcParams arguments) => _chain.Find(NumberOf(arguments, 0));

    /// <summary>Otterscan sends block numbers as JSON numbers.</summary>
    internal static BlockSelector NumberOf(RpcParams arguments, int index) =>
        arguments.Required(index).ValueKind == JsonValueKind.Number
            ? BlockSelector.At(
                JsonInput.UInt64OrNumber(arguments.Required(index), RpcParams.At(index)))
            : arguments.Block(index);

    private static void WriteDetails(RpcBlock? block, Utf8JsonWriter result)
    {
        if (block is null)
        {
            result.WriteNullValue();
            return;
        }
        UInt256 fees = UInt256.Zero;
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            fees += block.EffectiveGasPrice(i) * block.GasUsedBy(i);
        }
        result.WriteStartObject();
        result.WriteStartObject("block"u8);
        EthJson.BlockFields(result, block, 0, 0);
        result.Quantity("transactionCount"u8, (ulong)block.Transactions.Count);
        result.WriteEndObject();
        result.WriteStartObject("issuance"u8);
        result.Quantity("blockReward"u8, 0UL);
        result.Quantity("uncleReward"u8, 0UL);
        result.Quantity("issuance"u8, 0UL);
        result.WriteEndObject();
        result.Quantity("totalFees"u8, fees);
        result.WriteEndObject();
    }

    /// <summary>A page of a block's transactions; page 0 is the end of the block.</summary>
    private void GetBlockTransactions(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock? block = Required(arguments);
        ulong page = JsonInput.UInt64OrNumber(arguments.Required(1), RpcParams.At(1));
        ulong size = JsonInput.UInt64OrNumber(arguments.Required(2), RpcParams.At(2));
        if (block is null)
        {
            result.WriteNullValue();
            return;
        }
        int count = block.Transactions.Count;
        int pageSize = (int)Math.Min(size, (ulong)context.Limits.SearchResults);
        int end = page > (ulong)count ? 0 : (int)Math.Max(0, count - (long)page * pageSize);
        int first = Math.Max(0, end - pageSize);
        result.WriteStartObject();
        result.WriteStartObject("fullblock"u8);
        EthJson.BlockFields(result, block, first, end);
        result.Quantity("transactionCount"u8, (ulong)count);
        result.WriteEndObject();
        result.WriteStartArray("receipts"u8);
        for (int i = first; i < end; i++)
        {
            EthJson.Receipt(result, block, i, context.BlobPriceIn(block));
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private void GetBySenderAndNonce(RpcParams arguments, Utf8JsonWriter result)
    {
        Address sender = arguments.Address(0);
        ulong nonce = JsonInput.UInt64OrNumber(arguments.Required(1), RpcParams.At(1));
        WriteFirst(result, (block, i) =>
            block.Transactions[i].Nonce == nonce && block.SenderOf(i) == sender,
            (block, i) => result.Data(block.Transactions[i].Hash.Bytes));
    }

    private void GetContractCreator(RpcParams arguments, Utf8JsonWriter result)
    {
        Address contract = arguments.Address(0);
        WriteFirst(result, (block, i) =>
            block.Transactions[i].IsCreation && block.CreatedBy(i) == contract,
            (block, i) =>
            {
                result.WriteStartObject();
                result.Data("hash"u8, block.Transactions[i].Hash);
                result.Data("creator"u8, block.SenderOf(i));
                result.WriteEndObject();
            });
    }

    private void WriteFirst(
        Utf8JsonWriter result, Func<RpcBlock, int, bool> matches, Action<RpcBlock, int> write)
    {
        ulong head = _chain.Head.Number;
        for (ulong back = 0; back <= head && back < context.Limits.SearchBlocks; back++)
        {
            RpcBlock? block = _chain.ByNumber(head - back);
            for (int i = 0; i < (block?.Transactions.Count ?? 0); i++)
            {
                if (matches(block!, i))
                {
                    write(block!, i);
                    return;
                }
            }
        }
        result.WriteNullValue();
    }

    private async ValueTask TraceAsync(
        RpcParams arguments, Utf8JsonWriter result, Action<Utf8JsonWriter, CallTracer.Frame> write)
    {
        if (_chain.FindTransaction(arguments.Hash(0)) is not var (block, index))
        {
            throw RpcException.Server("transaction not found");
        }
        IReadOnlyList<CallTracer.Frame> roots = await context.Gate
            .RunAsync(engine => new BlockTracer(context, engine).Frames(block, index, index + 1))
            .ConfigureAwait(false);
        write(result, roots[0]);
    }

    /// <summary>Transfers, self-destructs and creations below the outermost frame.</summary>
    private static void WriteOperations(Utf8JsonWriter result, CallTracer.Frame root)
    {
        result.WriteStartArray();
        foreach (CallTracer.Frame call in root.Calls)
        {
            WriteOperation(result, call);
        }
        result.WriteEndArray();
    }

    private static void WriteOperation(Utf8JsonWriter result, CallTracer.Frame frame)
    {
        if (frame.Status != ExecutionStatus.Success)
        {
            return; // Undone, with all below it.
        }
        int type = frame.Type switch
        {
            "SELFDESTRUCT" => 1,
            "CREATE" => 2,
            "CREATE2" => 3,
            "CALL" when !frame.Value.IsZero => 0,
            _ => -1,
        };
        if (type >= 0)
        {
            result.WriteStartObject();
            result.WriteNumber("type"u8, type);
            result.Data("from"u8, frame.From);
            result.Data("to"u8, frame.To);
            result.Quantity("value"u8, frame.Value);
            result.WriteEndObject();
        }
        foreach (CallTracer.Frame call in frame.Calls)
        {
            WriteOperation(result, call);
        }
    }

    private static void WriteFrames(Utf8JsonWriter result, CallTracer.Frame frame, int depth)
    {
        result.WriteStartObject();
        result.WriteString("type"u8, frame.Type);
        result.WriteNumber("depth"u8, depth);
        result.Data("from"u8, frame.From);
        result.Data("to"u8, frame.To);
        if (frame.HasValue && frame.Type != "DELEGATECALL")
        {
            result.Quantity("value"u8, frame.Value);
        }
        else
        {
            result.WriteNull("value"u8);
        }
        result.Data("input"u8, frame.Input);
        result.Data("output"u8, frame.Output);
        result.WriteEndObject();
        foreach (CallTracer.Frame call in frame.Calls)
        {
            WriteFrames(result, call, depth + 1);
        }
    }
}
