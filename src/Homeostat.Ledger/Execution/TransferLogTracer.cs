using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Collects a call's logs and, when asked to, one more for each transfer of ether, as if ether were
/// an ERC-20 token at 0xeee…: eth_simulateV1's traceTransfers. Indices count through the block and
/// are not given back by a revert, as in geth. Calls and pulses go on to the watch.
/// </summary>
internal sealed class TransferLogTracer(bool tracesTransfers, ITracer? watch) : ITracer
{
    private static readonly Address Ether = new("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");

    private static readonly Hash256 TransferTopic =
        new("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

    private readonly Stack<List<SimulatedLog>> _frames = new();
    private List<SimulatedLog> _logs = [];
    private int _count;

    public bool WantsSteps => false;

    public bool WantsPulse => watch?.WantsPulse ?? false;

    /// <summary>The logs of the call that ended.</summary>
    public IReadOnlyList<SimulatedLog> TakeLogs()
    {
        List<SimulatedLog> logs = _logs;
        _logs = [];
        return logs;
    }

    public void OnPulse() => watch?.OnPulse();

    public void OnCallStart(in CallStart call)
    {
        watch?.OnCallStart(call);
        _frames.Push([]);
        if (call.Kind is not (CallKind.DelegateCall or CallKind.StaticCall))
        {
            Transfer(call.Caller, call.Target, call.Value);
        }
    }

    public void OnCallEnd(in CallEnd end)
    {
        List<SimulatedLog> logs = _frames.Pop();
        if (end.Status == ExecutionStatus.Success)
        {
            (_frames.TryPeek(out List<SimulatedLog>? parent) ? parent : _logs).AddRange(logs);
        }
    }

    public void OnStepStart(in StepStart step)
    {
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
    }

    public void OnLog(Log log) => Add(log);

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance) =>
        Transfer(contract, beneficiary, balance);

    private void Transfer(in Address from, in Address to, in UInt256 value)
    {
        if (tracesTransfers && !value.IsZero)
        {
            Hash256[] topics = [TransferTopic, Word(from), Word(to)];
            Add(new Log(Ether, topics, value.ToHash256().ToArray()));
        }
    }

    private void Add(Log log)
    {
        if (_frames.TryPeek(out List<SimulatedLog>? frame))
        {
            frame.Add(new SimulatedLog(log, _count++));
        }
    }

    private static Hash256 Word(in Address address)
    {
        Span<byte> word = stackalloc byte[Hash256.Size];
        word.Clear();
        address.Bytes.CopyTo(word[12..]);
        return new Hash256(word);
    }
}
