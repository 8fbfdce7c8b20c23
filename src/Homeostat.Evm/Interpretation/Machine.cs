using System.Runtime.CompilerServices;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// The engine's registers and buffers. All frames share one stack and one memory buffer, each a
/// part behind its caller's, so that depth costs no allocation and no native stack.
/// </summary>
internal sealed unsafe class Machine
{
    /// <summary>Frames below the outermost (Yellow Paper, 9.1).</summary>
    public const int MaxDepth = 1024;

    /// <summary>
    /// Memory of all frames of a call together, in bytes. To fill it in one frame costs over 2^41
    /// gas, so no block limit reaches it; it bounds calls with a lifted gas cap, which then end
    /// out of gas.
    /// </summary>
    public const ulong MaxMemory = 1UL << 30;

    private const int StackLimit = 1024;

    // Some hundred microseconds of a tight loop.
    private const int BlocksBetweenPulses = 1 << 16;

    private readonly Frame?[] _frames = new Frame?[MaxDepth + 1];
    private UInt256[] _stack = [];
    private UInt256* _stackStart;
    private byte[] _buffer = [];
    private byte* _bufferStart;

    // Of the frame that runs.
    public Frame Current = new();
    public long Gas;
    public UInt256* Floor;
    public Instruction* First;
    public byte* Memory;
    public ulong MemorySize;

    // Offsets below this have a whole word of memory.
    private ulong _wordLimit;

    // Of the whole execution.
    public EvmContext Context = null!;
    public IWorld World = null!;
    public ForkRules Rules = null!;
    public long Refund;
    public StepTrace? Steps;

    /// <summary>Who wants to hear that the execution goes on; null: nobody.</summary>
    public ITracer? Pulse;
    public int BlocksToPulse;

    // Output of the latest frame that ended, which is what RETURNDATA* read.
    public byte[] ReturnData = new byte[1024];
    public int ReturnLength;

    public Machine()
    {
        GrowStack(4 * StackLimit);
        GrowBuffer(64 * 1024);
    }

    public UInt256* StackFloor => _stackStart + Current.StackStart - 1;

    public byte* BufferStart => _bufferStart;

    public void Begin(EvmContext context)
    {
        Context = context;
        World = context.World;
        Rules = context.Rules;
        Refund = 0;
        ReturnLength = 0;
        Memory = _bufferStart;
        MemorySize = 0;
        _wordLimit = 0;
        Steps = context.Tracer is { WantsSteps: true } tracer ? new StepTrace(tracer) : null;
        Pulse = context.Tracer is { WantsPulse: true } watcher ? watcher : null;
        BlocksToPulse = BlocksBetweenPulses;
    }

    public void Beat()
    {
        BlocksToPulse = BlocksBetweenPulses;
        Pulse!.OnPulse();
    }

    /// <summary>Puts bytes at the buffer's start, below the outermost frame's memory.</summary>
    public void PlaceInput(ReadOnlySpan<byte> input)
    {
        EnsureBuffer(0, (ulong)input.Length);
        input.CopyTo(_buffer);
    }

    /// <summary>
    /// A frame at the depth, made when first needed, behind the given stack height.
    /// </summary>
    public Frame Push(int depth, int inputEnd)
    {
        Frame frame = _frames[depth] ??= new Frame();
        frame.Depth = depth;
        frame.Next = 0;
        frame.StackHeight = 0;
        if (depth == 0)
        {
            frame.StackStart = 0;
            frame.MemoryStart = (inputEnd + 31) / 32 * 32;
        }
        else
        {
            Current.MemorySize = MemorySize;
            frame.StackStart = Current.StackStart + Current.StackHeight;
            frame.MemoryStart = Current.MemoryStart + (int)MemorySize;
        }
        if (frame.StackStart + StackLimit > _stack.Length)
        {
            GrowStack(_stack.Length * 2);
        }
        EnsureBuffer(frame.MemoryStart, 0);
        Current = frame;
        UseMemory(0);
        return frame;
    }

    /// <summary>Goes back to the frame that made the current one.</summary>
    public Frame Pop()
    {
        Current = _frames[Current.Depth - 1]!;
        UseMemory(Current.MemorySize);
        return Current;
    }

    /// <summary>Takes gas; false when there is not enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Charge(long cost) => (Gas = unchecked(Gas - cost)) >= 0;

