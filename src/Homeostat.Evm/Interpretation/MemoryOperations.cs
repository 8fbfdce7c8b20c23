using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>What moves bytes between memory, calldata, code, return data and logs.</summary>
internal static unsafe class MemoryOperations
{
    public static Halt Keccak256(Machine m, UInt256* top, Instruction* ip)
    {
        if (!m.TryRegion(top, top - 1, out ulong start, out int length)
            || !m.Charge(WordsOf(length) * (long)GasCosts.KeccakWord))
        {
            return Halt.OutOfGas;
        }
        Words.SetHash(top - 1, Keccak.Hash(m.MemorySpan(start, length)));
        return Halt.None;
    }

    public static Halt CallDataLoad(Machine m, UInt256* top, Instruction* ip)
    {
        Frame frame = m.Current;
        ulong start = Words.Saturate(top);
        if (start < (ulong)frame.InputLength && (ulong)frame.InputLength - start >= 32)
        {
            Words.Load(m.BufferStart + frame.InputStart + start, top);
            return Halt.None;
        }
        ReadOnlySpan<byte> input = m.InputSpan(frame);
        Words.LoadPadded(input[(int)Math.Min(start, (ulong)input.Length)..], top);
        return Halt.None;
    }

    public static Halt CallDataSize(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, (ulong)m.Current.InputLength);
        return Halt.None;
    }

    public static Halt CallDataCopy(Machine m, UInt256* top, Instruction* ip)
    {
        if (!TryCopyTarget(m, top, top - 2, out Span<byte> target))
        {
            return Halt.OutOfGas;
        }
        CopyPadded(m.InputSpan(m.Current), Words.Saturate(top - 1), target);
        return Halt.None;
    }

    public static Halt CodeCopy(Machine m, UInt256* top, Instruction* ip)
    {
        if (!TryCopyTarget(m, top, top - 2, out Span<byte> target))
        {
            return Halt.OutOfGas;
        }
        CopyPadded(m.Current.Code.Bytes, Words.Saturate(top - 1), target);
        return Halt.None;
    }

    public static Halt ExtCodeCopy(Machine m, UInt256* top, Instruction* ip)
    {
        Address address = Words.ToAddress(top);
        if (!EnvironmentOperations.TryAccess(m, address)
            || !TryCopyTarget(m, top - 1, top - 3, out Span<byte> target))
        {
            return Halt.OutOfGas;
        }
        CopyPadded(m.World.GetCode(address).Bytes, Words.Saturate(top - 2), target);
        return Halt.None;
    }

    public static Halt ReturnDataSize(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, (ulong)m.ReturnLength);
        return Halt.None;
    }

    // Other than its kin it fails beyond the end, even for no bytes (EIP-211).
    public static Halt ReturnDataCopy(Machine m, UInt256* top, Instruction* ip)
    {
        ulong from = Words.Saturate(top - 1);
        ulong length = Words.Saturate(top - 2);
        ulong available = (ulong)m.ReturnLength;
        if (from > available || length > available - from)
        {
            return Halt.ReturnDataOutOfBounds;
        }
        if (!TryCopyTarget(m, top, top - 2, out Span<byte> target))
        {
            return Halt.OutOfGas;
        }
        m.ReturnData.AsSpan((int)from, (int)length).CopyTo(target);
        return Halt.None;
    }

    public static Halt MStore8(Machine m, UInt256* top, Instruction* ip)
    {
        ulong at = Words.Saturate(top);
        if (at >= m.MemorySize && !m.TryGrow(at, 1))
        {
            return Halt.OutOfGas;
        }
        m.Memory[at] = unchecked((byte)top[-1].U0);
        return Halt.None;
    }

    public static Halt MSize(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, m.MemorySize);
        return Halt.None;
    }

    public static Halt MCopy(Machine m, UInt256* top, Instruction* ip)
    {
        if (!m.TryRegion(top, top - 2, out ulong to, out int length)
            || !m.TryRegion(top - 1, top - 2, out ulong from, out _)
            || !m.Charge(WordsOf(length) * (long)GasCosts.CopyWord))
        {
            return Halt.OutOfGas;
        }
        m.MemorySpan(from, length).CopyTo(m.MemorySpan(to, length));
        return Halt.None;
    }

    public static Halt Log(Machine m, UInt256* top, Instruction* ip)
    {
        if (m.Current.IsStatic)
        {
            return Halt.StaticViolation;
        }
        if (!m.TryRegion(top, top - 1, out ulong start, out int length)
            || !m.Charge(length * (long)GasCosts.LogByte))
        {
            return Halt.OutOfGas;
        }
        var topics = new Hash256[ip->Operation - Op.Log0];
        for (int i = 0; i < topics.Length; i++)
        {
            topics[i] = top[-2 - i].ToHash256();
        }
        var log = new Log(m.Current.Self, topics, m.MemorySpan(start, length).ToArray());
        m.World.AddLog(log);
        m.Context.Tracer?.OnLog(log);
        return Halt.None;
    }

    private static long WordsOf(int bytes) => ((long)bytes + 31) / 32;

    private static bool TryCopyTarget(
        Machine m, UInt256* offset, UInt256* length, out Span<byte> target)
    {
        bool isPaid = m.TryRegion(offset, length, out ulong start, out int size)
            && m.Charge(WordsOf(size) * (long)GasCosts.CopyWord);
        target = isPaid ? m.MemorySpan(start, size) : default;
        return isPaid;
    }

    // Beyond the source's end there are zeros.
    private static void CopyPadded(ReadOnlySpan<byte> source, ulong from, Span<byte> target)
    {
        ReadOnlySpan<byte> rest = source[(int)Math.Min(from, (ulong)source.Length)..];
        int copied = Math.Min(rest.Length, target.Length);
        rest[..copied].CopyTo(target);
        target[copied..].Clear();
    }
}
