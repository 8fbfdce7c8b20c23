using System.Diagnostics;
using Homeostat.Evm;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Ends an execution that runs too long: looks at the clock at each call and, where steps are
/// traced, at every 1,024th step. Code that never calls is not looked at, and need not be: the gas
/// cap bounds it to a fraction of a second, while calls can reach precompiles that are slow.
/// </summary>
internal sealed class DeadlineTracer(int limitMs, ITracer? inner = null) : ITracer
{
    private const int StepsBetweenLooks = 1_024;

    private long _start;
    private int _steps;

    public bool WantsSteps => inner?.WantsSteps ?? false;

    /// <summary>Counts from the first question on: the wait for a turn is not the call's.</summary>
    public bool IsTimeUp
    {
        get
        {
            _start = _start == 0 ? Stopwatch.GetTimestamp() : _start;
            return Stopwatch.GetElapsedTime(_start).TotalMilliseconds > limitMs;
        }
    }

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

    public void OnLog(Log log) => inner?.OnLog(log);

    public void OnSelfDestruct(
        in Primitives.Address contract, in Primitives.Address beneficiary,
        in Primitives.UInt256 balance) =>
        inner?.OnSelfDestruct(contract, beneficiary, balance);

    private void Look()
    {
        if (IsTimeUp)
        {
            throw RpcException.Server($"execution aborted (timeout = {limitMs} ms)");
        }
    }
}
