using System.Numerics;

namespace Homeostat.Evm.Tests;

public sealed partial class PlainEvaluator
{
    private void Arithmetic(byte op)
    {
        Require(op is not (0x1b or 0x1c or 0x1d) || _rules.IsConstantinople);
        Require(op != 0x1e || _rules.IsOsaka);
        if (op == 0)
        {
            _isDone = true;
            return;
        }
        Charge(op switch
        {
            0x02 or 0x04 or 0x05 or 0x06 or 0x07 or 0x0b or 0x1e => 5,
            0x08 or 0x09 => 8,
            0x0a => 10,
            _ => 3,
        });
        BigInteger a = Pop();
        if (op is 0x15 or 0x19 or 0x1e)
        {
            Push(op switch
            {
                0x15 => a.IsZero ? 1 : 0,
                0x19 => Modulus - 1 - a,
                _ => 256 - (int)a.GetBitLength(),
            });
            return;
        }
        BigInteger b = Pop();
        if (op == 0x0a)
        {
            int bytes = ((int)b.GetBitLength() + 7) / 8;
            Charge(bytes * (_rules.ClearsEmptyAccounts ? 50 : 10));
        }
        Push(op is 0x08 or 0x09 ? Ternary(op, a, b, Pop()) : Binary(op, a, b));
    }

    private static BigInteger Ternary(byte op, BigInteger a, BigInteger b, BigInteger m) =>
        m.IsZero ? 0 : (op == 0x08 ? a + b : a * b) % m;

    private static BigInteger Signed(BigInteger word) =>
        word >= Modulus / 2 ? word - Modulus : word;

    private static BigInteger Binary(byte op, BigInteger a, BigInteger b) => op switch
    {
        0x01 => a + b,
        0x02 => a * b,
        0x03 => a - b,
        0x04 => b.IsZero ? 0 : a / b,
        0x05 => b.IsZero ? 0 : Signed(a) / Signed(b),
        0x06 => b.IsZero ? 0 : a % b,
        0x07 => b.IsZero ? 0 : Signed(a) % Signed(b),
        0x0a => BigInteger.ModPow(a, b, Modulus),
        0x0b => ExtendSign(a, b),
        0x10 => a < b ? 1 : 0,
        0x11 => a > b ? 1 : 0,
        0x12 => Signed(a) < Signed(b) ? 1 : 0,
        0x13 => Signed(a) > Signed(b) ? 1 : 0,
        0x14 => a == b ? 1 : 0,
        0x16 => a & b,
        0x17 => a | b,
        0x18 => a ^ b,
        0x1a => a > 31 ? 0 : (b >> (8 * (31 - (int)a))) & 0xff,
        0x1b => a > 255 ? 0 : b << (int)a,
        0x1c => a > 255 ? 0 : b >> (int)a,
        _ => Signed(b) >> (a > 255 ? 256 : (int)a),
    };

    private static BigInteger ExtendSign(BigInteger size, BigInteger value)
    {
        if (size > 30)
        {
            return value;
        }
        int bits = 8 * ((int)size + 1);
        BigInteger low = value & ((BigInteger.One << bits) - 1);
        return (low >> (bits - 1)).IsZero ? low : low - (BigInteger.One << bits);
    }
}
