using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The language of contracts/src/Invariants.sol: postfix code over integers that saturate at
/// ±(2^127 − 1). The contract rules; this copy lets a loop propose what will pass, and a test holds
/// the two together.
/// </summary>
public sealed class InvariantCode
{
    public const int MaximumBytes = 96;
    public const int MaximumDepth = 8;

    private const byte Push1 = 1;
    private const byte Push8 = 2;
    private const byte FieldOf = 3;
    private const byte ParameterOf = 4;
    private const byte FirstOperation = 0x10;
    private const byte Select = 0x17;

    private static readonly Int128 Most = Int128.MaxValue;

    private readonly byte[] _bytes;

    private InvariantCode(byte[] bytes, ulong loops) => (_bytes, Loops) = (bytes, loops);

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Bit i is set when the code reads a field or parameter of loop i.</summary>
    public ulong Loops { get; }

    /// <summary>False for what the contract's `check` refuses, and for empty code.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out InvariantCode? code)
    {
        code = null;
        int depth = 0;
        ulong loops = 0;
        int at = 0;
        while (at < bytes.Length)
        {
            byte op = bytes[at];
            int size = op == Push8 ? 9 : op <= ParameterOf ? 2 : 1;
            bool isKnown = op is > 0 and <= ParameterOf or >= FirstOperation and <= Select;
            int pops = op < FirstOperation ? 0 : op == Select ? 3 : 2;
            if (!isKnown || at + size > bytes.Length || depth < pops)
            {
                return false;
            }
            depth += 1 - pops;
            if (depth > MaximumDepth)
            {
                return false;
            }
            if (op is FieldOf or ParameterOf)
            {
                loops |= 1UL << (bytes[at + 1] >> (op == FieldOf ? 3 : 4));
            }
            at += size;
        }
        if (bytes.Length > MaximumBytes || depth != 1 || loops == 0 ||
            loops >> ConstitutionStorage.MaximumLoops != 0)
        {
            return false;
        }
        code = new InvariantCode(bytes.ToArray(), loops);
        return true;
    }

    /// <summary>By how much the expression is above 0.</summary>
    /// <param name="field">Value of a field by loop and field.</param>
    /// <param name="parameter">A parameter by loop and number.</param>
    public UInt256 Excess(Func<int, int, ulong> field, Func<int, int, uint> parameter)
    {
        Span<Int128> stack = stackalloc Int128[MaximumDepth];
        int depth = 0;
        int at = 0;
        while (at < _bytes.Length)
        {
            byte op = _bytes[at++];
            switch (op)
            {
                case Push1:
                    stack[depth++] = _bytes[at++];
                    break;
                case Push8:
                    stack[depth++] = BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(at));
                    at += 8;
                    break;
                case FieldOf:
                    stack[depth++] = field(_bytes[at] >> 3, _bytes[at] & 7);
                    at++;
                    break;
                case ParameterOf:
                    stack[depth++] = parameter(_bytes[at] >> 4, _bytes[at] & 15);
                    at++;
                    break;
                case Select:
                    depth -= 2;
                    stack[depth - 1] = stack[depth - 1] > 0 ? stack[depth] : stack[depth + 1];
                    break;
                default:
                    depth--;
                    stack[depth - 1] = Apply(op, stack[depth - 1], stack[depth]);
                    break;
            }
        }
        return stack[0] > 0
            ? new UInt256(unchecked((ulong)stack[0]), (ulong)(stack[0] >> 64))
            : UInt256.Zero;
    }

    internal static Int128 Apply(byte op, Int128 a, Int128 b) => op switch
    {
        0x10 => Add(a, b),
        0x11 => Add(a, -b),
        0x12 => Multiply(a, b),
        0x13 when b == 0 => a == 0 ? 0 : a > 0 ? Most : -Most,
        0x13 => a / b,
        0x14 => Int128.Min(a, b),
        0x15 => Int128.Max(a, b),
        _ => a <= b ? 1 : 0,
    };

    private static Int128 Add(Int128 a, Int128 b)
    {
        Int128 sum = unchecked(a + b);
        bool overflows = a > 0 == b > 0 && sum > 0 != a > 0 && a != 0 && b != 0;
        sum = overflows ? a > 0 ? Most : -Most : sum;
        return Int128.Max(sum, -Most);
    }

    private static Int128 Multiply(Int128 a, Int128 b)
    {
        if (a == 0 || b == 0)
        {
            return 0;
        }
        bool isNegative = a < 0 != b < 0;
        Int128 x = Int128.Abs(a);
        Int128 y = Int128.Abs(b);
        Int128 product = x > Most / y ? Most : x * y;
        return isNegative ? -product : product;
    }
}

/// <summary>Writes invariant code: operands first, then the operation.</summary>
public sealed class InvariantBuilder
{
    private readonly List<byte> _bytes = [];

    public InvariantBuilder Number(ulong value)
    {
        if (value <= byte.MaxValue)
        {
            _bytes.AddRange([1, (byte)value]);
            return this;
        }
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(word, value);
        _bytes.Add(2);
        _bytes.AddRange(word);
        return this;
    }

    public InvariantBuilder Field(int loop, int field) => Op(3, 8 * loop + field);

    public InvariantBuilder Parameter(int loop, int index) => Op(4, 16 * loop + index);

    public InvariantBuilder Add() => Op(0x10);

    public InvariantBuilder Subtract() => Op(0x11);

    public InvariantBuilder Multiply() => Op(0x12);

    public InvariantBuilder Divide() => Op(0x13);

    public InvariantBuilder Min() => Op(0x14);

    public InvariantBuilder Max() => Op(0x15);

    /// <summary>1 when the first is at most the second, else 0.</summary>
    public InvariantBuilder AtMost() => Op(0x16);

    /// <summary>Of (condition, then, else): `then` where the condition is above 0.</summary>
    public InvariantBuilder Select() => Op(0x17);

    public InvariantCode Build()
    {
        bool isValid = InvariantCode.TryCreate([.. _bytes], out InvariantCode? code);
        Invariant.Require(isValid);
        return code!;
    }

    private InvariantBuilder Op(byte op, params ReadOnlySpan<int> operand)
    {
        _bytes.Add(op);
        foreach (int value in operand)
        {
            _bytes.Add((byte)value);
        }
        return this;
    }
}
