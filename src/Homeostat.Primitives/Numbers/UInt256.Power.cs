using System.Runtime.CompilerServices;

namespace Homeostat.Primitives;

/// <remarks>
/// Powers by windows of up to three bits that end in a one: the base's odd powers are made first,
/// then every bit costs a squaring and every fourth or so a product. The running power stays in
/// four locals; as a UInt256 it would be copied by vector loads that the limbs' stores can't be
/// forwarded to, which costs more than the product.
/// </remarks>
public readonly unsafe partial struct UInt256
{
    private const int WindowBits = 3;
    private const int OddPowers = 1 << (WindowBits - 1);

    // Fewer bits are not worth the odd powers.
    private const int LeastWindowedBits = 12;

    /// <summary>a to the power b modulo 2^256; 0 to the 0th is 1.</summary>
    [SkipLocalsInit]
    public static UInt256 Power(in UInt256 a, in UInt256 b)
    {
        int bits = b.BitLength;
        if (bits == 0)
        {
            return One;
        }
        ulong* exponent = stackalloc ulong[4] { b.U0, b.U1, b.U2, b.U3 };
        Limbs power = new(a);
        if (bits >= LeastWindowedBits)
        {
            return PowerByWindows(power, exponent, bits).ToUInt256();
        }
        Limbs factor = power;
        for (int bit = bits - 2; bit >= 0; bit--)
        {
            power.Square();
            if (IsSet(exponent, bit))
            {
                power.Multiply(factor.L0, factor.L1, factor.L2, factor.L3);
            }
        }
        return power.ToUInt256();
    }

    [SkipLocalsInit]
    private static Limbs PowerByWindows(Limbs a, ulong* exponent, int bits)
    {
        ulong* odd = stackalloc ulong[4 * OddPowers];
        Limbs square = a;
        square.Square();
        a.Write(odd);
        for (int i = 1; i < OddPowers; i++)
        {
            a.Multiply(square.L0, square.L1, square.L2, square.L3);
            a.Write(odd + 4 * i);
        }
        // The topmost bit is set, so a window ends what this begins with.
        Limbs power = new(One);
        int bit = bits - 1;
        while (bit >= 0)
        {
            if (!IsSet(exponent, bit))
            {
                power.Square();
                bit--;
                continue;
            }
            int end = Math.Max(bit - WindowBits + 1, 0);
            while (!IsSet(exponent, end))
            {
                end++;
            }
            int window = 0;
            for (; bit >= end; bit--)
            {
                window = (window << 1) | (IsSet(exponent, bit) ? 1 : 0);
                power.Square();
            }
            ulong* factor = odd + 4 * (window >> 1);
            power.Multiply(factor[0], factor[1], factor[2], factor[3]);
        }
        return power;
    }

    private static bool IsSet(ulong* limbs, int bit) =>
        ((limbs[bit >> 6] >> (bit & 63)) & 1) != 0;

    /// <summary>Four limbs the JIT keeps in registers.</summary>
    private struct Limbs(in UInt256 value)
    {
        public ulong L0 = value.U0;
        public ulong L1 = value.U1;
        public ulong L2 = value.U2;
        public ulong L3 = value.U3;

        public readonly UInt256 ToUInt256() => new(L0, L1, L2, L3);

        public readonly void Write(ulong* target)
        {
            target[0] = L0;
            target[1] = L1;
            target[2] = L2;
            target[3] = L3;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Square()
        {
            unchecked
            {
                // The products of two different limbs, doubled, and the limbs' squares.
                ulong c2 = Product(L0, L1, out ulong c1);
                ulong c3 = Product(L0, L2, out ulong low);
                c2 += low;
                c3 += (c2 < low ? 1UL : 0) + L0 * L3 + L1 * L2;
                c3 = (c3 << 1) | (c2 >> 63);
                c2 = (c2 << 1) | (c1 >> 63);
                c1 <<= 1;
                ulong r1 = Product(L0, L0, out ulong r0);
                ulong high = Product(L1, L1, out low);
                r1 += c1;
                ulong carry = r1 < c1 ? 1UL : 0;
                c2 += carry;
                c3 += high + (c2 < carry ? 1UL : 0);
                c2 += low;
                L3 = c3 + (c2 < low ? 1UL : 0);
                L2 = c2;
                L1 = r1;
                L0 = r0;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Multiply(ulong b0, ulong b1, ulong b2, ulong b3)
        {
            unchecked
            {
                ulong carry = 0;
                ulong r1 = Product(L0, b0, out ulong r0);
                r1 = MultiplyAdd(L0, b1, r1, ref carry);
                ulong r2 = MultiplyAdd(L0, b2, 0, ref carry);
                ulong r3 = L0 * b3 + carry;
                carry = 0;
                r1 = MultiplyAdd(L1, b0, r1, ref carry);
                r2 = MultiplyAdd(L1, b1, r2, ref carry);
                r3 += L1 * b2 + carry;
                carry = 0;
                r2 = MultiplyAdd(L2, b0, r2, ref carry);
                L3 = r3 + L2 * b1 + carry + L3 * b0;
                L2 = r2;
                L1 = r1;
                L0 = r0;
            }
        }
    }
}
