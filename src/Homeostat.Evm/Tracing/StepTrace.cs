using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// Calls a tracer's step hooks. A step opens at its block head, before anything is charged, and
/// closes when the next one of the frame opens, when it enters a frame, or when its frame ends.
/// </summary>
internal sealed unsafe class StepTrace(ITracer tracer)
{
    private long _gasBefore;
    private bool _isOpen;

    public void Start(Machine machine, Instruction* block, UInt256* top, long gas)
    {
        Close(gas, ExecutionStatus.Success);
        Frame frame = machine.Current;
        int height = (int)(top - machine.Floor);
        tracer.OnStepStart(new StepStart
        {
            ProgramCounter = frame.Program.ProgramCounters![(int)(block - machine.First)],
            Opcode = (byte)block->Argument,
            Gas = (ulong)gas,
            Depth = frame.Depth,
            Refund = machine.Refund,
            Stack = new ReadOnlySpan<UInt256>(machine.Floor + 1, height),
            Memory = machine.MemorySpan(0, (int)machine.MemorySize),
            ReturnData = machine.ReturnData.AsSpan(0, machine.ReturnLength),
            Target = frame.Self,
        });
        _gasBefore = gas;
        _isOpen = true;
    }

    /// <param name="gas">What is left; below 0 when the step could not be paid.</param>
    public void Close(long gas, ExecutionStatus status)
    {
        if (_isOpen)
        {
            _isOpen = false;
            tracer.OnStepEnd((ulong)Math.Max(0, _gasBefore - gas), status);
        }
    }
}
