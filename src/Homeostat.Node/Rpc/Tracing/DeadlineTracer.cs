using System.Diagnostics;
using Homeostat.Evm;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Ends an execution that runs too long: looks at the clock at each call, at each pulse of the
/// interpreter, so that no gas cap at all needs to bound it, and, where steps are traced, at every
/// 1,024th step.
/// </summary>
internal sealed class DeadlineTracer(int limitMs, ITracer? inner = null) : ITracer
{
    private const int StepsBetweenLooks = 1_024;

    private long _start;
    private int _steps;

    public bool WantsSteps => inner?.WantsSteps ?? false;

    public bool WantsPulse => true;

    public void OnCallStart(in CallStart call)
    {
        Look();
        inner?.OnCallStart(call);
    }

    public void OnCallEnd(in CallEnd end) => inner?.OnCallEnd(end);

    public void OnStepStart(in StepStart step)
    {
        if (++_steps % StepsBetweenLooks == 0)
        {
            Look();
        }
        inner?.OnStepStart(step);
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status) =>
        inner?.OnStepEnd(gasCost, status);

    public void OnPulse() => Look();

    public void OnLog(Log log) => inner?.OnLog(log);

    public void OnSelfDestruct(
        in Primitives.Address contract, in Primitives.Address beneficiary,
        in Primitives.UInt256 balance) =>
        inner?.OnSelfDestruct(contract, beneficiary, balance);

    // Counts from the first look on: the wait for a turn is not the call's.
    private void Look()
    {
        _start = _start == 0 ? Stopwatch.GetTimestamp() : _start;
        if (Stopwatch.GetElapsedTime(_start).TotalMilliseconds > limitMs)
        {
            throw RpcException.Server($"execution aborted (timeout = {limitMs} ms)");
        }
    }
}
