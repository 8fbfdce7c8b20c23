using System.Numerics;
using System.Runtime.InteropServices;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>
/// base^exponent mod n for numbers of any length.
/// <para>
/// Odd n: Montgomery products in 64-bit limbs, with a window over the exponent. BigInteger.ModPow
/// divides at every step in 32-bit limbs and is several times slower. Even n = m·2^k with m odd:
/// the power is taken modulo m as above and modulo 2^k by truncated products, and the two are
/// joined by the Chinese remainder theorem (Koç, "Montgomery Reduction with Even Modulus", 1994).
/// </para>
/// </summary>
internal static class ModularPower
{
    public static BigInteger Run(BigInteger value, BigInteger exponent, BigInteger modulus)
    {
        if (modulus.IsZero || modulus.IsOne)
        {
            return BigInteger.Zero;
        }
        if (exponent.IsZero)
        {
            return BigInteger.One;
        }
        int twos = TrailingZeros(modulus);
        if (twos == 0)
        {
            return OddPower(value % modulus, exponent, modulus);
        }
        BigInteger odd = modulus >> twos;
        BigInteger low = PowerOfTwoPower(value, exponent, twos);
        if (odd.IsOne)
        {
            return low;
        }
        BigInteger high = OddPower(value % odd, exponent, odd);
        BigInteger inverse = InverseModPowerOfTwo(odd, twos);
        BigInteger mask = (BigInteger.One << twos) - 1;
        BigInteger factor = ((low - high) * inverse) & mask;
        return high + (odd * factor);
    }

    private static int TrailingZeros(BigInteger value)
    {
        ulong[] limbs = ToLimbs(value, LimbCount(value));
        int word = limbs.AsSpan().IndexOfAnyExcept(0UL);
        return (64 * word) + BitOperations.TrailingZeroCount(limbs[word]);
    }

    private static int LimbCount(BigInteger value) => (int)((value.GetBitLength() + 63) / 64);

    private static ulong[] ToLimbs(BigInteger value, int count)
    {
        ulong[] limbs = new ulong[count];
        bool fits = value.TryWriteBytes(
            MemoryMarshal.AsBytes(limbs.AsSpan()), out _, isUnsigned: true);
        Primitives.Invariant.Require(fits);
        return limbs;
    }

    private static BigInteger FromLimbs(ReadOnlySpan<ulong> limbs) =>
        new(MemoryMarshal.AsBytes(limbs), isUnsigned: true);

    private static BigInteger OddPower(BigInteger value, BigInteger exponent, BigInteger modulus)
    {
        int count = LimbCount(modulus);
        var ring = new MontgomeryRing(ToLimbs(modulus, count));
        BigInteger entered = (value << (64 * count)) % modulus;
        BigInteger one = (BigInteger.One << (64 * count)) % modulus;
        ulong[] result = Power(
            ToLimbs(entered, count), ToLimbs(one, count), exponent, ring.Multiply);
        ulong[] plain = new ulong[count];
        ulong[] unit = new ulong[count];
        unit[0] = 1;
        ring.Multiply(result, unit, plain);
        return FromLimbs(plain);
    }

    private static BigInteger PowerOfTwoPower(BigInteger value, BigInteger exponent, int bits)
    {
        int count = (bits + 63) / 64;
        BigInteger mask = (BigInteger.One << bits) - 1;
        ulong[] unit = new ulong[count];
        unit[0] = 1;
        ulong[] result = Power(ToLimbs(value & mask, count), unit, exponent, MultiplyLow);
        return FromLimbs(result) & mask;
    }

    private delegate void Product(
        ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> result);

