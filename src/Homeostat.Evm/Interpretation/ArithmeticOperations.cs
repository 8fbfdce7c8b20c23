using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>The less frequent arithmetic (Yellow Paper, appendix H; EIP-145, 7939).</summary>
internal static unsafe class ArithmeticOperations
{
    public static Halt Divide(Machine m, UInt256* top, Instruction* ip)
    {
        UInt256.DivideRemainder(top[0], top[-1], out top[-1], out _);
        return Halt.None;
    }

    public static Halt Modulo(Machine m, UInt256* top, Instruction* ip)
    {
        UInt256.DivideRemainder(top[0], top[-1], out _, out top[-1]);
        return Halt.None;
    }

    // The sign of a quotient is the operands' product's; -2^255 / -1 wraps to itself.
    public static Halt SignedDivide(Machine m, UInt256* top, Instruction* ip)
    {
        bool isNegative = ((top[0].U3 ^ top[-1].U3) >> 63) != 0;
        UInt256 quotient = Magnitude(top[0]) / Magnitude(top[-1]);
        top[-1] = isNegative ? UInt256.Zero - quotient : quotient;
        return Halt.None;
    }

    // The sign of a remainder is the dividend's.
    public static Halt SignedModulo(Machine m, UInt256* top, Instruction* ip)
    {
        UInt256 remainder = Magnitude(top[0]) % Magnitude(top[-1]);
        top[-1] = IsNegative(top[0]) ? UInt256.Zero - remainder : remainder;
        return Halt.None;
    }

    private static bool IsNegative(in UInt256 word) => word.U3 >> 63 != 0;

    private static UInt256 Magnitude(in UInt256 word) =>
        IsNegative(word) ? UInt256.Zero - word : word;

    public static Halt AddModulo(Machine m, UInt256* top, Instruction* ip)
    {
        top[-2] = UInt256.AddModulo(top[0], top[-1], top[-2]);
        return Halt.None;
    }

    public static Halt MultiplyModulo(Machine m, UInt256* top, Instruction* ip)
    {
        top[-2] = UInt256.MultiplyModulo(top[0], top[-1], top[-2]);
        return Halt.None;
    }

    public static Halt Power(Machine m, UInt256* top, Instruction* ip)
    {
        int exponentBytes = (top[-1].BitLength + 7) / 8;
        if (!m.Charge(exponentBytes * (long)m.Rules.ExpByteGas))
        {
            return Halt.OutOfGas;
        }
        top[-1] = UInt256.Power(top[0], top[-1]);
        return Halt.None;
    }

    public static Halt SignExtend(Machine m, UInt256* top, Instruction* ip)
    {
        if (Words.Saturate(top) < 31)
        {
            // Shift the sign to the top and arithmetically back.
            ulong unused = 248 - 8 * top->U0;
            Words.ShiftLeft(unused, top - 1);
            Words.ShiftRight(unused, top - 1, SignOf(top - 1));
        }
        return Halt.None;
    }

    public static Halt Byte(Machine m, UInt256* top, Instruction* ip)
    {
        ulong index = Words.Saturate(top);
        if (index >= 32)
        {
            Words.Set(top - 1, 0);
            return Halt.None;
        }
        ulong limb = ((ulong*)(top - 1))[3 - index / 8];
        Words.Set(top - 1, (limb >> (int)(56 - 8 * (index % 8))) & 0xff);
        return Halt.None;
    }

    public static Halt ShiftArithmetic(Machine m, UInt256* top, Instruction* ip)
    {
        Words.ShiftRight(Words.Saturate(top), top - 1, SignOf(top - 1));
        return Halt.None;
    }

    public static Halt CountLeadingZeros(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top, (ulong)(256 - top->BitLength));
        return Halt.None;
    }

    private static ulong SignOf(UInt256* word) => unchecked((ulong)((long)word->U3 >> 63));
}
