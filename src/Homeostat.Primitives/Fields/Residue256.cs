using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives.Fields;

/// <summary>
/// An integer modulo a prime below 2^256, in Montgomery form (x·2^256 mod p), always fully
/// reduced. Multiplication is the coarsely integrated operand scanning of Koç, Acar and Kaliski
/// ("Analyzing and Comparing Montgomery Multiplication Algorithms", 1996), unrolled; the modulus
/// is a type parameter, so its limbs are immediates in the compiled code.
/// Variable time: not for secrets where an attacker can measure.
/// </summary>
[SkipLocalsInit]
[StructLayout(LayoutKind.Sequential)]
public readonly struct Residue256<TModulus> : IField<Residue256<TModulus>>
    where TModulus : struct, IModulus256
{
    private readonly ulong _l0, _l1, _l2, _l3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Residue256(ulong l0, ulong l1, ulong l2, ulong l3)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
    }

    public static Residue256<TModulus> Zero => default;

    public static Residue256<TModulus> One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => FromMontgomery(TModulus.R);
    }

    /// <summary>The prime itself.</summary>
    public static UInt256 Modulus => new(TModulus.P0, TModulus.P1, TModulus.P2, TModulus.P3);

    private static bool IsNearPowerOfTwo
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TModulus.P1 & TModulus.P2 & TModulus.P3) == ulong.MaxValue;
    }

    public bool IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_l0 | _l1 | _l2 | _l3) == 0;
    }

    /// <summary>True when the canonical integer is odd.</summary>
    public bool IsOdd => (ToUInt256().U0 & 1) != 0;

    /// <summary>The residue of any integer, reduced where it is not below the prime.</summary>
    public static Residue256<TModulus> From(in UInt256 value) =>
        Multiply(FromMontgomery(value), FromMontgomery(TModulus.RSquared));

    /// <summary>False when the 32 big-endian bytes are not below the prime.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Residue256<TModulus> value)
    {
        UInt256 integer = UInt256.FromBigEndian(bytes);
        value = From(integer);
        return integer < Modulus;
    }

    /// <summary>The canonical integer, below the prime.</summary>
    public UInt256 ToUInt256()
    {
        Residue256<TModulus> plain = Multiply(this, new Residue256<TModulus>(1, 0, 0, 0));
        return new UInt256(plain._l0, plain._l1, plain._l2, plain._l3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Residue256<TModulus> FromMontgomery(in UInt256 form) =>
        new(form.U0, form.U1, form.U2, form.U3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(
        in Residue256<TModulus> left, in Residue256<TModulus> right) =>
        ((left._l0 ^ right._l0) | (left._l1 ^ right._l1)
            | (left._l2 ^ right._l2) | (left._l3 ^ right._l3)) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Residue256<TModulus> Add(
        in Residue256<TModulus> left, in Residue256<TModulus> right)
    {
        ulong carry = 0;
        ulong r0 = MultiplyAdd.AddCarry(left._l0, right._l0, ref carry);
        ulong r1 = MultiplyAdd.AddCarry(left._l1, right._l1, ref carry);
        ulong r2 = MultiplyAdd.AddCarry(left._l2, right._l2, ref carry);
        ulong r3 = MultiplyAdd.AddCarry(left._l3, right._l3, ref carry);
        return Reduce(r0, r1, r2, r3, carry);
    }

    // A prime below 2^254, such as BN254's: sums of two need no fifth limb, nor do the rounds.
    private static bool HasFreeBits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TModulus.P3 >> 62 == 0;
    }

    /// <summary>With two bits to spare factors below 2p are fine: 4p² / 2^256 is below p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Residue256<TModulus> AddFactor(
        in Residue256<TModulus> left, in Residue256<TModulus> right)
    {
        if (!HasFreeBits)
        {
            return Add(left, right);
        }
        ulong carry = 0;
        return new Residue256<TModulus>(
            MultiplyAdd.AddCarry(left._l0, right._l0, ref carry),
            MultiplyAdd.AddCarry(left._l1, right._l1, ref carry),
            MultiplyAdd.AddCarry(left._l2, right._l2, ref carry),
            MultiplyAdd.AddCarry(left._l3, right._l3, ref carry));
    }

    public static Residue256<TModulus> Double(in Residue256<TModulus> value) => Add(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Residue256<TModulus> Subtract(
        in Residue256<TModulus> left, in Residue256<TModulus> right)
    {
        ulong borrow = 0;
        ulong r0 = MultiplyAdd.SubtractBorrow(left._l0, right._l0, ref borrow);
        ulong r1 = MultiplyAdd.SubtractBorrow(left._l1, right._l1, ref borrow);
        ulong r2 = MultiplyAdd.SubtractBorrow(left._l2, right._l2, ref borrow);
        ulong r3 = MultiplyAdd.SubtractBorrow(left._l3, right._l3, ref borrow);
        ulong mask = unchecked(0 - borrow);
        ulong carry = 0;
        return new Residue256<TModulus>(
            MultiplyAdd.AddCarry(r0, TModulus.P0 & mask, ref carry),
            MultiplyAdd.AddCarry(r1, TModulus.P1 & mask, ref carry),
            MultiplyAdd.AddCarry(r2, TModulus.P2 & mask, ref carry),
            MultiplyAdd.AddCarry(r3, TModulus.P3 & mask, ref carry));
    }

    public static Residue256<TModulus> Negate(in Residue256<TModulus> value) =>
        Subtract(default, value);

    public static Residue256<TModulus> Square(in Residue256<TModulus> value) =>
        Multiply(value, value);

    public static Residue256<TModulus> Multiply(
        in Residue256<TModulus> left, in Residue256<TModulus> right)
    {
        ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0;
        ulong a0 = left._l0, a1 = left._l1, a2 = left._l2, a3 = left._l3;
        Round(a0, a1, a2, a3, right._l0, ref t0, ref t1, ref t2, ref t3, ref t4);
        Round(a0, a1, a2, a3, right._l1, ref t0, ref t1, ref t2, ref t3, ref t4);
        Round(a0, a1, a2, a3, right._l2, ref t0, ref t1, ref t2, ref t3, ref t4);
        Round(a0, a1, a2, a3, right._l3, ref t0, ref t1, ref t2, ref t3, ref t4);
        // Most products come out below the prime, and their top limb shows it.
        return (TModulus.P3 != ulong.MaxValue) & (t4 == 0) & (t3 < TModulus.P3)
            ? new Residue256<TModulus>(t0, t1, t2, t3)
            : Reduce(t0, t1, t2, t3, t4);
    }

    public static bool HasSumsOfProducts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HasFreeBits;
    }

    /// <summary>As in the six-limb sibling; only with bits to spare.</summary>
    public static Residue256<TModulus> SumOfProducts(
        in Residue256<TModulus> a, in Residue256<TModulus> b,
        in Residue256<TModulus> c, in Residue256<TModulus> d)
    {
        Invariant.Require(HasFreeBits);
        ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        Round(a, b._l0, c, d._l0, ref t0, ref t1, ref t2, ref t3);
        Round(a, b._l1, c, d._l1, ref t0, ref t1, ref t2, ref t3);
        Round(a, b._l2, c, d._l2, ref t0, ref t1, ref t2, ref t3);
        Round(a, b._l3, c, d._l3, ref t0, ref t1, ref t2, ref t3);
        return t3 < TModulus.P3
            ? new Residue256<TModulus>(t0, t1, t2, t3)
            : Reduce(t0, t1, t2, t3, 0);
    }

    public static Residue256<TModulus> DifferenceOfProducts(
        in Residue256<TModulus> a, in Residue256<TModulus> b,
        in Residue256<TModulus> c, in Residue256<TModulus> d)
    {
        ulong borrow = 0;
        var opposite = new Residue256<TModulus>(
            MultiplyAdd.SubtractBorrow(TModulus.P0, d._l0, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P1, d._l1, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P2, d._l2, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P3, d._l3, ref borrow));
        return SumOfProducts(a, b, c, opposite);
    }

    /// <summary>t := (t + a·b + c·d + m·p) / 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        in Residue256<TModulus> a, ulong b, in Residue256<TModulus> c, ulong d,
        ref ulong t0, ref ulong t1, ref ulong t2, ref ulong t3)
    {
        unchecked
        {
            ulong top = MultiplyAdd.Run(a._l0, b, t0, 0, out ulong s0);
            top = MultiplyAdd.Run(a._l1, b, t1, top, out ulong s1);
            top = MultiplyAdd.Run(a._l2, b, t2, top, out ulong s2);
            top = MultiplyAdd.Run(a._l3, b, t3, top, out ulong s3);
            ulong high = MultiplyAdd.Run(c._l0, d, s0, 0, out ulong low);
            ulong m = low * TModulus.NegativeInverse;
            ulong carry = MultiplyAdd.High(m, TModulus.P0) + (low != 0 ? 1UL : 0UL);
            high = MultiplyAdd.Run(c._l1, d, s1, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P1, low, carry, out t0);
            high = MultiplyAdd.Run(c._l2, d, s2, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P2, low, carry, out t1);
            high = MultiplyAdd.Run(c._l3, d, s3, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P3, low, carry, out t2);
            t3 = top + high + carry;
        }
    }

    /// <summary>t := (t + a·b + m·p) / 2^64, with m chosen to make the division exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        ulong a0, ulong a1, ulong a2, ulong a3, ulong b,
        ref ulong t0, ref ulong t1, ref ulong t2, ref ulong t3, ref ulong t4)
    {
        unchecked
        {
            ulong high = MultiplyAdd.Run(a0, b, t0, 0, out ulong s0);
            high = MultiplyAdd.Run(a1, b, t1, high, out ulong s1);
            high = MultiplyAdd.Run(a2, b, t2, high, out ulong s2);
            high = MultiplyAdd.Run(a3, b, t3, high, out ulong s3);
            ulong s4 = t4 + high;
            ulong s5 = s4 < high ? 1UL : 0UL;
            ulong m = s0 * TModulus.NegativeInverse;
            if (IsNearPowerOfTwo)
            {
                // p = 2^256 - c, so m·p is one limb up by four, less m·c, whose low limb is s0.
                ulong borrow = 0;
                ulong correction = MultiplyAdd.High(m, 0 - TModulus.P0);
                t0 = MultiplyAdd.SubtractBorrow(s1, correction, ref borrow);
                t1 = s2 - borrow;
                borrow = s2 < borrow ? 1UL : 0UL;
                t2 = s3 - borrow;
                borrow = s3 < borrow ? 1UL : 0UL;
                // m·2^256 - m·c is not negative, so what is borrowed here m always covers.
                t3 = s4 + m;
                t4 = s5 + (t3 < m ? 1UL : 0UL) - (t3 < borrow ? 1UL : 0UL);
                t3 -= borrow;
                return;
            }
            // The lowest limb becomes zero, with a carry unless it was.
            high = MultiplyAdd.High(m, TModulus.P0) + (s0 != 0 ? 1UL : 0UL);
            high = MultiplyAdd.Run(m, TModulus.P1, s1, high, out t0);
            high = MultiplyAdd.Run(m, TModulus.P2, s2, high, out t1);
            high = MultiplyAdd.Run(m, TModulus.P3, s3, high, out t2);
            t3 = s4 + high;
            t4 = HasFreeBits ? 0 : s5 + (t3 < high ? 1UL : 0UL);
        }
    }

    /// <summary>Subtracts the prime once where the five-limb value is not below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Residue256<TModulus> Reduce(
        ulong r0, ulong r1, ulong r2, ulong r3, ulong r4)
    {
        ulong borrow = 0;
        ulong s0 = MultiplyAdd.SubtractBorrow(r0, TModulus.P0, ref borrow);
        ulong s1 = MultiplyAdd.SubtractBorrow(r1, TModulus.P1, ref borrow);
        ulong s2 = MultiplyAdd.SubtractBorrow(r2, TModulus.P2, ref borrow);
        ulong s3 = MultiplyAdd.SubtractBorrow(r3, TModulus.P3, ref borrow);
        // Either is as likely after an addition, so a branch would be mispredicted.
        ulong keep = unchecked(0 - (borrow & ~r4));
        return new Residue256<TModulus>(
            s0 ^ ((s0 ^ r0) & keep), s1 ^ ((s1 ^ r1) & keep),
            s2 ^ ((s2 ^ r2) & keep), s3 ^ ((s3 ^ r3) & keep));
    }

    /// <summary>value^exponent by fixed windows of four bits.</summary>
    public static Residue256<TModulus> Pow(
        in Residue256<TModulus> value, in UInt256 exponent)
    {
        Span<Residue256<TModulus>> powers = stackalloc Residue256<TModulus>[16];
        powers[0] = One;
        for (int i = 1; i < 16; i++)
        {
            powers[i] = Multiply(powers[i - 1], value);
        }
        ReadOnlySpan<ulong> limbs = [exponent.U0, exponent.U1, exponent.U2, exponent.U3];
        Residue256<TModulus> result = One;
        for (int window = ((exponent.BitLength + 3) / 4) - 1; window >= 0; window--)
        {
            result = Square(Square(Square(Square(result))));
            int digit = (int)((limbs[window / 16] >> (4 * (window % 16))) & 15);
            if (digit != 0)
            {
                result = Multiply(result, powers[digit]);
            }
        }
        return result;
    }

    /// <summary>A square root where p ≡ 3 mod 4; false when the value has none.</summary>
    public static bool TrySquareRoot(
        in Residue256<TModulus> value, out Residue256<TModulus> root)
    {
        // p ≡ 3 mod 4, so (p + 1) / 4 = ⌊p / 4⌋ + 1, which does not overflow.
        UInt256 exponent = (Modulus >> 2) + UInt256.One;
        root = Pow(value, exponent);
        return AreEqual(Square(root), value);
    }

    public static Residue256<TModulus> Invert(in Residue256<TModulus> value)
    {
        Span<ulong> limbs = [value._l0, value._l1, value._l2, value._l3];
        ReadOnlySpan<ulong> modulus = [TModulus.P0, TModulus.P1, TModulus.P2, TModulus.P3];
        ModularInverse.Invert(limbs, modulus, TModulus.NegativeInverse);
        // (x·R)^-1 twice times R²/R gives x^-1·R.
        var factor = FromMontgomery(TModulus.RSquared);
        var plain = new Residue256<TModulus>(limbs[0], limbs[1], limbs[2], limbs[3]);
        return Multiply(Multiply(plain, factor), factor);
    }
}
