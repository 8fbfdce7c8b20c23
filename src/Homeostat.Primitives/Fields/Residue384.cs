using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives.Fields;

/// <summary>Six limbs, the least significant first.</summary>
public readonly record struct Limbs384(
    ulong L0, ulong L1, ulong L2, ulong L3, ulong L4, ulong L5);

/// <summary>An odd prime below 2^382 with what Montgomery arithmetic precomputes of it.</summary>
public interface IModulus384
{
    static abstract ulong P0 { get; }
    static abstract ulong P1 { get; }
    static abstract ulong P2 { get; }
    static abstract ulong P3 { get; }
    static abstract ulong P4 { get; }
    static abstract ulong P5 { get; }

    /// <summary>-P^-1 mod 2^64.</summary>
    static abstract ulong NegativeInverse { get; }

    /// <summary>2^384 mod P: one, in Montgomery form.</summary>
    static abstract Limbs384 R { get; }

    /// <summary>2^768 mod P: multiplying by it enters Montgomery form.</summary>
    static abstract Limbs384 RSquared { get; }
}

/// <summary>
/// An integer modulo a prime below 2^382, in Montgomery form, always fully reduced; the six-limb
/// sibling of <see cref="Residue256{TModulus}"/>. The two free bits on top let a round of the
/// product drop its overflow limb. Variable time.
/// </summary>
[SkipLocalsInit]
[StructLayout(LayoutKind.Sequential)]
public readonly struct Residue384<TModulus> : IField<Residue384<TModulus>>
    where TModulus : struct, IModulus384
{
    public const int Size = 48;

    private readonly ulong _l0, _l1, _l2, _l3, _l4, _l5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Residue384(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4, ulong l5)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
        _l4 = l4;
        _l5 = l5;
    }

    public static Residue384<TModulus> Zero => default;

    public static Residue384<TModulus> One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => FromMontgomery(TModulus.R);
    }

    public bool IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_l0 | _l1 | _l2 | _l3 | _l4 | _l5) == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Residue384<TModulus> FromMontgomery(in Limbs384 form) =>
        new(form.L0, form.L1, form.L2, form.L3, form.L4, form.L5);

    /// <summary>The residue of an integer below the prime.</summary>
    public static Residue384<TModulus> From(in Limbs384 value) =>
        Multiply(FromMontgomery(value), FromMontgomery(TModulus.RSquared));

    public static Residue384<TModulus> From(ulong value) =>
        From(new Limbs384(value, 0, 0, 0, 0, 0));

    /// <summary>False when the 48 big-endian bytes are not below the prime.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Residue384<TModulus> value)
    {
        var limbs = new Limbs384(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[40..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes));
        ulong borrow = 0;
        MultiplyAdd.SubtractBorrow(limbs.L0, TModulus.P0, ref borrow);
        MultiplyAdd.SubtractBorrow(limbs.L1, TModulus.P1, ref borrow);
        MultiplyAdd.SubtractBorrow(limbs.L2, TModulus.P2, ref borrow);
        MultiplyAdd.SubtractBorrow(limbs.L3, TModulus.P3, ref borrow);
        MultiplyAdd.SubtractBorrow(limbs.L4, TModulus.P4, ref borrow);
        MultiplyAdd.SubtractBorrow(limbs.L5, TModulus.P5, ref borrow);
        value = borrow == 0 ? default : From(limbs);
        return borrow != 0;
    }

    /// <summary>The canonical integer, below the prime.</summary>
    public Limbs384 ToLimbs()
    {
        Residue384<TModulus> plain = Multiply(this, new Residue384<TModulus>(1, 0, 0, 0, 0, 0));
        return new Limbs384(
            plain._l0, plain._l1, plain._l2, plain._l3, plain._l4, plain._l5);
    }

    /// <summary>Writes the canonical integer's 48 bytes, big-endian.</summary>
    public void Write(Span<byte> destination)
    {
        Limbs384 limbs = ToLimbs();
        BinaryPrimitives.WriteUInt64BigEndian(destination[40..], limbs.L0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[32..], limbs.L1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], limbs.L2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], limbs.L3);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], limbs.L4);
        BinaryPrimitives.WriteUInt64BigEndian(destination, limbs.L5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(
        in Residue384<TModulus> left, in Residue384<TModulus> right) =>
        ((left._l0 ^ right._l0) | (left._l1 ^ right._l1) | (left._l2 ^ right._l2)
            | (left._l3 ^ right._l3) | (left._l4 ^ right._l4) | (left._l5 ^ right._l5)) == 0;

    public static Residue384<TModulus> Add(
        in Residue384<TModulus> left, in Residue384<TModulus> right)
    {
        ulong carry = 0;
        ulong r0 = MultiplyAdd.AddCarry(left._l0, right._l0, ref carry);
        ulong r1 = MultiplyAdd.AddCarry(left._l1, right._l1, ref carry);
        ulong r2 = MultiplyAdd.AddCarry(left._l2, right._l2, ref carry);
        ulong r3 = MultiplyAdd.AddCarry(left._l3, right._l3, ref carry);
        ulong r4 = MultiplyAdd.AddCarry(left._l4, right._l4, ref carry);
        ulong r5 = MultiplyAdd.AddCarry(left._l5, right._l5, ref carry);
        return Reduce(r0, r1, r2, r3, r4, r5);
    }

    /// <summary>
    /// Factors below 2p are fine: 4p² / 2^384 is below p, and so the product below 2p before its
    /// reduction.
    /// </summary>
    public static Residue384<TModulus> AddFactor(
        in Residue384<TModulus> left, in Residue384<TModulus> right)
    {
        ulong carry = 0;
        return new Residue384<TModulus>(
            MultiplyAdd.AddCarry(left._l0, right._l0, ref carry),
            MultiplyAdd.AddCarry(left._l1, right._l1, ref carry),
            MultiplyAdd.AddCarry(left._l2, right._l2, ref carry),
            MultiplyAdd.AddCarry(left._l3, right._l3, ref carry),
            MultiplyAdd.AddCarry(left._l4, right._l4, ref carry),
            MultiplyAdd.AddCarry(left._l5, right._l5, ref carry));
    }

    public static Residue384<TModulus> Double(in Residue384<TModulus> value) => Add(value, value);

    public static Residue384<TModulus> Subtract(
        in Residue384<TModulus> left, in Residue384<TModulus> right)
    {
        ulong borrow = 0;
        ulong r0 = MultiplyAdd.SubtractBorrow(left._l0, right._l0, ref borrow);
        ulong r1 = MultiplyAdd.SubtractBorrow(left._l1, right._l1, ref borrow);
        ulong r2 = MultiplyAdd.SubtractBorrow(left._l2, right._l2, ref borrow);
        ulong r3 = MultiplyAdd.SubtractBorrow(left._l3, right._l3, ref borrow);
        ulong r4 = MultiplyAdd.SubtractBorrow(left._l4, right._l4, ref borrow);
        ulong r5 = MultiplyAdd.SubtractBorrow(left._l5, right._l5, ref borrow);
        ulong mask = unchecked(0 - borrow);
        ulong carry = 0;
        return new Residue384<TModulus>(
            MultiplyAdd.AddCarry(r0, TModulus.P0 & mask, ref carry),
            MultiplyAdd.AddCarry(r1, TModulus.P1 & mask, ref carry),
            MultiplyAdd.AddCarry(r2, TModulus.P2 & mask, ref carry),
            MultiplyAdd.AddCarry(r3, TModulus.P3 & mask, ref carry),
            MultiplyAdd.AddCarry(r4, TModulus.P4 & mask, ref carry),
            MultiplyAdd.AddCarry(r5, TModulus.P5 & mask, ref carry));
    }

    public static Residue384<TModulus> Negate(in Residue384<TModulus> value) =>
        Subtract(default, value);

    public static Residue384<TModulus> Square(in Residue384<TModulus> value) =>
        Multiply(value, value);

    public static Residue384<TModulus> Multiply(
        in Residue384<TModulus> left, in Residue384<TModulus> right)
    {
        ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0;
        Round(left, right._l0, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(left, right._l1, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(left, right._l2, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(left, right._l3, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(left, right._l4, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(left, right._l5, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        // Most products come out below the prime, and their top limb shows it.
        return t5 < TModulus.P5
            ? new Residue384<TModulus>(t0, t1, t2, t3, t4, t5)
            : Reduce(t0, t1, t2, t3, t4, t5);
    }

    public static bool HasSumsOfProducts => true;

    /// <summary>
    /// Both products are summed before each round's reduction (Longa, "Efficient algorithms for
    /// large prime characteristic fields", 2022): three carry chains a round in place of four.
    /// </summary>
    public static Residue384<TModulus> SumOfProducts(
        in Residue384<TModulus> a, in Residue384<TModulus> b,
        in Residue384<TModulus> c, in Residue384<TModulus> d)
    {
        ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0;
        Round(a, b._l0, c, d._l0, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(a, b._l1, c, d._l1, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(a, b._l2, c, d._l2, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(a, b._l3, c, d._l3, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(a, b._l4, c, d._l4, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        Round(a, b._l5, c, d._l5, ref t0, ref t1, ref t2, ref t3, ref t4, ref t5);
        return t5 < TModulus.P5
            ? new Residue384<TModulus>(t0, t1, t2, t3, t4, t5)
            : Reduce(t0, t1, t2, t3, t4, t5);
    }

    public static Residue384<TModulus> DifferenceOfProducts(
        in Residue384<TModulus> a, in Residue384<TModulus> b,
        in Residue384<TModulus> c, in Residue384<TModulus> d)
    {
        // p - d, which is p itself for zero: as a factor that is fine.
        ulong borrow = 0;
        var opposite = new Residue384<TModulus>(
            MultiplyAdd.SubtractBorrow(TModulus.P0, d._l0, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P1, d._l1, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P2, d._l2, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P3, d._l3, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P4, d._l4, ref borrow),
            MultiplyAdd.SubtractBorrow(TModulus.P5, d._l5, ref borrow));
        return SumOfProducts(a, b, c, opposite);
    }

    /// <summary>t := (t + a·b + c·d + m·p) / 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        in Residue384<TModulus> a, ulong b, in Residue384<TModulus> c, ulong d,
        ref ulong t0, ref ulong t1, ref ulong t2, ref ulong t3, ref ulong t4, ref ulong t5)
    {
        unchecked
        {
            ulong top = MultiplyAdd.Run(a._l0, b, t0, 0, out ulong s0);
            top = MultiplyAdd.Run(a._l1, b, t1, top, out ulong s1);
            top = MultiplyAdd.Run(a._l2, b, t2, top, out ulong s2);
            top = MultiplyAdd.Run(a._l3, b, t3, top, out ulong s3);
            top = MultiplyAdd.Run(a._l4, b, t4, top, out ulong s4);
            top = MultiplyAdd.Run(a._l5, b, t5, top, out ulong s5);
            ulong high = MultiplyAdd.Run(c._l0, d, s0, 0, out ulong low);
            ulong m = low * TModulus.NegativeInverse;
            ulong carry = MultiplyAdd.High(m, TModulus.P0) + (low != 0 ? 1UL : 0UL);
            high = MultiplyAdd.Run(c._l1, d, s1, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P1, low, carry, out t0);
            high = MultiplyAdd.Run(c._l2, d, s2, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P2, low, carry, out t1);
            high = MultiplyAdd.Run(c._l3, d, s3, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P3, low, carry, out t2);
            high = MultiplyAdd.Run(c._l4, d, s4, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P4, low, carry, out t3);
            high = MultiplyAdd.Run(c._l5, d, s5, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P5, low, carry, out t4);
            t5 = top + high + carry;
        }
    }

    /// <summary>t := (t + a·b + m·p) / 2^64, with m chosen to make the division exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        in Residue384<TModulus> a, ulong b,
        ref ulong t0, ref ulong t1, ref ulong t2, ref ulong t3, ref ulong t4, ref ulong t5)
    {
        unchecked
        {
            ulong high = MultiplyAdd.Run(a._l0, b, t0, 0, out ulong low);
            ulong m = low * TModulus.NegativeInverse;
            // The lowest limb becomes zero, with a carry unless it was.
            ulong carry = MultiplyAdd.High(m, TModulus.P0) + (low != 0 ? 1UL : 0UL);
            high = MultiplyAdd.Run(a._l1, b, t1, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P1, low, carry, out t0);
            high = MultiplyAdd.Run(a._l2, b, t2, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P2, low, carry, out t1);
            high = MultiplyAdd.Run(a._l3, b, t3, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P3, low, carry, out t2);
            high = MultiplyAdd.Run(a._l4, b, t4, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P4, low, carry, out t3);
            high = MultiplyAdd.Run(a._l5, b, t5, high, out low);
            carry = MultiplyAdd.Run(m, TModulus.P5, low, carry, out t4);
            t5 = high + carry;
        }
    }

    /// <summary>Subtracts the prime once where the value is not below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Residue384<TModulus> Reduce(
        ulong r0, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        ulong borrow = 0;
        ulong s0 = MultiplyAdd.SubtractBorrow(r0, TModulus.P0, ref borrow);
        ulong s1 = MultiplyAdd.SubtractBorrow(r1, TModulus.P1, ref borrow);
        ulong s2 = MultiplyAdd.SubtractBorrow(r2, TModulus.P2, ref borrow);
        ulong s3 = MultiplyAdd.SubtractBorrow(r3, TModulus.P3, ref borrow);
        ulong s4 = MultiplyAdd.SubtractBorrow(r4, TModulus.P4, ref borrow);
        ulong s5 = MultiplyAdd.SubtractBorrow(r5, TModulus.P5, ref borrow);
        // Either is as likely after an addition, so a branch would be mispredicted.
        ulong keep = unchecked(0 - borrow);
        return new Residue384<TModulus>(
            s0 ^ ((s0 ^ r0) & keep), s1 ^ ((s1 ^ r1) & keep), s2 ^ ((s2 ^ r2) & keep),
            s3 ^ ((s3 ^ r3) & keep), s4 ^ ((s4 ^ r4) & keep), s5 ^ ((s5 ^ r5) & keep));
    }

    /// <summary>value^exponent by fixed windows of four bits.</summary>
    public static Residue384<TModulus> Pow(
        in Residue384<TModulus> value, ReadOnlySpan<ulong> exponent)
    {
        Span<Residue384<TModulus>> powers = stackalloc Residue384<TModulus>[16];
        powers[0] = One;
        for (int i = 1; i < 16; i++)
        {
            powers[i] = Multiply(powers[i - 1], value);
        }
        Residue384<TModulus> result = One;
        for (int window = (16 * exponent.Length) - 1; window >= 0; window--)
        {
            result = Square(Square(Square(Square(result))));
            int digit = (int)((exponent[window / 16] >> (4 * (window % 16))) & 15);
            if (digit != 0)
            {
                result = Multiply(result, powers[digit]);
            }
        }
        return result;
    }

    /// <summary>value^((p - 3) / 4), from which both root and inverse root follow where
    /// p ≡ 3 mod 4.</summary>
    public static Residue384<TModulus> PowQuarter(in Residue384<TModulus> value)
    {
        // ⌊p / 4⌋ = (p - 3) / 4.
        ReadOnlySpan<ulong> exponent =
        [
            (TModulus.P0 >> 2) | (TModulus.P1 << 62), (TModulus.P1 >> 2) | (TModulus.P2 << 62),
            (TModulus.P2 >> 2) | (TModulus.P3 << 62), (TModulus.P3 >> 2) | (TModulus.P4 << 62),
            (TModulus.P4 >> 2) | (TModulus.P5 << 62), TModulus.P5 >> 2,
        ];
        return Pow(value, exponent);
    }

    /// <summary>A square root where p ≡ 3 mod 4; false when the value has none.</summary>
    public static bool TrySquareRoot(
        in Residue384<TModulus> value, out Residue384<TModulus> root)
    {
        root = Multiply(PowQuarter(value), value);
        return AreEqual(Square(root), value);
    }

    public static Residue384<TModulus> Invert(in Residue384<TModulus> value)
    {
        Span<ulong> limbs =
            [value._l0, value._l1, value._l2, value._l3, value._l4, value._l5];
        ReadOnlySpan<ulong> modulus =
        [
            TModulus.P0, TModulus.P1, TModulus.P2, TModulus.P3, TModulus.P4, TModulus.P5,
        ];
        ModularInverse.Invert(limbs, modulus, TModulus.NegativeInverse);
        // (x·R)^-1 twice times R²/R gives x^-1·R.
        var factor = FromMontgomery(TModulus.RSquared);
        var plain = new Residue384<TModulus>(
            limbs[0], limbs[1], limbs[2], limbs[3], limbs[4], limbs[5]);
        return Multiply(Multiply(plain, factor), factor);
    }
}
