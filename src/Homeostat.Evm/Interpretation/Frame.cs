using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// One level of calls. Frames are kept by depth and used again; their stacks and memories are
/// consecutive parts of the machine's two buffers.
/// </summary>
internal sealed class Frame
{
    public Program Program = null!;
    public Code Code = Code.Empty;
    public CallKind Kind;
    public int Depth;
    public bool IsStatic;

    /// <summary>Whose storage and balance it works on.</summary>
    public Address Self;
    public Address Caller;
    public UInt256 Value;

    // Calldata: a part of the memory buffer below this frame's own memory.
    public int InputStart;
    public int InputLength;

    // This frame's parts of the buffers: memory in bytes, stack in words.
    public int MemoryStart;
    public ulong MemorySize;
    public int StackStart;
    public int StackHeight;

    // Where it goes on.
    public int Next;
    public long Gas;

    // What a failure goes back to.
    public int Snapshot;
    public long RefundBefore;

    // What the caller asked for the output; tracers report gas used.
    public ulong ReturnOffset;
    public ulong ReturnLength;
    public long GasGiven;

    public bool IsCreate => Kind is CallKind.Create or CallKind.Create2;
}
