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
        int shift = bits & 63;
        // Two steps where a shift by 64 would be one by 0.
        int rest = 63 - shift;
        ulong u0 = a.U0 << shift;
        ulong u1 = (a.U1 << shift) | (a.U0 >> 1 >> rest);
        ulong u2 = (a.U2 << shift) | (a.U1 >> 1 >> rest);
        ulong u3 = (a.U3 << shift) | (a.U2 >> 1 >> rest);
        return (bits >> 6) switch
        {
            0 => new UInt256(u0, u1, u2, u3),
            1 => new UInt256(0, u0, u1, u2),
            2 => new UInt256(0, 0, u0, u1),
            _ => new UInt256(0, 0, 0, u0),
        };
    }

    public static UInt256 operator >>(in UInt256 a, int bits)
    {
        if ((uint)bits >= 256)
        {
            return Zero;
        }
        int shift = bits & 63;
        int rest = 63 - shift;
        ulong u0 = (a.U0 >> shift) | (a.U1 << 1 << rest);
        ulong u1 = (a.U1 >> shift) | (a.U2 << 1 << rest);
        ulong u2 = (a.U2 >> shift) | (a.U3 << 1 << rest);
        ulong u3 = a.U3 >> shift;
        return (bits >> 6) switch
        {
            0 => new UInt256(u0, u1, u2, u3),
            1 => new UInt256(u1, u2, u3, 0),
            2 => new UInt256(u2, u3, 0, 0),
            _ => new UInt256(u3, 0, 0, 0),
        };
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
