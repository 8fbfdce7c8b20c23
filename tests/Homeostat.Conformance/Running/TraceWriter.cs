using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>Writes each step as a line, for looking into one failing case.</summary>
internal sealed class TraceWriter(TextWriter output) : ITracer
{
    public bool WantsSteps => true;

    public void OnCallStart(in CallStart call) => output.WriteLine(
        $"{Indent(call.Depth)}> {call.Kind} {call.Caller} -> {call.Target} "
        + $"code {call.CodeAddress} value {call.Value} gas {call.Gas} "
        + $"input {Hex.Encode(call.Input.Span)}");

    public void OnCallEnd(in CallEnd end) => output.WriteLine(
        $"< {end.Status} used {end.GasUsed} output {Hex.Encode(end.Output.Span)}");

    public void OnStepStart(in StepStart step)
    {
        ReadOnlySpan<UInt256> top = step.Stack[^Math.Min(step.Stack.Length, 6)..];
        string stack = string.Join(' ', top.ToArray().Select(word => word.ToQuantity()));
        output.WriteLine(
            $"{Indent(step.Depth)}{step.ProgramCounter} op {step.Opcode:x2} gas {step.Gas} "
            + $"refund {step.Refund} [{stack}]");
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
        if (status != ExecutionStatus.Success)
        {
            output.WriteLine($"  {status} cost {gasCost}");
        }
    }

    public void OnLog(Log log) => output.WriteLine($"  log {log.Address}");

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance) =>
        output.WriteLine($"  selfdestruct {contract} -> {beneficiary} {balance}");

    private static string Indent(int depth) => new(' ', 2 * depth);
}