    /// <summary>Left-to-right windows of up to four bits; the products never alias.</summary>
    private static ulong[] Power(
        ulong[] value, ulong[] one, BigInteger exponent, Product multiply)
    {
        long bits = exponent.GetBitLength();
        int width = bits <= 8 ? 1 : bits <= 40 ? 2 : 4;
        ulong[][] powers = new ulong[1 << width][];
        powers[0] = one;
        powers[1] = value;
        for (int i = 2; i < powers.Length; i++)
        {
            powers[i] = new ulong[value.Length];
            multiply(powers[i - 1], value, powers[i]);
        }
        byte[] digits = exponent.ToByteArray(isUnsigned: true);
        long window = ((bits + width - 1) / width) - 1;
        ulong[] result = [.. powers[Digit(digits, window, width)]];
        ulong[] spare = new ulong[value.Length];
        while (--window >= 0)
        {
            for (int i = 0; i < width; i++)
            {
                multiply(result, result, spare);
                (result, spare) = (spare, result);
            }
            int digit = Digit(digits, window, width);
            if (digit != 0)
            {
                multiply(result, powers[digit], spare);
                (result, spare) = (spare, result);
            }
        }
        return result;
    }

    private static int Digit(byte[] littleEndian, long window, int width)
    {
        // Widths 1, 2 and 4 divide eight: no digit crosses a byte.
        long bit = window * width;
        return (littleEndian[bit / 8] >> (int)(bit % 8)) & ((1 << width) - 1);
    }

    /// <summary>The product modulo 2^(64·length).</summary>
    private static void MultiplyLow(
        ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> result)
    {
        result.Clear();
        for (int i = 0; i < left.Length; i++)
        {
            ulong factor = left[i];
            ulong carry = 0;
            Span<ulong> row = result[i..];
            for (int j = 0; j < row.Length; j++)
            {
                carry = MultiplyAdd.Run(factor, right[j], row[j], carry, out row[j]);
            }
        }
    }

    /// <summary>Newton's iteration, doubling the correct bits from 1.</summary>
    private static BigInteger InverseModPowerOfTwo(BigInteger odd, int bits)
    {
        BigInteger inverse = BigInteger.One;
        for (int correct = 1; correct < bits;)
        {
            correct = Math.Min(2 * correct, bits);
            BigInteger mask = (BigInteger.One << correct) - 1;
            inverse = (inverse * (2 - ((odd & mask) * inverse))) & mask;
        }
        return inverse;
    }

    /// <summary>Montgomery products modulo an odd number of any length.</summary>
    private sealed class MontgomeryRing(ulong[] modulus)
    {
        private readonly ulong _negativeInverse = NegativeInverse(modulus[0]);
        private readonly ulong[] _sum = new ulong[modulus.Length + 1];

        private static ulong NegativeInverse(ulong odd)
        {
            ulong inverse = odd;
            for (int i = 0; i < 5; i++)
            {
                inverse = unchecked(inverse * (2 - (odd * inverse)));
            }
            return unchecked(0 - inverse);
        }

        /// <summary>
        /// left·right / 2^(64·length); operands and result are below the modulus.
        /// </summary>
        public void Multiply(
            ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> result)
        {
            int count = modulus.Length;
            ReadOnlySpan<ulong> p = modulus;
            Span<ulong> t = _sum.AsSpan(0, count);
            t.Clear();
            ulong top = 0;
            foreach (ulong factor in left)
            {
                ulong high = MultiplyAdd.Run(factor, right[0], t[0], 0, out ulong low);
                ulong m = unchecked(low * _negativeInverse);
                ulong carry = MultiplyAdd.Run(m, p[0], low, 0, out _);
                for (int j = 1; j < t.Length; j++)
                {
                    high = MultiplyAdd.Run(factor, right[j], t[j], high, out low);
                    carry = MultiplyAdd.Run(m, p[j], low, carry, out t[j - 1]);
                }
                ulong overflow = 0;
                ulong last = MultiplyAdd.AddCarry(top, high, ref overflow);
                ulong overflow2 = 0;
                t[count - 1] = MultiplyAdd.AddCarry(last, carry, ref overflow2);
                top = overflow + overflow2;
            }
            Reduce(t, top, result);
        }

        private void Reduce(ReadOnlySpan<ulong> t, ulong top, Span<ulong> result)
        {
            ulong borrow = 0;
            for (int i = 0; i < t.Length; i++)
            {
                result[i] = MultiplyAdd.SubtractBorrow(t[i], modulus[i], ref borrow);
            }
            if (borrow > top)
            {
                t.CopyTo(result);
            }
        }
    }
}
