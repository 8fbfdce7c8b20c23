using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>A tracer with the way its result is written.</summary>
internal interface ITraceSink : IDisposable
{
    ITracer Tracer { get; }

    /// <summary>What a transaction touches before its code runs.</summary>
    void Begin(in Address sender, Address? to, in Address coinbase)
    {
    }

    void Write(
        Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
        byte[] output);
}

/// <summary>Geth's trace options: which tracer, and what it shows.</summary>
internal sealed class TraceRequest
{
    private readonly JsonElement _options;
    private readonly string? _tracer;
    private readonly TraceOptions _steps;
    private readonly bool _onlyTopCall;
    private readonly bool _withLogs;
    private readonly bool _isDiff;

    private TraceRequest(JsonElement options, string place, RpcLimits limits)
    {
        _options = options;
        _tracer = JsonInput.TryMember(options, "tracer"u8, out JsonElement name)
            ? JsonInput.Text(name, place)
            : null;
        if (JsonInput.TryMember(options, "tracerConfig"u8, out JsonElement config))
        {
            JsonInput.Object(config, place);
            _onlyTopCall = Flag(config, "onlyTopCall"u8, place);
            _withLogs = Flag(config, "withLog"u8, place);
            _isDiff = Flag(config, "diffMode"u8, place);
        }
        _steps = new TraceOptions
        {
            HasStack = !Flag(options, "disableStack"u8, place),
            HasStorage = !Flag(options, "disableStorage"u8, place),
            HasMemory = Flag(options, "enableMemory"u8, place),
            HasReturnData = Flag(options, "enableReturnData"u8, place),
            StepLimit = limits.TraceSteps,
        };
        if (_tracer is not (null or "" or "callTracer" or "noopTracer" or "prestateTracer"
            or "4byteTracer"))
        {
            throw RpcException.Server($"tracer {_tracer} is not available");
        }
    }

    public static TraceRequest Read(JsonElement options, string place, RpcContext context)
    {
        if (options.ValueKind != JsonValueKind.Undefined)
        {
            JsonInput.Object(options, place);
            return new TraceRequest(options, place, context.Limits);
        }
        using JsonDocument empty = JsonDocument.Parse("{}");
        return new TraceRequest(empty.RootElement.Clone(), place, context.Limits);
    }

    /// <summary>A member of the options, or the undefined element.</summary>
    public JsonElement Member(ReadOnlySpan<byte> name) =>
        JsonInput.TryMember(_options, name, out JsonElement member) ? member : default;

    /// <param name="state">The state that the execution changes; read before and during it.</param>
    public ITraceSink NewSink(IAccountReader state) => _tracer switch
    {
        "callTracer" => new CallSink(new CallTracer(_onlyTopCall, _withLogs)),
        "4byteTracer" => new FourByteSink(new FourByteTracer(
            EthereumForks.Rules(Fork.Osaka, 0).Precompiles)),
        "noopTracer" => new NoSink(new CallTracer(true, false)),
        "prestateTracer" => new PrestateSink(new PrestateTracer(state, _isDiff)),
        _ => new StepSink(new StructLogTracer(_steps with { ReadSlot = state.Slot })),
    };

    private static bool Flag(JsonElement value, ReadOnlySpan<byte> name, string place) =>
        JsonInput.TryMember(value, name, out JsonElement member) && JsonInput.Flag(member, place);

    private sealed class StepSink(StructLogTracer tracer) : ITraceSink
    {
        public ITracer Tracer => tracer;

        public void Write(
            Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
            byte[] output) =>
            tracer.Write(result, gasUsed, status != ExecutionStatus.Success, output);

        public void Dispose() => tracer.Dispose();
    }

    private sealed class CallSink(CallTracer tracer) : ITraceSink
    {
        public ITracer Tracer => tracer;

        public void Write(
            Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
            byte[] output) => tracer.Write(result, gasLimit, gasUsed);

        public void Dispose()
        {
        }
    }

    private sealed class PrestateSink(PrestateTracer tracer) : ITraceSink
    {
        public ITracer Tracer => tracer;

        public void Begin(in Address sender, Address? to, in Address coinbase)
        {
            tracer.Touch(sender);
            tracer.Touch(coinbase);
            if (to is { } target)
            {
                tracer.Touch(target);
            }
        }

        public void Write(
            Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
            byte[] output) => tracer.Write(result);

        public void Dispose()
        {
        }
    }

    private sealed class FourByteSink(FourByteTracer tracer) : ITraceSink
    {
        public ITracer Tracer => tracer;

        public void Write(
            Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
            byte[] output) => tracer.Write(result);

        public void Dispose()
        {
        }
    }

    private sealed class NoSink(CallTracer tracer) : ITraceSink
    {
        public ITracer Tracer => tracer;

        public void Write(
            Utf8JsonWriter result, ulong gasLimit, ulong gasUsed, ExecutionStatus status,
            byte[] output)
        {
            result.WriteStartObject();
            result.WriteEndObject();
        }

        public void Dispose()
        {
        }
    }
}
