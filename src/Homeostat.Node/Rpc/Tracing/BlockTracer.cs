using System.Text.Json;
using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Executes a final block again on its parent's state, watched.</summary>
internal sealed class BlockTracer(RpcContext context, IEvmEngine engine)
{
    /// <summary>The trace of one transaction as the result.</summary>
    public void Trace(RpcBlock block, int index, TraceRequest request, Utf8JsonWriter result)
    {
        using var switchable = new SwitchTracer(context.Limits.TraceMs);
        BlockExecution execution = Start(block, switchable);
        for (int i = 0; i < index; i++)
        {
            Apply(execution, block, i);
        }
        TraceOne(execution, block, index, request, switchable, result);
    }

    /// <summary>An array of { txHash, result } for all of the block's transactions.</summary>
    public void TraceAll(RpcBlock block, TraceRequest request, Utf8JsonWriter result)
    {
        using var switchable = new SwitchTracer(context.Limits.TraceMs);
        BlockExecution execution = Start(block, switchable);
        result.WriteStartArray();
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            result.WriteStartObject();
            result.Data("txHash"u8, block.Transactions[i].Hash);
            result.WritePropertyName("result"u8);
            TraceOne(execution, block, i, request, switchable, result);
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }

    /// <summary>The outermost frames of some of the block's transactions.</summary>
    public IReadOnlyList<CallTracer.Frame> Frames(RpcBlock block, int first, int end)
    {
        using var switchable = new SwitchTracer(context.Limits.TraceMs);
        BlockExecution execution = Start(block, switchable);
        var frames = new List<CallTracer.Frame>();
        for (int i = 0; i < end; i++)
        {
            var tracer = new CallTracer(onlyTopCall: false, withLogs: false);
            switchable.Current = i < first ? null : tracer;
            Apply(execution, block, i);
            if (i >= first)
            {
                frames.Add(tracer.Root!);
            }
        }
        return frames;
    }

    private BlockExecution Start(RpcBlock block, ITracer tracer)
    {
        if (block.Number == 0)
        {
            throw RpcException.Server("genesis is not traceable");
        }
        RpcBlock parent = context.Chain.WithState(BlockSelector.At(block.Number - 1));
        BlockRules rules = context.Rules.At(block.Header);
        bool hasHistory = rules.CallsBefore.Any(
            call => call.Target == EthereumForks.HistoryStorage);
        return BlockExecution.Start(
            parent.State!, block.Header, rules, rules.HasInputs ? InputsOf(block, parent) : null,
            engine, hasHistory ? null : new ChainHashes(context.Chain), tracer);
    }

    /// <summary>The block is final, so it is itself the word on what its inputs were.</summary>
    private BlockInputs InputsOf(RpcBlock block, RpcBlock parent) => new()
    {
        TimeMs = block.TimeMs,
        ParentTimeMs = parent.TimeMs,
        PayloadHash = block.Header.ParentBeaconBlockRoot ?? Hash256.Zero,
        Transaction0Target = block.Transactions[0].To ?? Address.Zero,
        Transaction0Data = block.Transactions[0].Data,
        Transaction0Gas = block.Transactions[0].GasLimit,
        GasLimit = block.Header.GasLimit,
        GasTarget = 1,
        MinimumBaseFee = UInt256.Zero,
        Ordering = new OrderingTerms { Reveal = RevealOf(block) },
    };

    private Hash256 RevealOf(RpcBlock block)
    {
        if (context.Chain.Stored(block.Number) is not { } stored || stored.Hash != block.Hash)
        {
            return Hash256.Zero;
        }
        var reader = new RlpReader(stored.Encoded);
        RlpReader list = reader.ReadList();
        list.ReadRaw();
        return ConsensusPayload.TryDecode(list.ReadRaw(), out ConsensusPayload? payload) is null
            ? payload!.RandomnessReveal
            : Hash256.Zero;
    }

    private static TransactionResult Apply(BlockExecution execution, RpcBlock block, int index)
    {
        TransactionResult result = execution.TryApply(block.Recovered(index));
        if (result.Broken is RpcException stopped)
        {
            throw stopped; // The deadline's.
        }
        Invariant.Require(result.IsIncluded);
        return result;
    }

    private static void TraceOne(
        BlockExecution execution, RpcBlock block, int index, TraceRequest request,
        SwitchTracer switchable, Utf8JsonWriter result)
    {
        using ITraceSink sink = request.NewSink(new WorldReader(execution.State));
        sink.Begin(block.SenderOf(index), block.Transactions[index].To, block.Header.Coinbase);
        switchable.Current = sink.Tracer;
        TransactionResult outcome = Apply(execution, block, index);
        switchable.Current = null;
        sink.Write(
            result, block.Transactions[index].GasLimit, outcome.Receipt!.GasUsed, outcome.Status,
            outcome.Output);
    }

    /// <summary>
    /// A tracer for the whole block that hands on to one transaction's, and ends in time.
    /// </summary>
    private sealed class SwitchTracer(int limitMs) : ITracer, IDisposable
    {
        private readonly DeadlineTracer _deadline = new(limitMs);

        public ITracer? Current { get; set; }

        public bool WantsSteps => Current?.WantsSteps ?? false;

        public bool WantsPulse => true;

        public void OnPulse() => _deadline.OnPulse();

        public void OnCallStart(in CallStart call)
        {
            _deadline.OnCallStart(call);
            Current?.OnCallStart(call);
        }

        public void OnCallEnd(in CallEnd end) => Current?.OnCallEnd(end);

        public void OnStepStart(in StepStart step)
        {
            _deadline.OnStepStart(step);
            Current?.OnStepStart(step);
        }

        public void OnStepEnd(ulong gasCost, ExecutionStatus status) =>
            Current?.OnStepEnd(gasCost, status);

        public void OnLog(Log log) => Current?.OnLog(log);

        public void OnSelfDestruct(
            in Address contract, in Address beneficiary, in UInt256 balance) =>
            Current?.OnSelfDestruct(contract, beneficiary, balance);

        public void Dispose() => Current = null;
    }
}
