using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>Turns bytecode into a <see cref="Program"/>.</summary>
internal ref struct Decoder
{
    private const int StackLimit = 1024;
    private const int WordBytes = 32;

    private readonly ReadOnlySpan<byte> _code;
    private readonly OpcodeInfo[] _opcodes;
    private readonly bool _isTraced;
    private readonly JumpTable _jumps;
    private readonly int[] _jumpTargets;
    private Instruction[] _instructions;
    private int _count;
    private readonly List<UInt256> _constants = [];
    private readonly List<int>? _programCounters;

    // The block being decoded.
    private int _head = -1;
    private ulong _gas;
    private int _height, _required, _highest;
    private int _jumpsSeen;

    private Decoder(ReadOnlySpan<byte> code, ForkRules rules, bool isTraced)
    {
        _code = code;
        _opcodes = OpcodeTable.For(rules);
        _isTraced = isTraced;
        _jumps = JumpTable.Of(code);
        _jumpTargets = new int[_jumps.Count];
        _instructions = new Instruction[Math.Max(8, code.Length * (isTraced ? 2 : 1) / 2 + 8)];
        _programCounters = isTraced ? [] : null;
    }

    public static Program Decode(ReadOnlySpan<byte> code, ForkRules rules, bool isTraced)
    {
        var decoder = new Decoder(code, rules, isTraced);
        return decoder.Run();
    }

    private Program Run()
    {
        int at = 0;
        while (at < _code.Length)
        {
            ushort opcode = _code[at];
            OpcodeInfo info = _opcodes[opcode];
            ushort operation = info.IsDefined || opcode == Op.Stop ? opcode : Op.Invalid;
            BeginStep(operation, opcode, info, at);
            at = Translate(operation, opcode, info, at);
            if (EndsExecution(operation))
            {
                CloseBlock();
                at = _jumps.Next(at, _code.Length);
            }
            else if (EndsBlock(operation))
            {
                CloseBlock();
            }
        }
        // Running off the end is a STOP, which costs nothing.
        BeginStep(Op.Stop, Op.Stop, _opcodes[Op.Stop], at);
        Add(new Instruction { Operation = Op.Stop });
        CloseBlock();
        Link();
        Array.Resize(ref _instructions, _count);
        return new Program(
            _instructions, [.. _constants], _jumps, _jumpTargets, _programCounters?.ToArray());
    }

    private static bool EndsExecution(ushort operation) => operation
        is Op.Stop or Op.Jump or Op.Return or Op.Revert or Op.Invalid or Op.SelfDestruct;

    // JUMPI, and what looks at the gas that is left.
    private static bool EndsBlock(ushort operation) => operation
        is Op.JumpI or Op.Gas or Op.Sstore or Op.Create or Op.Create2
        or Op.Call or Op.CallCode or Op.DelegateCall or Op.StaticCall;

    private void BeginStep(ushort operation, ushort opcode, OpcodeInfo info, int at)
    {
        if (_isTraced || (operation == Op.JumpDest && (_gas != 0 || _head < _count - 1)))
        {
            CloseBlock();
        }
        if (_head < 0)
        {
            _head = _count;
            Add(new Instruction
            {
                Operation = _isTraced ? Fast.TracedBlock : Fast.Block,
                Argument = (short)opcode,
            });
            _programCounters?.Add(at);
        }
        if (operation == Op.JumpDest)
        {
            _jumpTargets[_jumpsSeen++] = _head;
        }
        _gas += info.Gas;
        _required = Math.Max(_required, info.Inputs - _height);
        _height += info.Outputs - info.Inputs;
        _highest = Math.Max(_highest, _height);
    }

    private void CloseBlock()
    {
        if (_head < 0)
        {
            return;
        }
        ref Instruction head = ref _instructions[_head];
        int slack = StackLimit - _highest - _required;
        head.Gas = (uint)_gas;
        head.RequiredBytes = slack < 0 ? uint.MaxValue : (uint)(_required * WordBytes);
        head.SlackBytes = (uint)(Math.Max(slack, 0) * WordBytes);
        _head = -1;
        _gas = 0;
        _height = _required = _highest = 0;
    }

    private void Add(Instruction instruction)
    {
        if (_count == _instructions.Length)
        {
            Array.Resize(ref _instructions, _count * 2);
        }
        _instructions[_count++] = instruction;
        if (_isTraced && _count > _head + 1)
        {
            _programCounters!.Add(-1);
        }
    }

    // Emits the operation at a place; returns the place of the next.
    private int Translate(ushort operation, ushort opcode, OpcodeInfo info, int at)
    {
        switch (operation)
        {
            case Op.JumpDest:
                break;
            case >= Op.Push0 and <= Op.Push32:
                int size = operation - Op.Push0;
                AddConstant(ReadConstant(at + 1, size));
                return at + 1 + size;
            case Op.Pc:
                AddConstant((ulong)at);
                break;
            case Op.CodeSize:
                AddConstant((ulong)_code.Length);
                break;
            case >= Op.Dup1 and <= Op.Dup16:
                AddFused(Fast.Dup, (short)(Op.Dup1 - opcode));
                break;
            case >= Op.Swap1 and <= Op.Swap16:
                AddFused(Fast.Swap, (short)(Op.Swap1 - opcode - 1));
                break;
            default:
                AddFused(operation, (short)(info.Outputs - info.Inputs));
                break;
        }
        return at + 1;
    }

    private readonly UInt256 ReadConstant(int at, int size)
    {
        Span<byte> word = stackalloc byte[WordBytes];
        word.Clear();
        int available = Math.Max(0, Math.Min(size, _code.Length - at));
        if (available > 0)
        {
            _code.Slice(at, available).CopyTo(word[(WordBytes - size)..]);
        }
        return UInt256.FromBigEndian(word);
    }

    private void AddConstant(in UInt256 value)
    {
        if (value.IsUInt64)
        {
            Add(new Instruction { Operation = Fast.PushSmall, Constant = value.U0 });
            return;
        }
        Add(new Instruction { Operation = Fast.PushLarge, Index = _constants.Count });
        _constants.Add(value);
    }

    private void AddFused(ushort operation, short argument)
    {
        var next = new Instruction { Operation = operation, Argument = argument };
        if (_isTraced)
        {
            Add(next);
            return;
        }
        var block = _instructions.AsSpan(_head + 1, _count - _head - 1);
        int replaced = Fusion.Match(block, in next, _jumps, out Instruction fused);
        _count -= replaced;
        Add(replaced == 0 ? next : fused);
    }

    // Fused jumps hold the program counter they go to until every block has its place.
    private readonly void Link()
    {
        foreach (ref Instruction instruction in _instructions.AsSpan(0, _count))
        {
            instruction.Operation = Fast.For(instruction.Operation);
            if (instruction.Operation is >= Fast.PushJump and <= Fast.GtIsZeroPushJumpI)
            {
                int rank = _jumps.RankOf((ulong)instruction.Index);
                instruction.Index = _jumpTargets[rank];
            }
        }
    }
}
