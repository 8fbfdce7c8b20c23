using System.Runtime.CompilerServices;

namespace Homeostat.Primitives;

// Schoolbook products by 64-bit limbs: at four limbs nothing is faster.
public readonly partial struct UInt256
{
    public static UInt256 operator *(in UInt256 a, in UInt256 b)
    {
        if (((a.U1 | a.U2 | a.U3) | (b.U1 | b.U2 | b.U3)) == 0)
        {
            ulong high = Product(a.U0, b.U0, out ulong low);
            return new UInt256(low, high);
        }
        unchecked
        {
            ulong r1 = Product(a.U0, b.U0, out ulong r0);
            ulong carry = 0;
            r1 = MultiplyAdd(a.U0, b.U1, r1, ref carry);
            ulong r2 = MultiplyAdd(a.U0, b.U2, 0, ref carry);
            ulong r3 = a.U0 * b.U3 + carry;
            carry = 0;
            r1 = MultiplyAdd(a.U1, b.U0, r1, ref carry);
            r2 = MultiplyAdd(a.U1, b.U1, r2, ref carry);
            r3 += a.U1 * b.U2 + carry;
            carry = 0;
            r2 = MultiplyAdd(a.U2, b.U0, r2, ref carry);
            r3 += a.U2 * b.U1 + carry + a.U3 * b.U0;
            return new UInt256(r0, r1, r2, r3);
        }
    }

    /// <summary>a · b modulo 2^256; true when the product needs more.</summary>
    public static bool MultiplyOverflows(in UInt256 a, in UInt256 b, out UInt256 product)
    {
        Multiply512(a, b, out product, out UInt256 high);
        return !high.IsZero;
    }

    /// <summary>The whole product, low and high 256 bits.</summary>
    [SkipLocalsInit]
    public static void Multiply512(in UInt256 a, in UInt256 b, out UInt256 low, out UInt256 high)
    {
        ulong r0 = 0, r1 = 0, r2 = 0, r3 = 0;
        ulong r4 = AddRow(a.U0, b, ref r0, ref r1, ref r2, ref r3);
        ulong r5 = AddRow(a.U1, b, ref r1, ref r2, ref r3, ref r4);
        ulong r6 = AddRow(a.U2, b, ref r2, ref r3, ref r4, ref r5);
        ulong r7 = AddRow(a.U3, b, ref r3, ref r4, ref r5, ref r6);
        low = new UInt256(r0, r1, r2, r3);
        high = new UInt256(r4, r5, r6, r7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AddRow(
        ulong x, in UInt256 b, ref ulong r0, ref ulong r1, ref ulong r2, ref ulong r3)
    {
        ulong carry = 0;
        r0 = MultiplyAdd(x, b.U0, r0, ref carry);
        r1 = MultiplyAdd(x, b.U1, r1, ref carry);
        r2 = MultiplyAdd(x, b.U2, r2, ref carry);
        r3 = MultiplyAdd(x, b.U3, r3, ref carry);
        return carry;
    }

    // Math.BigMul passes the low half through memory in .NET 10; two multiplications do not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Product(ulong x, ulong y, out ulong low)
    {
        low = unchecked(x * y);
        return Fields.MultiplyAdd.High(x, y);
    }

    // x · y + z + carry fits two limbs whatever they are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MultiplyAdd(ulong x, ulong y, ulong z, ref ulong carry)
    {
        unchecked
        {
            ulong high = Product(x, y, out ulong low);
            low += z;
            high += low < z ? 1UL : 0;
            low += carry;
            carry = high + (low < carry ? 1UL : 0);
            return low;
        }
    }
}
