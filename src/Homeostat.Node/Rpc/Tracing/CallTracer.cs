using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Geth's callTracer: the tree of frames.</summary>
internal sealed class CallTracer(bool onlyTopCall, bool withLogs) : ITracer
{
    private readonly Stack<Frame> _open = new();
    private int _logs;

    /// <summary>The outermost frame; null when nothing ran.</summary>
    public Frame? Root { get; private set; }

    public bool WantsSteps => false;

    public void OnCallStart(in CallStart call)
    {
        var frame = new Frame(call);
        if (_open.TryPeek(out Frame? parent))
        {
            parent.Calls.Add(frame);
        }
        else
        {
            Root = frame;
        }
        _open.Push(frame);
    }

    public void OnCallEnd(in CallEnd end)
    {
        Frame frame = _open.Pop();
        frame.Status = end.Status;
        frame.GasUsed = end.GasUsed;
        frame.Output = end.Output.ToArray();
        if (end.Status != ExecutionStatus.Success)
        {
            frame.DropLogs();
        }
    }

    public void OnStepStart(in StepStart step)
    {
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
    }

    public void OnLog(Log log)
    {
        if (withLogs && _open.TryPeek(out Frame? frame))
        {
            frame.Logs.Add((log, _logs++, frame.Calls.Count));
        }
    }

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance)
    {
        if (_open.TryPeek(out Frame? parent))
        {
            parent.Calls.Add(new Frame(contract, beneficiary, balance));
        }
    }

    /// <summary>
    /// Writes the tree; the outermost frame's gas is the transaction's, intrinsic gas included.
    /// </summary>
    public void Write(Utf8JsonWriter result, ulong gasLimit, ulong gasUsed)
    {
        if (Root is not { } root)
        {
            result.WriteStartObject();
            result.WriteEndObject();
            return;
        }
        (root.Gas, root.GasUsed) = (gasLimit, gasUsed);
        Write(result, root, 0);
    }

    private void Write(Utf8JsonWriter result, Frame frame, int depth)
    {
        result.WriteStartObject();
        result.Data("from"u8, frame.From);
        result.Quantity("gas"u8, frame.Gas);
        result.Quantity("gasUsed"u8, frame.GasUsed);
        result.Data("to"u8, frame.To);
        result.Data("input"u8, frame.Input);
        if (frame.Output.Length > 0)
        {
            result.Data("output"u8, frame.Output);
        }
        WriteError(result, frame);
        if (frame.Logs.Count > 0)
        {
            WriteLogs(result, frame);
        }
        if (frame.Calls.Count > 0 && !onlyTopCall)
        {
            result.WriteStartArray("calls"u8);
            foreach (Frame call in frame.Calls)
            {
                Write(result, call, depth + 1);
            }
            result.WriteEndArray();
        }
        if (frame.HasValue)
        {
            result.Quantity("value"u8, frame.Value);
        }
        result.WriteString("type"u8, frame.Type);
        result.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter result, Frame frame)
    {
        if (frame.Status == ExecutionStatus.Success)
        {
            return;
        }
        result.WriteString("error"u8, ExecutionText.Of(frame.Status));
        if (frame.Status == ExecutionStatus.Revert
            && RevertReason.TryRead(frame.Output, out string reason))
        {
            result.WriteString("revertReason"u8, reason);
        }
    }

    private static void WriteLogs(Utf8JsonWriter result, Frame frame)
    {
        result.WriteStartArray("logs"u8);
        foreach ((Log log, int index, int position) in frame.Logs)
        {
            result.WriteStartObject();
            result.Data("address"u8, log.Address);
            EthJson.Hashes(result, "topics"u8, log.Topics);
            result.Data("data"u8, log.Data);
            result.Quantity("index"u8, (ulong)index);
            result.Quantity("position"u8, (ulong)position);
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }

    internal sealed class Frame
    {
        public Frame(in CallStart call)
        {
            Type = call.Kind.ToString().ToUpperInvariant();
            From = call.Caller;
            To = call.Kind is CallKind.CallCode or CallKind.DelegateCall
                ? call.CodeAddress
                : call.Target;
            Value = call.Value;
            HasValue = call.Kind != CallKind.StaticCall;
            Gas = call.Gas;
            Input = call.Input.ToArray();
        }

        public Frame(in Address contract, in Address beneficiary, in UInt256 balance)
        {
            (Type, From, To, Value, HasValue) =
                ("SELFDESTRUCT", contract, beneficiary, balance, true);
        }

        public string Type { get; }

        public Address From { get; }

        public Address To { get; }

        public UInt256 Value { get; }

        public bool HasValue { get; }

        public ulong Gas { get; set; }

        public ulong GasUsed { get; set; }

        public byte[] Input { get; } = [];

        public byte[] Output { get; set; } = [];

        public ExecutionStatus Status { get; set; }

        public List<Frame> Calls { get; } = [];

        public List<(Log Log, int Index, int Position)> Logs { get; } = [];

        /// <summary>A failed frame leaves no logs, nor do those inside it.</summary>
        public void DropLogs()
        {
            Logs.Clear();
            Calls.ForEach(call => call.DropLogs());
        }
    }
}
