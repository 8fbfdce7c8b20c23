using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>A frame's beginning. Precompiles have frames too.</summary>
/// <param name="Depth">0 for the outermost.</param>
/// <param name="Target">Whose storage the frame works on (of a create: the new contract).</param>
/// <param name="CodeAddress">Whose code runs; differs in CALLCODE and DELEGATECALL.</param>
public readonly record struct CallStart(
    CallKind Kind,
    int Depth,
    Address Caller,
    Address Target,
    Address CodeAddress,
    UInt256 Value,
    ulong Gas,
    ReadOnlyMemory<byte> Input);

/// <summary>A frame's end.</summary>
public readonly record struct CallEnd(
    ExecutionStatus Status, ulong GasUsed, ReadOnlyMemory<byte> Output);

/// <summary>The machine before an instruction. Spans are valid during the call only.</summary>
public readonly ref struct StepStart
{
    public int ProgramCounter { get; init; }
    public byte Opcode { get; init; }
    public ulong Gas { get; init; }

    /// <summary>0 for the outermost frame.</summary>
    public int Depth { get; init; }

    /// <summary>The refund counter of the whole execution so far.</summary>
    public long Refund { get; init; }

    /// <summary>Bottom first.</summary>
    public ReadOnlySpan<UInt256> Stack { get; init; }

    public ReadOnlySpan<byte> Memory { get; init; }
    public ReadOnlySpan<byte> ReturnData { get; init; }

    /// <summary>Whose storage the frame works on.</summary>
    public Address Target { get; init; }
}

/// <summary>
/// Watches an execution without changing it. EIP-3155 and call tracers build on it.
/// </summary>
public interface ITracer
{
    /// <summary>False spares the two step hooks' costs.</summary>
    bool WantsSteps { get; }

    /// <summary>
    /// True asks for <see cref="OnPulse"/>, which costs the execution a few percent.
    /// </summary>
    bool WantsPulse => false;

    void OnCallStart(in CallStart call);

    void OnCallEnd(in CallEnd end);

    void OnStepStart(in StepStart step);

    /// <summary>
    /// The instruction's cost is known: before the frame it enters starts (gas given to that frame
    /// counts as cost, as in geth), else after it ran.
    /// </summary>
    void OnStepEnd(ulong gasCost, ExecutionStatus status);

    void OnLog(Log log);

    void OnSelfDestruct(in Address contract, in Address beneficiary, in UInt256 balance);

    /// <summary>
    /// The execution goes on: called every so many basic blocks, so that also code that never
    /// calls can be stopped (by throwing; the engine is not used again then).
    /// </summary>
    void OnPulse()
    {
    }
}
