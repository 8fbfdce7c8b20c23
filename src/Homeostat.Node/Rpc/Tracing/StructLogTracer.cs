using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Geth's default tracer: every step with gas, stack and, when asked for, memory.
/// </summary>
internal sealed class StructLogTracer : ITracer, IDisposable
{
    private readonly TraceOptions _options;
    private readonly ResponseBuffer _buffer = new(64 * 1024);
    private readonly Utf8JsonWriter _writer;
    private readonly SortedDictionary<Address, SortedDictionary<UInt256, UInt256>> _seen = [];
    private Step? _step;
    private int _count;

    public StructLogTracer(TraceOptions options)
    {
        _options = options;
        _writer = new Utf8JsonWriter(
            _buffer, new JsonWriterOptions { SkipValidation = true });
        _writer.WriteStartArray();
    }

    public bool WantsSteps => true;

    public void OnCallStart(in CallStart call) => Flush();

    public void OnCallEnd(in CallEnd end) => Flush();

    public void OnStepStart(in StepStart step)
    {
        Flush();
        if (++_count > _options.StepLimit)
        {
            return; // The caller refuses the trace; the execution just goes on to its end.
        }
        _step = new Step(
            step.ProgramCounter, step.Opcode, step.Gas, step.Depth + 1, step.Refund,
            _options.HasStack ? step.Stack.ToArray() : null,
            _options.HasMemory ? step.Memory.ToArray() : null,
            _options.HasReturnData ? step.ReturnData.ToArray() : null,
            ReadStorage(step));
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
        if (_step is { } step)
        {
            step.Cost = gasCost;
            step.Error = status is ExecutionStatus.Success or ExecutionStatus.Revert
                ? null
                : ExecutionText.Of(status);
            Flush();
        }
    }

    public void OnLog(Log log)
    {
    }

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance)
    {
    }

    /// <summary>Writes geth's result object.</summary>
    public void Write(Utf8JsonWriter result, ulong gasUsed, bool failed, ReadOnlySpan<byte> output)
    {
        Flush();
        if (_count > _options.StepLimit)
        {
            throw RpcException.Server($"trace has over {_options.StepLimit} steps");
        }
        _writer.WriteEndArray();
        _writer.Flush();
        result.WriteStartObject();
        result.WriteNumber("gas"u8, gasUsed);
        result.WriteBoolean("failed"u8, failed);
        result.Data("returnValue"u8, output);
        result.WritePropertyName("structLogs"u8);
        result.WriteRawValue(_buffer.Written.Span, skipInputValidation: true);
        result.WriteEndObject();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _buffer.Dispose();
    }

    /// <summary>As geth: the slots the contract has touched, at the steps that touch one.</summary>
    private KeyValuePair<UInt256, UInt256>[]? ReadStorage(in StepStart step)
    {
        const byte Sload = 0x54, Sstore = 0x55;
        if (!_options.HasStorage || step.Stack.Length < 1
            || (step.Opcode != Sload && step.Opcode != Sstore)
            || (step.Opcode == Sstore && step.Stack.Length < 2))
        {
            return null;
        }
        if (!_seen.TryGetValue(step.Target, out SortedDictionary<UInt256, UInt256>? slots))
        {
            _seen[step.Target] = slots = [];
        }
        UInt256 slot = step.Stack[^1];
        if (step.Opcode == Sstore)
        {
            slots[slot] = step.Stack[^2];
            return [.. slots];
        }
        if (_options.ReadSlot is { } read)
        {
            slots.TryAdd(slot, read(step.Target, slot));
        }
        return [.. slots];
    }

    private void Flush()
    {
        if (_step is not { } step)
        {
            return;
        }
        _step = null;
        _writer.WriteStartObject();
        _writer.WriteNumber("pc"u8, step.ProgramCounter);
        _writer.WriteString("op"u8, OpcodeNames.Of(step.Opcode));
        _writer.WriteNumber("gas"u8, step.Gas);
        _writer.WriteNumber("gasCost"u8, step.Cost);
        _writer.WriteNumber("depth"u8, step.Depth);
        if (step.Error is not null)
        {
            _writer.WriteString("error"u8, step.Error);
        }
        if (step.Refund != 0)
        {
            _writer.WriteNumber("refund"u8, step.Refund);
        }
        WriteMachine(step);
        _writer.WriteEndObject();
        _writer.Flush();
    }

    private void WriteMachine(Step step)
    {
        if (step.Stack is not null)
        {
            _writer.WriteStartArray("stack"u8);
            foreach (UInt256 word in step.Stack)
            {
                _writer.Quantity(word);
            }
            _writer.WriteEndArray();
        }
        if (step.Memory is { Length: > 0 } memory)
        {
            _writer.WriteStartArray("memory"u8);
            for (int i = 0; i + 32 <= memory.Length; i += 32)
            {
                _writer.Data(memory.AsSpan(i, 32));
            }
            _writer.WriteEndArray();
        }
        if (step.ReturnData is { Length: > 0 } returned)
        {
            _writer.Data("returnData"u8, returned);
        }
        if (step.Storage is not null)
        {
            _writer.WriteStartObject("storage"u8);
            foreach ((UInt256 slot, UInt256 value) in step.Storage)
            {
                _writer.Data(
                    System.Text.Encoding.ASCII.GetBytes(slot.ToHash256().ToString()),
                    value.ToHash256());
            }
            _writer.WriteEndObject();
        }
    }

    private sealed record Step(
        int ProgramCounter, byte Opcode, ulong Gas, int Depth, long Refund, UInt256[]? Stack,
        byte[]? Memory, byte[]? ReturnData, KeyValuePair<UInt256, UInt256>[]? Storage)
    {
        public ulong Cost { get; set; }

        public string? Error { get; set; }
    }
}

/// <summary>What a structLog trace shows.</summary>
internal sealed record TraceOptions
{
    public bool HasStack { get; init; } = true;

    public bool HasMemory { get; init; }

    public bool HasReturnData { get; init; }

    public bool HasStorage { get; init; } = true;

    public int StepLimit { get; init; } = int.MaxValue;

    /// <summary>The value a slot has now, for SLOAD.</summary>
    public Func<Address, UInt256, UInt256>? ReadSlot { get; init; }
}
