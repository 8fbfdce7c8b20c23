using System.Runtime.CompilerServices;

namespace Homeostat.Primitives;

// Everything here is modulo 2^256, so nothing is checked for overflow.
public readonly partial struct UInt256
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt256 operator +(in UInt256 a, in UInt256 b)
    {
        AddOverflows(a, b, out UInt256 sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt256 operator -(in UInt256 a, in UInt256 b)
    {
        SubtractUnderflows(a, b, out UInt256 difference);
        return difference;
    }

    /// <summary>a + b modulo 2^256; true when it wrapped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AddOverflows(in UInt256 a, in UInt256 b, out UInt256 sum)
    {
        unchecked
        {
            ulong r0 = a.U0 + b.U0;
            ulong carry = r0 < a.U0 ? 1UL : 0;
            ulong t1 = a.U1 + b.U1;
            ulong c1 = t1 < a.U1 ? 1UL : 0;
            ulong r1 = t1 + carry;
            carry = c1 + (r1 < t1 ? 1UL : 0);
            ulong t2 = a.U2 + b.U2;
            ulong c2 = t2 < a.U2 ? 1UL : 0;
            ulong r2 = t2 + carry;
            carry = c2 + (r2 < t2 ? 1UL : 0);
            ulong t3 = a.U3 + b.U3;
            ulong c3 = t3 < a.U3 ? 1UL : 0;
            ulong r3 = t3 + carry;
            carry = c3 + (r3 < t3 ? 1UL : 0);
            sum = new UInt256(r0, r1, r2, r3);
            return carry != 0;
        }
    }

    /// <summary>a - b modulo 2^256; true when b was the larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool SubtractUnderflows(in UInt256 a, in UInt256 b, out UInt256 difference)
    {
        unchecked
        {
            ulong r0 = a.U0 - b.U0;
            ulong borrow = a.U0 < b.U0 ? 1UL : 0;
            ulong t1 = a.U1 - b.U1;
            ulong b1 = a.U1 < b.U1 ? 1UL : 0;
            ulong r1 = t1 - borrow;
            borrow = b1 + (t1 < borrow ? 1UL : 0);
            ulong t2 = a.U2 - b.U2;
            ulong b2 = a.U2 < b.U2 ? 1UL : 0;
            ulong r2 = t2 - borrow;
            borrow = b2 + (t2 < borrow ? 1UL : 0);
            ulong t3 = a.U3 - b.U3;
            ulong b3 = a.U3 < b.U3 ? 1UL : 0;
            ulong r3 = t3 - borrow;
            borrow = b3 + (t3 < borrow ? 1UL : 0);
            difference = new UInt256(r0, r1, r2, r3);
            return borrow != 0;
        }
    }

    public static UInt256 operator *(in UInt256 a, in UInt256 b)
    {
        Multiply512(a, b, out UInt256 low, out _);
        return low;
    }

    /// <summary>a · b modulo 2^256; true when the product needs more.</summary>
    public static bool MultiplyOverflows(in UInt256 a, in UInt256 b, out UInt256 product)
    {
        Multiply512(a, b, out product, out UInt256 high);
        return !high.IsZero;
    }

    /// <summary>The whole product, low and high 256 bits.</summary>
    public static void Multiply512(in UInt256 a, in UInt256 b, out UInt256 low, out UInt256 high)
    {
        Span<ulong> x = [a.U0, a.U1, a.U2, a.U3];
        Span<ulong> y = [b.U0, b.U1, b.U2, b.U3];
        Span<ulong> r = stackalloc ulong[8];
        r.Clear();
        unchecked
        {
            for (int i = 0; i < 4; i++)
            {
                ulong carry = 0;
                for (int j = 0; j < 4; j++)
                {
                    UInt128 t = (UInt128)x[i] * y[j] + r[i + j] + carry;
                    r[i + j] = (ulong)t;
                    carry = (ulong)(t >> 64);
                }
                r[i + 4] = carry;
            }
        }
        low = new UInt256(r[0], r[1], r[2], r[3]);
        high = new UInt256(r[4], r[5], r[6], r[7]);
    }

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
    public static void DivideRemainder(
        in UInt256 a, in UInt256 b, out UInt256 quotient, out UInt256 remainder)
    {
        if (b.IsZero)
        {
            quotient = remainder = Zero;
        }
        else if (a < b)
        {
            quotient = Zero;
            remainder = a;
        }
        else if (a.IsUInt64)
        {
            quotient = a.U0 / b.U0;
            remainder = a.U0 % b.U0;
        }
        else
        {
            var q = System.Numerics.BigInteger.DivRem(
                a.ToBigInteger(), b.ToBigInteger(), out var r);
            quotient = (UInt256)q;
            remainder = (UInt256)r;
        }
    }

    public static UInt256 operator &(in UInt256 a, in UInt256 b) =>
        new(a.U0 & b.U0, a.U1 & b.U1, a.U2 & b.U2, a.U3 & b.U3);

    public static UInt256 operator |(in UInt256 a, in UInt256 b) =>
        new(a.U0 | b.U0, a.U1 | b.U1, a.U2 | b.U2, a.U3 | b.U3);

    public static UInt256 operator ^(in UInt256 a, in UInt256 b) =>
        new(a.U0 ^ b.U0, a.U1 ^ b.U1, a.U2 ^ b.U2, a.U3 ^ b.U3);

    public static UInt256 operator ~(in UInt256 a) => new(~a.U0, ~a.U1, ~a.U2, ~a.U3);

    public static UInt256 operator <<(in UInt256 a, int bits)
    {
        if ((uint)bits >= 256)
        {
            return Zero;
        }
        Span<ulong> x = [0, 0, 0, 0, a.U0, a.U1, a.U2, a.U3];
        int limb = 4 - bits / 64;
        int shift = bits % 64;
        return shift == 0
            ? new UInt256(x[limb], x[limb + 1], x[limb + 2], x[limb + 3])
            : new UInt256(
                (x[limb] << shift) | (x[limb - 1] >> (64 - shift)),
                (x[limb + 1] << shift) | (x[limb] >> (64 - shift)),
                (x[limb + 2] << shift) | (x[limb + 1] >> (64 - shift)),
                (x[limb + 3] << shift) | (x[limb + 2] >> (64 - shift)));
    }

    public static UInt256 operator >>(in UInt256 a, int bits)
    {
        if ((uint)bits >= 256)
        {
            return Zero;
        }
        Span<ulong> x = [a.U0, a.U1, a.U2, a.U3, 0, 0, 0, 0];
        int limb = bits / 64;
        int shift = bits % 64;
        return shift == 0
            ? new UInt256(x[limb], x[limb + 1], x[limb + 2], x[limb + 3])
            : new UInt256(
                (x[limb] >> shift) | (x[limb + 1] << (64 - shift)),
                (x[limb + 1] >> shift) | (x[limb + 2] << (64 - shift)),
                (x[limb + 2] >> shift) | (x[limb + 3] << (64 - shift)),
                (x[limb + 3] >> shift) | (x[limb + 4] << (64 - shift)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool operator <(in UInt256 a, in UInt256 b) =>
        a.U3 != b.U3 ? a.U3 < b.U3
        : a.U2 != b.U2 ? a.U2 < b.U2
        : a.U1 != b.U1 ? a.U1 < b.U1
        : a.U0 < b.U0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool operator >(in UInt256 a, in UInt256 b) => b < a;

    public static bool operator <=(in UInt256 a, in UInt256 b) => !(b < a);

    public static bool operator >=(in UInt256 a, in UInt256 b) => !(a < b);

    public static bool operator ==(in UInt256 a, in UInt256 b) => a.Equals(b);

    public static bool operator !=(in UInt256 a, in UInt256 b) => !a.Equals(b);

    public static UInt256 Min(in UInt256 a, in UInt256 b) => a < b ? a : b;

    public static UInt256 Max(in UInt256 a, in UInt256 b) => a < b ? b : a;
}
