using System.Numerics;
using Homeostat.Primitives.Fields;

namespace Homeostat.Primitives.Tests.Fields;

public class FieldTests
{
    private static readonly UInt256[] Edges =
    [
        UInt256.Zero, UInt256.One, UInt256.MaxValue, Residue256<Secp256k1Prime>.Modulus,
        Residue256<Secp256k1Prime>.Modulus - UInt256.One,
        Residue256<Secp256k1Order>.Modulus - UInt256.One,
        new(0, 0, 0, 1UL << 63), new(ulong.MaxValue), new(0, ulong.MaxValue, 0, ulong.MaxValue),
    ];

    [Fact]
    public void Arithmetic_agrees_with_big_integers()
    {
        Check<Secp256k1Prime>();
        Check<Secp256k1Order>();
    }

    private static void Check<TModulus>()
        where TModulus : struct, IModulus256
    {
        BigInteger p = Residue256<TModulus>.Modulus.ToBigInteger();
        var values = new List<UInt256>(Edges);
        for (int i = 0; i < 60; i++)
        {
            values.Add(UInt256.FromHash256(Keccak.Hash([(byte)i, 3])));
        }
        foreach (UInt256 left in values)
        {
            var a = Residue256<TModulus>.From(left);
            BigInteger x = left.ToBigInteger() % p;
            Assert.Equal(x, a.ToUInt256().ToBigInteger());
            BigInteger inverse = BigInteger.ModPow(x, p - 2, p);
            Assert.Equal(inverse, Residue256<TModulus>.Invert(a).ToUInt256().ToBigInteger());
            foreach (UInt256 right in values)
            {
                var b = Residue256<TModulus>.From(right);
                BigInteger y = right.ToBigInteger() % p;
                Same(x * y % p, Residue256<TModulus>.Multiply(a, b));
                Same((x + y) % p, Residue256<TModulus>.Add(a, b));
                Same((x - y + p) % p, Residue256<TModulus>.Subtract(a, b));
            }
        }
    }

    private static void Same<TModulus>(BigInteger expected, in Residue256<TModulus> actual)
        where TModulus : struct, IModulus256 =>
        Assert.Equal(expected, actual.ToUInt256().ToBigInteger());

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(10)]
    public void Non_adjacent_forms_add_up(int width)
    {
        short[] digits = new short[NonAdjacentForm.MaxLength];
        foreach (UInt256 value in Edges)
        {
            int length = NonAdjacentForm.Recode(value, width, digits);
            BigInteger sum = BigInteger.Zero;
            for (int i = digits.Length - 1; i >= 0; i--)
            {
                sum = (2 * sum) + digits[i];
                Assert.True(digits[i] == 0 || (digits[i] & 1) != 0);
                Assert.True(i < length || digits[i] == 0);
            }
            Assert.Equal(value.ToBigInteger(), sum);
        }
    }
}
