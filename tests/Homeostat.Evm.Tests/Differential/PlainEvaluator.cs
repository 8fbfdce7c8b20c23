using System.Numerics;

namespace Homeostat.Evm.Tests;

/// <summary>
/// One frame of the EVM written as plainly as the Yellow Paper puts it: BigInteger, a list as the
/// stack, gas and bounds checked at each step. No calls and creates. It shares only the world and
/// the fork's flags with the engines it is compared with; prices are written out again.
/// </summary>
public sealed partial class PlainEvaluator(EvmContext context, byte[] code, byte[] input, long gas)
{
    private static readonly BigInteger Modulus = BigInteger.One << 256;

    private readonly List<BigInteger> _stack = [];
    private readonly IWorld _world = context.World;
    private readonly ForkRules _rules = context.Rules;
    private byte[] _memory = [];
    private long _gas = gas;
    private int _pc;
    private bool _isDone;

    public byte[] Output { get; private set; } = [];

    public long Refund { get; private set; }

    public ExecutionStatus Status { get; private set; }

    public long GasLeft => _gas;

    /// <summary>It came to an opcode that it leaves out: the case says nothing.</summary>
    public bool MetCall { get; private set; }

    public void Run()
    {
        int snapshot = _world.Snapshot();
        try
        {
            while (!_isDone)
            {
                Step(_pc < code.Length ? code[_pc] : (byte)0);
            }
        }
        catch (FrameFailure)
        {
            Status = ExecutionStatus.OutOfGas;
            _gas = 0;
            Output = [];
        }
        if (Status != ExecutionStatus.Success)
        {
            _world.Revert(snapshot);
            Refund = 0;
        }
    }

    private void Step(byte op)
    {
        _pc++;
        switch (op)
        {
            case <= 0x0b or (>= 0x10 and <= 0x1e):
                Arithmetic(op);
                break;
            case >= 0x30 and <= 0x4a:
                Environment(op);
                break;
            case 0x54 or 0x55 or 0x5c or 0x5d:
                Storage(op);
                break;
            case 0x56 or 0x57 or 0x58 or 0x5a or 0x5b:
                Flow(op);
                break;
            case 0x20 or (>= 0x50 and <= 0x5e) or (>= 0xa0 and <= 0xa4) or 0xf3 or 0xfd:
                Memory(op);
                break;
            case >= 0x5f and <= 0x9f:
                Move(op);
                break;
            default:
                MetCall |= op is 0xf0 or 0xf1 or 0xf2 or 0xf4 or 0xf5 or 0xfa or 0xff;
                throw new FrameFailure();
        }
    }

    private void Charge(BigInteger cost)
    {
        if (cost > _gas)
        {
            throw new FrameFailure();
        }
        _gas -= (long)cost;
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new FrameFailure();
        }
    }

    private BigInteger Pop()
    {
        Require(_stack.Count > 0);
        BigInteger value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private void Push(BigInteger value)
    {
        Require(_stack.Count < 1024);
        _stack.Add(((value % Modulus) + Modulus) % Modulus);
    }

    private void Move(byte op)
    {
        if (op <= 0x7f)
        {
            int size = op - 0x5f;
            Require(op != 0x5f || _rules.IsShanghai);
            Charge(op == 0x5f ? 2 : 3);
            BigInteger value = 0;
            for (int i = 0; i < size; i++, _pc++)
            {
                value = (value << 8) + (_pc < code.Length ? code[_pc] : 0);
            }
            Push(value);
            return;
        }
        Charge(3);
        int depth = (op & 0xf) + 1;
        bool isSwap = op >= 0x90;
        Require(_stack.Count >= (isSwap ? depth + 1 : depth));
        if (!isSwap)
        {
            Push(_stack[^depth]);
            return;
        }
        (_stack[^1], _stack[^(depth + 1)]) = (_stack[^(depth + 1)], _stack[^1]);
    }

    private void Flow(byte op)
    {
        Charge(op switch { 0x56 => 8, 0x57 => 10, 0x5b => 1, _ => 2 });
        switch (op)
        {
            case 0x56:
                JumpTo(Pop());
                break;
            case 0x57:
                BigInteger target = Pop();
                if (!Pop().IsZero)
                {
                    JumpTo(target);
                }
                break;
            case 0x58:
                Push(_pc - 1);
                break;
            case 0x5a:
                Push(_gas);
                break;
            default:
                break;
        }
    }

    private void JumpTo(BigInteger target)
    {
        Require(target < code.Length);
        for (int i = 0; i < code.Length; i++)
        {
            if (i == target && code[i] == 0x5b)
            {
                _pc = i;
                return;
            }
            i += code[i] is >= 0x60 and <= 0x7f ? code[i] - 0x5f : 0;
        }
        throw new FrameFailure();
    }

    private sealed class FrameFailure : Exception;
}