    /// <summary>The place of a word of memory, grown when needed; null when out of gas.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Word(ulong offset, ref long gas)
    {
        if (offset < _wordLimit)
        {
            return unchecked(Memory + offset);
        }
        Gas = gas;
        bool isGrown = TryGrow(offset, 32);
        gas = Gas;
        return isGrown ? Memory + offset : null;
    }

    /// <summary>
    /// Grows and pays memory for a region given by two words; an empty region needs none,
    /// wherever it lies. False when out of gas.
    /// </summary>
    public bool TryRegion(UInt256* offset, UInt256* length, out ulong start, out int size)
    {
        size = 0;
        start = 0;
        if (Words.IsZero(length))
        {
            return true;
        }
        start = Words.Saturate(offset);
        ulong wanted = Words.Saturate(length);
        if (!TryGrow(start, wanted))
        {
            return false;
        }
        size = (int)wanted;
        return true;
    }

    /// <summary>Grows and pays memory up to the end of a region that is not empty.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TryGrow(ulong offset, ulong length)
    {
        ulong limit = MaxMemory - Math.Min(MaxMemory, (ulong)Current.MemoryStart);
        if (offset > limit || length > limit || offset + length > limit)
        {
            Gas = -1;
            return false;
        }
        ulong size = (offset + length + 31) / 32 * 32;
        if (size <= MemorySize)
        {
            return true;
        }
        if (!Charge(CostOf(size) - CostOf(MemorySize)))
        {
            return false;
        }
        EnsureBuffer(Current.MemoryStart, size);
        Memory = _bufferStart + Current.MemoryStart;
        // The buffer holds what earlier frames left.
        ulong old = MemorySize;
        new Span<byte>(Memory + old, (int)(size - old)).Clear();
        UseMemory(size);
        return true;
    }

    /// <summary>The instruction a dynamic jump goes to; null when that is no JUMPDEST.</summary>
    public Instruction* Target(UInt256* programCounter)
    {
        int target = Current.Program.TargetOf(Words.Saturate(programCounter));
        return target < 0 ? null : unchecked(First + target);
    }

    /// <summary>Memory of the current frame that exists already.</summary>
    public Span<byte> MemorySpan(ulong start, int size) => new(unchecked(Memory + start), size);

    public ReadOnlySpan<byte> InputSpan(Frame frame) =>
        new(_bufferStart + frame.InputStart, frame.InputLength);

    public void SetReturnData(ReadOnlySpan<byte> data)
    {
        if (data.Length > ReturnData.Length)
        {
            ReturnData = new byte[Math.Max(data.Length, 2 * ReturnData.Length)];
        }
        data.CopyTo(ReturnData);
        ReturnLength = data.Length;
    }

    public void TraceStep(Instruction* block, UInt256* top, long gas) =>
        Steps!.Start(this, block, top, gas);

    // Yellow Paper, equation 326: 3 gas a word and its square over 512.
    private static long CostOf(ulong size)
    {
        ulong words = size / 32;
        return (long)(3 * words + words * words / 512);
    }

    private void UseMemory(ulong size)
    {
        Memory = _bufferStart + Current.MemoryStart;
        MemorySize = size;
        _wordLimit = size == 0 ? 0 : size - 31;
    }

    private void EnsureBuffer(int start, ulong size)
    {
        // One word more than asked for, so that a whole word can be read at any place.
        ulong needed = (ulong)start + size + 32;
        if (needed > (ulong)_buffer.Length)
        {
            GrowBuffer(Math.Max(needed, Math.Min(2 * (ulong)_buffer.Length, MaxMemory)));
        }
    }

    private void GrowBuffer(ulong size)
    {
        Invariant.Require(size < int.MaxValue);
        byte[] grown = GC.AllocateUninitializedArray<byte>((int)size, pinned: true);
        _buffer.CopyTo(grown, 0);
        _buffer = grown;
        _bufferStart = (byte*)Unsafe.AsPointer(ref grown[0]);
    }

    private void GrowStack(int words)
    {
        UInt256[] grown = GC.AllocateUninitializedArray<UInt256>(words, pinned: true);
        _stack.CopyTo(grown, 0);
        _stack = grown;
        _stackStart = (UInt256*)Unsafe.AsPointer(ref grown[0]);
    }
}
