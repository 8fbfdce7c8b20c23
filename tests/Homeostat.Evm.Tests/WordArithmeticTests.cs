using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>
/// Limb arithmetic against BigInteger, on operands whose limbs are mostly 0, 1 or all ones: those
/// reach the rare corrections of division (a quotient limb too great by one, or that overflows).
/// </summary>
public sealed class WordArithmeticTests
{
    private static readonly BigInteger Modulus = BigInteger.One << 256;

    [Fact]
    public void Operations_agree_with_big_integers()
    {
        var random = new SeededRandom(7);
        for (int i = 0; i < 100_000; i++)
        {
            Compare(NextWord(random), NextWord(random), NextWord(random), random.NextBelow(300));
        }
    }

    private static UInt256 NextWord(SeededRandom random) =>
        new(NextLimb(random), NextLimb(random), NextLimb(random), NextLimb(random));

    private static ulong NextLimb(SeededRandom random) => random.NextBelow(7) switch
    {
        0 => ulong.MaxValue,
        1 => 1,
        2 => 1UL << 63,
        3 => random.NextUInt64(),
        4 => ulong.MaxValue - 1,
        _ => 0,
    };

    private static void Compare(in UInt256 a, in UInt256 b, in UInt256 m, int bits)
    {
        BigInteger x = a.ToBigInteger(), y = b.ToBigInteger(), z = m.ToBigInteger();
        string where = $"{a} {b} {m} {bits}";
        Check((x + y) % Modulus, a + b, where);
        Check((x - y + Modulus) % Modulus, a - b, where);
        Check(x * y % Modulus, a * b, where);
        Check(y.IsZero ? 0 : x / y, a / b, where);
        Check(y.IsZero ? 0 : x % y, a % b, where);
        Check(z.IsZero ? 0 : (x + y) % z, UInt256.AddModulo(a, b, m), where);
        Check(z.IsZero ? 0 : x * y % z, UInt256.MultiplyModulo(a, b, m), where);
        Check((x << bits) % Modulus, a << bits, where);
        Check(x >> bits, a >> bits, where);
        UInt256.Multiply512(a, b, out _, out UInt256 high);
        Check(x * y / Modulus, high, where);
    }

    private static void Check(BigInteger expected, in UInt256 actual, string where) =>
        Assert.True(expected == actual.ToBigInteger(), where);
}
