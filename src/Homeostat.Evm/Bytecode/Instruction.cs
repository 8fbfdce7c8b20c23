using System.Runtime.InteropServices;

namespace Homeostat.Evm;

/// <summary>
/// One step of decoded bytecode. The two words after the operation mean what the operation says:
/// a block's gas and stack bounds, a constant or its place, a jump's target.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct Instruction
{
    /// <summary>
    /// An EVM opcode, or one of the fused operations above 0xff (<see cref="Op"/>).
    /// </summary>
    [FieldOffset(0)] public ushort Operation;

    /// <summary>
    /// Which item a DUP or SWAP means, as its distance from the top; of an operation that runs
    /// out of the loop, how the stack's height changes (two's complement).
    /// </summary>
    [FieldOffset(2)] public short Argument;

    /// <summary>Static gas of the block that begins here.</summary>
    [FieldOffset(4)] public uint Gas;

    /// <summary>Index of a jump's target instruction, or of a constant.</summary>
    [FieldOffset(4)] public int Index;

    [FieldOffset(8)] public ulong Constant;

    /// <summary>Least height of the stack at which the block can run, in bytes.</summary>
    [FieldOffset(8)] public uint RequiredBytes;

    /// <summary>How far above the least height the block can still run, in bytes.</summary>
    [FieldOffset(12)] public uint SlackBytes;
}
