using System.Runtime.CompilerServices;

namespace Homeostat.Primitives.Fields;

/// <summary>
/// C0 + C1·w with w² = v. In powers of w an element is (C0.C0, C1.C0, C0.C1, C1.C1, C0.C2, C1.C2),
/// each in Fp2, and w⁶ = ξ.
/// </summary>
[SkipLocalsInit]
public readonly struct Fp12<TField, TTower>(Fp6<TField, TTower> c0, Fp6<TField, TTower> c1)
    where TField : struct, IField<TField>
    where TTower : struct, ITower<TField>
{
    public readonly Fp6<TField, TTower> C0 = c0;
    public readonly Fp6<TField, TTower> C1 = c1;

    public static Fp12<TField, TTower> One => new(Fp6<TField, TTower>.One, default);

    public bool IsOne =>
        C1.IsZero && Fp6<TField, TTower>.Subtract(C0, Fp6<TField, TTower>.One).IsZero;

    public static Fp12<TField, TTower> Multiply(
        in Fp12<TField, TTower> a, in Fp12<TField, TTower> b)
    {
        Fp6<TField, TTower> low = Fp6<TField, TTower>.Multiply(a.C0, b.C0);
        Fp6<TField, TTower> high = Fp6<TField, TTower>.Multiply(a.C1, b.C1);
        Fp6<TField, TTower> both = Fp6<TField, TTower>.Multiply(
            Fp6<TField, TTower>.Add(a.C0, a.C1), Fp6<TField, TTower>.Add(b.C0, b.C1));
        return Join(low, high, both);
    }

    /// <summary>(low + high·v, both - low - high), Karatsuba's last step.</summary>
    private static Fp12<TField, TTower> Join(
        in Fp6<TField, TTower> low, in Fp6<TField, TTower> high,
        in Fp6<TField, TTower> both) => new(
        Fp6<TField, TTower>.Add(low, Fp6<TField, TTower>.MultiplyByV(high)),
        Fp6<TField, TTower>.Subtract(Fp6<TField, TTower>.Subtract(both, low), high));

    public static Fp12<TField, TTower> Square(in Fp12<TField, TTower> a)
    {
        // (C0 + C1·w)² = (C0 + C1)(C0 + v·C1) - (1 + v)·C0·C1 + 2·C0·C1·w.
        Fp6<TField, TTower> product = Fp6<TField, TTower>.Multiply(a.C0, a.C1);
        Fp6<TField, TTower> both = Fp6<TField, TTower>.Multiply(
            Fp6<TField, TTower>.Add(a.C0, a.C1),
            Fp6<TField, TTower>.Add(a.C0, Fp6<TField, TTower>.MultiplyByV(a.C1)));
        return new Fp12<TField, TTower>(
            Fp6<TField, TTower>.Subtract(
                Fp6<TField, TTower>.Subtract(both, product),
                Fp6<TField, TTower>.MultiplyByV(product)),
            Fp6<TField, TTower>.Add(product, product));
    }

    /// <summary>a·(b0 + b2·w² + b3·w³): a line of a curve with an M-type twist.</summary>
    public static Fp12<TField, TTower> MultiplyBy023(
        in Fp12<TField, TTower> a,
        in Fp2<TField> b0, in Fp2<TField> b2, in Fp2<TField> b3)
    {
        Fp6<TField, TTower> low = Fp6<TField, TTower>.MultiplyBy01(a.C0, b0, b2);
        Fp6<TField, TTower> high = Fp6<TField, TTower>.MultiplyBy1(a.C1, b3);
        Fp6<TField, TTower> both = Fp6<TField, TTower>.MultiplyBy01(
            Fp6<TField, TTower>.Add(a.C0, a.C1), b0, Fp2<TField>.Add(b2, b3));
        return Join(low, high, both);
    }

    /// <summary>a·(b0 + b2·w² + w³): such a line, scaled so that its last part is one.</summary>
    public static Fp12<TField, TTower> MultiplyBy02(
        in Fp12<TField, TTower> a, in Fp2<TField> b0, in Fp2<TField> b2)
    {
        Fp6<TField, TTower> low = Fp6<TField, TTower>.MultiplyBy01(a.C0, b0, b2);
        Fp6<TField, TTower> high = Fp6<TField, TTower>.MultiplyByV(a.C1);
        Fp6<TField, TTower> both = Fp6<TField, TTower>.MultiplyBy01(
            Fp6<TField, TTower>.Add(a.C0, a.C1), b0,
            Fp2<TField>.Add(b2, Fp2<TField>.One));
        return Join(low, high, both);
    }

    /// <summary>a·(b0 + b1·w + b3·w³): a line of a curve with a D-type twist.</summary>
    public static Fp12<TField, TTower> MultiplyBy013(
        in Fp12<TField, TTower> a,
        in Fp2<TField> b0, in Fp2<TField> b1, in Fp2<TField> b3)
    {
        Fp6<TField, TTower> low = Fp6<TField, TTower>.Scale(a.C0, b0);
        Fp6<TField, TTower> high = Fp6<TField, TTower>.MultiplyBy01(a.C1, b1, b3);
        Fp6<TField, TTower> both = Fp6<TField, TTower>.MultiplyBy01(
            Fp6<TField, TTower>.Add(a.C0, a.C1), Fp2<TField>.Add(b0, b1), b3);
        return Join(low, high, both);
    }

    /// <summary>C0 - C1·w = a^(p⁶): the inverse, in the cyclotomic subgroup.</summary>
    public static Fp12<TField, TTower> Conjugate(in Fp12<TField, TTower> a) =>
        new(a.C0, Fp6<TField, TTower>.Negate(a.C1));

    public static Fp12<TField, TTower> Invert(in Fp12<TField, TTower> a)
    {
        Fp6<TField, TTower> norm = Fp6<TField, TTower>.Subtract(
            Fp6<TField, TTower>.Multiply(a.C0, a.C0),
            Fp6<TField, TTower>.MultiplyByV(Fp6<TField, TTower>.Multiply(a.C1, a.C1)));
        Fp6<TField, TTower> inverse = Fp6<TField, TTower>.Invert(norm);
        return new Fp12<TField, TTower>(
            Fp6<TField, TTower>.Multiply(a.C0, inverse),
            Fp6<TField, TTower>.Negate(Fp6<TField, TTower>.Multiply(a.C1, inverse)));
    }

    /// <summary>a^p.</summary>
    public static Fp12<TField, TTower> Frobenius(in Fp12<TField, TTower> a)
    {
        ReadOnlySpan<Fp2<TField>> factors = TTower.FrobeniusFactors;
        return new Fp12<TField, TTower>(
            new(Fp2<TField>.Conjugate(a.C0.C0),
                Twist(a.C0.C1, factors[2]),
                Twist(a.C0.C2, factors[4])),
            new(Twist(a.C1.C0, factors[1]),
                Twist(a.C1.C1, factors[3]),
                Twist(a.C1.C2, factors[5])));
    }

    private static Fp2<TField> Twist(in Fp2<TField> value, in Fp2<TField> factor) =>
        Fp2<TField>.Multiply(Fp2<TField>.Conjugate(value), factor);

    /// <summary>
    /// a² for a in the cyclotomic subgroup, at half the price (Granger, Scott, "Faster squaring
    /// in the cyclotomic subgroup of sixth degree extensions", PKC 2010).
    /// </summary>
    public static Fp12<TField, TTower> CyclotomicSquare(in Fp12<TField, TTower> a)
    {
        SquareFp4(a.C0.C0, a.C1.C1, out Fp2<TField> s0, out Fp2<TField> s1);
        SquareFp4(a.C1.C0, a.C0.C2, out Fp2<TField> s2, out Fp2<TField> s3);
        SquareFp4(a.C0.C1, a.C1.C2, out Fp2<TField> s4, out Fp2<TField> s5);
        return new Fp12<TField, TTower>(
            new(TripleLess(s0, a.C0.C0), TripleLess(s2, a.C0.C1), TripleLess(s4, a.C0.C2)),
            new(TriplePlus(TTower.MultiplyByXi(s5), a.C1.C0),
                TriplePlus(s1, a.C1.C1),
                TriplePlus(s3, a.C1.C2)));
    }

    /// <summary>3·s - 2·z.</summary>
    private static Fp2<TField> TripleLess(in Fp2<TField> s, in Fp2<TField> z) =>
        Fp2<TField>.Add(Fp2<TField>.Double(Fp2<TField>.Subtract(s, z)), s);

    /// <summary>3·s + 2·z.</summary>
    private static Fp2<TField> TriplePlus(in Fp2<TField> s, in Fp2<TField> z) =>
        Fp2<TField>.Add(Fp2<TField>.Double(Fp2<TField>.Add(s, z)), s);

    private static void SquareFp4(
        in Fp2<TField> a, in Fp2<TField> b, out Fp2<TField> c0, out Fp2<TField> c1)
    {
        Fp2<TField> aa = Fp2<TField>.Square(a);
        Fp2<TField> bb = Fp2<TField>.Square(b);
        c0 = Fp2<TField>.Add(TTower.MultiplyByXi(bb), aa);
        Fp2<TField> both = Fp2<TField>.Square(Fp2<TField>.Add(a, b));
        c1 = Fp2<TField>.Subtract(Fp2<TField>.Subtract(both, aa), bb);
    }

    /// <summary>a^exponent for a in the cyclotomic subgroup.</summary>
    public static Fp12<TField, TTower> CyclotomicPow(
        in Fp12<TField, TTower> a, ulong exponent)
    {
        Fp12<TField, TTower> result = a;
        for (int bit = 62 - System.Numerics.BitOperations.LeadingZeroCount(exponent);
            bit >= 0; bit--)
        {
            result = CyclotomicSquare(result);
            if (((exponent >> bit) & 1) != 0)
            {
                result = Multiply(result, a);
            }
        }
        return result;
    }
}
