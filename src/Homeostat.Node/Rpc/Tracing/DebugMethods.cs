using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>debug_*: traces by re-execution on the parent's state, and raw encodings.</summary>
internal sealed class DebugMethods(RpcContext context)
{
    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.AddAsync("debug_traceTransaction", TraceTransactionAsync);
        table.AddAsync("debug_traceCall", TraceCallAsync);
        table.AddAsync("debug_traceBlockByNumber", TraceBlockByNumberAsync);
        table.AddAsync("debug_traceBlockByHash", TraceBlockByHashAsync);
        table.Add("debug_getRawHeader", (arguments, result) =>
            result.Data(Required(arguments).Header.Encode()));
        table.Add("debug_getRawBlock", (arguments, result) =>
            result.Data(Required(arguments).Block.Encode()));
        table.Add("debug_getRawReceipts", GetRawReceipts);
        table.Add("debug_getRawTransaction", GetRawTransaction);
    }

    private RpcBlock Required(RpcParams arguments)
    {
        arguments.Required(0);
        return _chain.Get(arguments.Block(0));
    }

    private void GetRawReceipts(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock block = Required(arguments);
        result.WriteStartArray();
        foreach (Receipt receipt in block.Receipts)
        {
            result.Data(receipt.Encode());
        }
        result.WriteEndArray();
    }

    private void GetRawTransaction(RpcParams arguments, Utf8JsonWriter result)
    {
        Hash256 hash = arguments.Hash(0);
        if (_chain.FindTransaction(hash) is var (block, index))
        {
            result.Data(block.Transactions[index].Encoded);
        }
        else if (_chain.View.Pool.TryGet(hash, out PooledTransaction pooled))
        {
            result.Data(pooled.Transaction.Transaction.Encoded);
        }
        else
        {
            result.Data([]);
        }
    }

    private async ValueTask TraceTransactionAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        if (_chain.FindTransaction(arguments.Hash(0)) is not var (block, index))
        {
            throw RpcException.Server("transaction not found");
        }
        TraceRequest request = TraceRequest.Read(arguments.Optional(1), RpcParams.At(1), context);
        await context.Gate.RunAsync(engine =>
        {
            new BlockTracer(context, engine).Trace(block, index, request, result);
            return true;
        }).ConfigureAwait(false);
    }

    private ValueTask TraceBlockByNumberAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session) =>
        TraceBlockAsync(Required(arguments), arguments, result);

    private ValueTask TraceBlockByHashAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session) =>
        TraceBlockAsync(
            _chain.ByHash(arguments.Hash(0))
                ?? throw RpcException.Server($"block {arguments.Hash(0)} not found"),
            arguments, result);

    private async ValueTask TraceBlockAsync(
        RpcBlock block, RpcParams arguments, Utf8JsonWriter result)
    {
        TraceRequest request = TraceRequest.Read(arguments.Optional(1), RpcParams.At(1), context);
        await context.Gate.RunAsync(engine =>
        {
            new BlockTracer(context, engine).TraceAll(block, request, result);
            return true;
        }).ConfigureAwait(false);
    }

    private async ValueTask TraceCallAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        CallRequest call = CallArguments.Read(
            arguments.Required(0), RpcParams.At(0), context.Node.ChainId);
        RpcBlock block = _chain.WithState(arguments.Block(1));
        JsonElement options = arguments.Optional(2);
        TraceRequest request = TraceRequest.Read(options, RpcParams.At(2), context);
        await context.Gate.RunAsync(engine =>
        {
            using ITraceSink sink = request.NewSink(new SnapshotReader(block.State!));
            var traced = new CallContext
            {
                State = block.State!,
                Header = block.Header,
                Accounts = CallArguments.ReadOverrides(
                    request.Member("stateOverrides"u8), RpcParams.At(2)),
                Block = CallArguments.ReadBlockOverrides(
                    request.Member("blockOverrides"u8), RpcParams.At(2)),
                GasCap = context.Limits.GasCap,
                Tracer = new DeadlineTracer(context.Limits.TraceMs, sink.Tracer),
            };
            sink.Begin(call.From, call.To, block.Header.Coinbase);
            CallOutcome outcome = new CallSimulator(
                context.Rules, engine).Call(traced, call);
            if (outcome.Error is { } error)
            {
                throw RpcException.Server(error);
            }
            ulong limit = call.Gas ?? context.Limits.GasCap;
            sink.Write(result, limit, outcome.GasUsed, outcome.Status, outcome.Output);
            return true;
        }).ConfigureAwait(false);
    }
}
