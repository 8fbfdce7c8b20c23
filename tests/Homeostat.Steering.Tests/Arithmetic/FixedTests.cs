using System.Buffers.Binary;
using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class FixedTests
{
    private const string PinnedDigest =
        "0xd1601cc4ce0e061ce20d41d0aae158eae21b8eee315c65fbe22d47359a095772";

    private static readonly long[] Edges =
    [
        0, 1, -1, 2, -2, 3, 0x7fffffff, 0x80000000, 0x80000001, -0x80000000L, 0xffffffff, 1L << 32,
        -(1L << 32), (1L << 32) + 1, 3L << 31, 5L << 31, 1L << 47, long.MaxValue, long.MaxValue - 1,
        long.MinValue, long.MinValue + 1,
    ];

    [Fact]
    public void Operations_round_the_exact_result_once_to_even_and_saturate()
    {
        foreach ((long a, long b) in Pairs(2_000))
        {
            Fixed x = Fixed.FromRaw(a);
            Fixed y = Fixed.FromRaw(b);
            BigInteger wide = a;
            Assert.Equal(Saturate(wide + b), (x + y).Raw);
            Assert.Equal(Saturate(wide - b), (x - y).Raw);
            Assert.Equal(Saturate(-wide), (-x).Raw);
            Assert.Equal(Saturate(RoundToEven(wide * b, BigInteger.One << 32)), (x * y).Raw);
            if (b != 0)
            {
                Assert.Equal(Saturate(RoundToEven(wide << 32, b)), (x / y).Raw);
            }
            int bits = (int)(b % 70);
            Assert.Equal(bits >= 0
                ? Saturate(wide << bits)
                : Saturate(RoundToEven(wide, BigInteger.One << -bits)), x.Scale(bits).Raw);
            Assert.Equal(
                Saturate(RoundToEven(wide * b, BigInteger.One << 32)), y.MultiplyInteger(a));
        }
    }

    [Fact]
    public void Division_by_zero_saturates_with_the_sign_of_the_numerator()
    {
        Assert.Equal(Fixed.MaxValue, Fixed.One / Fixed.Zero);
        Assert.Equal(Fixed.MinValue, -Fixed.One / Fixed.Zero);
        Assert.Equal(Fixed.Zero, Fixed.Zero / Fixed.Zero);
    }

    [Fact]
    public void Numerators_beyond_the_shift_saturate()
    {
        Assert.Equal(Fixed.MaxValue, Fixed.FromRatio(Int128.MaxValue, 1));
        Assert.Equal(Fixed.MinValue, Fixed.FromRatio(Int128.MinValue, 1));
        Assert.Equal(Fixed.One, Fixed.FromRatio(Int128.One << 80, Int128.One << 80));
    }

    [Fact]
    public void Integers_round_half_to_even()
    {
        Assert.Equal([0, 2, 2, -2, 0], new[] { 1, 3, 5, -3, -1 }
            .Select(halves => Fixed.FromRatio(halves, 2).ToInteger()));
        Assert.Equal(-2, Fixed.FromRatio(-3, 2).Floor());
        Assert.Equal("-1.500000", Fixed.FromRatio(-3, 2).ToString());
        Assert.Equal(Fixed.MaxValue, Fixed.FromInteger(1L << 31));
        Assert.Equal(Fixed.MinValue, Fixed.FromInteger(-(1L << 31) - 1));
    }

    // Our own conformance vector: another implementation (or another machine) that follows the spec
    // gets this digest. A change of it is a change of the protocol.
    [Fact]
    public void A_hundred_thousand_operations_give_the_pinned_digest()
    {
        using var stream = new MemoryStream();
        Span<byte> word = stackalloc byte[8];
        foreach ((long a, long b) in Pairs(20_000))
        {
            Fixed x = Fixed.FromRaw(a);
            Fixed y = Fixed.FromRaw(b);
            foreach (Fixed r in new[] { x + y, x - y, x * y, x / y, x.Scale((int)(b % 70)) })
            {
                BinaryPrimitives.WriteInt64BigEndian(word, r.Raw);
                stream.Write(word);
            }
        }
        string digest = Keccak.Hash(stream.ToArray()).ToString();
        Assert.True(digest == PinnedDigest, digest);
    }

    private static IEnumerable<(long A, long B)> Pairs(int random)
    {
        foreach (long a in Edges)
        {
            foreach (long b in Edges)
            {
                yield return (a, b);
            }
        }
        var numbers = new SeededRandom(0x51ee4);
        for (int i = 0; i < random; i++)
        {
            long a = unchecked((long)numbers.NextUInt64()) >> numbers.NextBelow(64);
            yield return (a, unchecked((long)numbers.NextUInt64()) >> numbers.NextBelow(64));
        }
    }

    private static BigInteger RoundToEven(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign < 0)
        {
            (numerator, denominator) = (-numerator, -denominator);
        }
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        if (rest.Sign < 0)
        {
            quotient -= 1;
            rest += denominator;
        }
        int compared = (2 * rest).CompareTo(denominator);
        return compared > 0 || (compared == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static long Saturate(BigInteger value) =>
        (long)BigInteger.Max(long.MinValue, BigInteger.Min(long.MaxValue, value));
}
