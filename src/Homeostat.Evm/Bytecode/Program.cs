using System.Numerics;

namespace Homeostat.Evm;

/// <summary>
/// Bytecode decoded once for a fork's prices: what the interpreter runs.
/// </summary>
/// <remarks>
/// The naive loop checks gas, stack height and the opcode at each step. Nothing but the end of a
/// frame depends on where inside a basic block the gas ran out or the stack was too short: both
/// fail the frame, take all its gas and undo its changes. So one check at the head of each block
/// does for all of it (as in evmone's advanced interpreter), provided that the operations that
/// look at the gas themselves (GAS, SSTORE's sentry, the 63/64 of calls and creates) end a block,
/// where what is charged so far is exactly what was executed. Between heads the decoder fuses
/// sequences that compilers emit often. A traced program has a head before every opcode and fuses
/// nothing: the same operations then run one by one, which is also what the tests compare.
/// </remarks>
internal sealed class Program
{
    private readonly JumpTable _jumps;
    private readonly int[] _jumpTargets;

    internal Program(
        Instruction[] instructions,
        Primitives.UInt256[] constants,
        JumpTable jumps,
        int[] jumpTargets,
        int[]? programCounters)
    {
        Instructions = instructions;
        Constants = constants;
        _jumps = jumps;
        _jumpTargets = jumpTargets;
        ProgramCounters = programCounters;
    }

    public Instruction[] Instructions { get; }

    public Primitives.UInt256[] Constants { get; }

    /// <summary>Of each instruction; traced programs only.</summary>
    public int[]? ProgramCounters { get; }

    /// <summary>The instruction of a JUMPDEST, or -1 when there is none at the place.</summary>
    public int TargetOf(ulong programCounter)
    {
        int rank = _jumps.RankOf(programCounter);
        return rank < 0 ? -1 : _jumpTargets[rank];
    }
}

/// <summary>
/// Where bytecode has JUMPDESTs that are not push data; ranks number them in order.
/// </summary>
internal readonly struct JumpTable
{
    private JumpTable(ulong[] bits, int[] ranks, int count)
    {
        Bits = bits;
        Ranks = ranks;
        Count = count;
    }

    public ulong[] Bits { get; }

    /// <summary>How many come before each word of <see cref="Bits"/>.</summary>
    public int[] Ranks { get; }

    public int Count { get; }

    public static JumpTable Of(ReadOnlySpan<byte> code)
    {
        ulong[] bits = new ulong[(code.Length + 63) / 64];
        for (int i = 0; i < code.Length; i++)
        {
            byte opcode = code[i];
            if (opcode == Op.JumpDest)
            {
                bits[i / 64] |= 1UL << (i % 64);
            }
            else if (opcode is >= (byte)Op.Push1 and <= (byte)Op.Push32)
            {
                i += opcode - Op.Push0;
            }
        }
        int[] ranks = new int[bits.Length];
        int count = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            ranks[i] = count;
            count += BitOperations.PopCount(bits[i]);
        }
        return new JumpTable(bits, ranks, count);
    }

    public bool Contains(ulong programCounter) => RankOf(programCounter) >= 0;

    /// <summary>The number of the JUMPDEST at a place, or -1 when there is none.</summary>
    public int RankOf(ulong programCounter)
    {
        ulong word = programCounter / 64;
        if (word >= (ulong)Bits.Length)
        {
            return -1;
        }
        ulong bits = Bits[word];
        ulong bit = 1UL << (int)(programCounter % 64);
        return (bits & bit) == 0
            ? -1
            : Ranks[word] + BitOperations.PopCount(bits & (bit - 1));
    }

    /// <summary>The first at or after a place, or the length when there is none.</summary>
    public int Next(int from, int length)
    {
        for (int word = from / 64; word < Bits.Length; word++)
        {
            ulong mask = word == from / 64 ? ulong.MaxValue << (from % 64) : ulong.MaxValue;
            ulong bits = Bits[word] & mask;
            if (bits != 0)
            {
                return word * 64 + BitOperations.TrailingZeroCount(bits);
            }
        }
        return length;
    }
}
