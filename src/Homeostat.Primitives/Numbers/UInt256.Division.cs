using System.Runtime.CompilerServices;

namespace Homeostat.Primitives;

/// <remarks>
/// Knuth's algorithm D (The Art of Computer Programming, 4.3.1) with 64-bit limbs. The hardware's
/// 128 by 64 division is not to be had from C# and slow besides; instead the divisor's leading
/// limbs get a reciprocal once, after which a quotient limb costs two multiplications and is wrong
/// by at most one (Möller, Granlund, "Improved division by invariant integers", 2011; the
/// algorithms' numbers below are theirs).
/// </remarks>
public readonly unsafe partial struct UInt256
{
    private static readonly ushort[] ReciprocalTable = BuildReciprocals();

    /// <summary>Quotient; 0 when b is 0 (as DIV).</summary>
    public static UInt256 operator /(in UInt256 a, in UInt256 b)
    {
        DivideRemainder(a, b, out UInt256 quotient, out _);
        return quotient;
    }

    /// <summary>Remainder; 0 when b is 0 (as MOD).</summary>
    public static UInt256 operator %(in UInt256 a, in UInt256 b)
    {
        DivideRemainder(a, b, out _, out UInt256 remainder);
        return remainder;
    }

    /// <summary>Both at once; both 0 when b is 0.</summary>
    [SkipLocalsInit]
    public static void DivideRemainder(
        in UInt256 a, in UInt256 b, out UInt256 quotient, out UInt256 remainder)
    {
        if (a < b)
        {
            remainder = a;
            quotient = Zero;
        }
        else if (a.IsUInt64)
        {
            (ulong q, ulong r) = b.U0 == 0 ? (0, 0) : Math.DivRem(a.U0, b.U0);
            quotient = q;
            remainder = r;
        }
        else if (b.IsZero)
        {
            quotient = remainder = Zero;
        }
        else
        {
            ulong* u = stackalloc ulong[5];
            ulong* q = stackalloc ulong[4];
            *(UInt256*)q = default;
            *(UInt256*)u = a;
            remainder = Divide(u, (a.BitLength + 63) / 64, b, q);
            quotient = *(UInt256*)q;
        }
    }

    /// <summary>(a + b) mod m without wrapping; 0 when m is 0 (as ADDMOD).</summary>
    [SkipLocalsInit]
    public static UInt256 AddModulo(in UInt256 a, in UInt256 b, in UInt256 m)
    {
        if (!AddOverflows(a, b, out UInt256 sum))
        {
            return sum % m;
        }
        if (m.IsZero)
        {
            return Zero;
        }
        ulong* u = stackalloc ulong[6];
        *(UInt256*)u = sum;
        u[4] = 1;
        ulong* q = stackalloc ulong[5];
        return Divide(u, 5, m, q);
    }

    /// <summary>(a · b) mod m without wrapping; 0 when m is 0 (as MULMOD).</summary>
    [SkipLocalsInit]
    public static UInt256 MultiplyModulo(in UInt256 a, in UInt256 b, in UInt256 m)
    {
        Multiply512(a, b, out UInt256 low, out UInt256 high);
        if (high.IsZero)
        {
            return low % m;
        }
        if (m.IsZero)
        {
            return Zero;
        }
        ulong* u = stackalloc ulong[9];
        *(UInt256*)u = low;
        *(UInt256*)(u + 4) = high;
        ulong* q = stackalloc ulong[8];
        return Divide(u, 4 + (high.BitLength + 63) / 64, m, q);
    }

    // u has room for one limb more than its length; its quotient goes to q, its contents are lost.
    // The divisor is not 0 and has at most as many limbs as u.
    private static UInt256 Divide(ulong* u, int length, in UInt256 divisor, ulong* q)
    {
        int bits = divisor.BitLength;
        int limbs = (bits + 63) / 64;
        if (length < limbs)
        {
            return *(UInt256*)u;
        }
        int shift = limbs * 64 - bits;
        UInt256 normalized = divisor << shift;
        u[length] = u[length - 1] >> 1 >> (63 - shift);
        for (int i = length - 1; i > 0; i--)
        {
            u[i] = (u[i] << shift) | (u[i - 1] >> 1 >> (63 - shift));
        }
        u[0] <<= shift;
        ulong* d = (ulong*)&normalized;
        if (limbs == 1)
        {
            DivideByLimb(u, length, d[0], q);
            return u[0] >> shift;
        }
        DivideByLimbs(u, length, d, limbs, q);
        UInt256 remainder = new(u[0], u[1], limbs > 2 ? u[2] : 0, limbs > 3 ? u[3] : 0);
        return remainder >> shift;
    }

    private static void DivideByLimb(ulong* u, int length, ulong d, ulong* q)
    {
        ulong reciprocal = Reciprocal(d);
        ulong remainder = u[length];
        for (int i = length - 1; i >= 0; i--)
        {
            q[i] = DivideTwoByOne(ref remainder, u[i], d, reciprocal);
        }
        u[0] = remainder;
    }

    private static void DivideByLimbs(ulong* u, int length, ulong* d, int limbs, ulong* q)
    {
        ulong d1 = d[limbs - 1];
        ulong d0 = d[limbs - 2];
        ulong reciprocal = Reciprocal(d1, d0);
        unchecked
        {
            for (int j = length - limbs; j >= 0; j--)
            {
                ulong* part = u + j;
                ulong u2 = part[limbs];
                ulong u1 = part[limbs - 1];
                if (u2 == d1 && u1 == d0)
                {
                    // The quotient limb would overflow: it is the greatest there is.
                    q[j] = ulong.MaxValue;
                    part[limbs] = u2 - SubtractProduct(part, d, limbs, ulong.MaxValue);
                    continue;
                }
                ulong r1 = u1, r0 = part[limbs - 2];
                ulong digit = DivideThreeByTwo(u2, ref r1, ref r0, d1, d0, reciprocal);
                ulong borrow = SubtractProduct(part, d, limbs - 2, digit);
                part[limbs - 2] = r0 - borrow;
                borrow = r0 < borrow ? 1UL : 0;
                part[limbs - 1] = r1 - borrow;
                if (r1 < borrow)
                {
                    digit--;
                    part[limbs - 1] += d1 + AddBack(part, d, limbs - 1);
                }
                q[j] = digit;
            }
        }
    }

    // Algorithm 4: (high, low) / d, high < d; the remainder takes high's place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong DivideTwoByOne(ref ulong high, ulong low, ulong d, ulong reciprocal)
    {
        unchecked
        {
            ulong q1 = Product(reciprocal, high, out ulong q0);
            q0 += low;
            q1 += high + (q0 < low ? 1UL : 0) + 1;
            ulong r = low - q1 * d;
            if (r > q0)
            {
                q1--;
                r += d;
            }
            if (r >= d)
            {
                q1++;
                r -= d;
            }
            high = r;
            return q1;
        }
    }

    // Algorithm 5: (u2, u1, u0) / (d1, d0), (u2, u1) < (d1, d0); the remainder takes u1, u0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong DivideThreeByTwo(
        ulong u2, ref ulong u1, ref ulong u0, ulong d1, ulong d0, ulong reciprocal)
    {
        unchecked
        {
            ulong q1 = Product(reciprocal, u2, out ulong q0);
            q0 += u1;
            q1 += u2 + (q0 < u1 ? 1UL : 0);
            ulong r1 = u1 - q1 * d1;
            ulong t1 = Product(d0, q1, out ulong t0);
            ulong r0 = u0 - t0;
            r1 -= t1 + (u0 < t0 ? 1UL : 0);
            ulong s0 = r0 - d0;
            r1 -= d1 + (r0 < d0 ? 1UL : 0);
            r0 = s0;
            q1++;
            if (r1 >= q0)
            {
                q1--;
                r0 += d0;
                r1 += d1 + (r0 < d0 ? 1UL : 0);
            }
            if (r1 > d1 || (r1 == d1 && r0 >= d0))
            {
                q1++;
                r1 -= d1 + (r0 < d0 ? 1UL : 0);
                r0 -= d0;
            }
            u1 = r1;
            u0 = r0;
            return q1;
        }
    }

    // u := u - d · factor; returns what is borrowed from the limb above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SubtractProduct(ulong* u, ulong* d, int limbs, ulong factor)
    {
        unchecked
        {
            ulong borrow = 0;
            for (int i = 0; i < limbs; i++)
            {
                ulong high = Product(d[i], factor, out ulong low);
                ulong s = u[i] - borrow;
                high += u[i] < borrow ? 1UL : 0;
                borrow = high + (s < low ? 1UL : 0);
                u[i] = s - low;
            }
            return borrow;
        }
    }

    // u := u + d; returns the carry.
    private static ulong AddBack(ulong* u, ulong* d, int limbs)
    {
        unchecked
        {
            ulong carry = 0;
            for (int i = 0; i < limbs; i++)
            {
                ulong s = u[i] + carry;
                carry = s < carry ? 1UL : 0;
                u[i] = s + d[i];
                carry += u[i] < s ? 1UL : 0;
            }
            return carry;
        }
    }

    // Algorithm 2: ⌊(2^128 - 1) / d⌋ - 2^64 of a normalized d, by Newton steps from a table.
    private static ulong Reciprocal(ulong d)
    {
        unchecked
        {
            ulong v0 = ReciprocalTable[(d >> 55) - 256];
            ulong d40 = (d >> 24) + 1;
            ulong v1 = (v0 << 11) - ((v0 * v0 * d40) >> 40) - 1;
            ulong v2 = (v1 << 13) + ((v1 * (0x1000000000000000 - v1 * d40)) >> 47);
            ulong d0 = d & 1;
            ulong d63 = (d >> 1) + d0;
            ulong e = ((v2 >> 1) & (0 - d0)) - v2 * d63;
            ulong v3 = (Product(v2, e, out _) >> 1) + (v2 << 31);
            ulong high = Product(v3, d, out ulong low);
            high += low + d < low ? 1UL : 0;
            return v3 - high - d;
        }
    }

    // Algorithm 6: the same for the two limbs (d1, d0).
    private static ulong Reciprocal(ulong d1, ulong d0)
    {
        unchecked
        {
            ulong v = Reciprocal(d1);
            ulong p = d1 * v + d0;
            if (p < d0)
            {
                v--;
                if (p >= d1)
                {
                    v--;
                    p -= d1;
                }
                p -= d1;
            }
            ulong t1 = Product(v, d0, out ulong t0);
            p += t1;
            if (p < t1)
            {
                v--;
                if (p > d1 || (p == d1 && t0 >= d0))
                {
                    v--;
                }
            }
            return v;
        }
    }

    private static ushort[] BuildReciprocals()
    {
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = (ushort)(0x7fd00 / (0x100 | i));
        }
        return table;
    }
}
