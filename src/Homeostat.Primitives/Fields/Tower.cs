using System.Runtime.CompilerServices;

namespace Homeostat.Primitives.Fields;

/// <summary>What distinguishes the towers Fp2 – Fp6 – Fp12 of two curves.</summary>
public interface ITower<TField>
    where TField : struct, IField<TField>
{
    /// <summary>value·ξ, where Fp6 is Fp2 with v³ = ξ.</summary>
    static abstract Fp2<TField> MultiplyByXi(in Fp2<TField> value);

    /// <summary>ξ^(i·(p-1)/6) for i from 0 to 5: what the Frobenius map does to w^i.</summary>
    static abstract ReadOnlySpan<Fp2<TField>> FrobeniusFactors { get; }
}

/// <summary>C0 + C1·v + C2·v² with v³ = ξ.</summary>
[SkipLocalsInit]
public readonly struct Fp6<TField, TTower>(
    Fp2<TField> c0, Fp2<TField> c1, Fp2<TField> c2)
    where TField : struct, IField<TField>
    where TTower : struct, ITower<TField>
{
    public readonly Fp2<TField> C0 = c0;
    public readonly Fp2<TField> C1 = c1;
    public readonly Fp2<TField> C2 = c2;

    public static Fp6<TField, TTower> One => new(Fp2<TField>.One, default, default);

    public bool IsZero => C0.IsZero && C1.IsZero && C2.IsZero;

    public static Fp6<TField, TTower> Add(
        in Fp6<TField, TTower> a, in Fp6<TField, TTower> b) => new(
        Fp2<TField>.Add(a.C0, b.C0), Fp2<TField>.Add(a.C1, b.C1), Fp2<TField>.Add(a.C2, b.C2));

    public static Fp6<TField, TTower> Subtract(
        in Fp6<TField, TTower> a, in Fp6<TField, TTower> b) => new(
        Fp2<TField>.Subtract(a.C0, b.C0),
        Fp2<TField>.Subtract(a.C1, b.C1),
        Fp2<TField>.Subtract(a.C2, b.C2));

    public static Fp6<TField, TTower> Negate(in Fp6<TField, TTower> a) => new(
        Fp2<TField>.Negate(a.C0), Fp2<TField>.Negate(a.C1), Fp2<TField>.Negate(a.C2));

    public static Fp6<TField, TTower> MultiplyByV(in Fp6<TField, TTower> a) =>
        new(TTower.MultiplyByXi(a.C2), a.C0, a.C1);

    /// <summary>Toom–Karatsuba with six products in Fp2 (Devegili et al. 2006).</summary>
    public static Fp6<TField, TTower> Multiply(
        in Fp6<TField, TTower> a, in Fp6<TField, TTower> b)
    {
        Fp2<TField> v0 = Fp2<TField>.Multiply(a.C0, b.C0);
        Fp2<TField> v1 = Fp2<TField>.Multiply(a.C1, b.C1);
        Fp2<TField> v2 = Fp2<TField>.Multiply(a.C2, b.C2);
        Fp2<TField> t12 = Cross(a.C1, a.C2, b.C1, b.C2, v1, v2);
        Fp2<TField> t01 = Cross(a.C0, a.C1, b.C0, b.C1, v0, v1);
        Fp2<TField> t02 = Cross(a.C0, a.C2, b.C0, b.C2, v0, v2);
        return new Fp6<TField, TTower>(
            Fp2<TField>.Add(v0, TTower.MultiplyByXi(t12)),
            Fp2<TField>.Add(t01, TTower.MultiplyByXi(v2)),
            Fp2<TField>.Add(t02, v1));
    }

    /// <summary>a1·b2 + a2·b1, from the products a1·b1 and a2·b2.</summary>
    private static Fp2<TField> Cross(
        in Fp2<TField> a1, in Fp2<TField> a2, in Fp2<TField> b1, in Fp2<TField> b2,
        in Fp2<TField> first, in Fp2<TField> second)
    {
        Fp2<TField> both = Fp2<TField>.Multiply(
            Fp2<TField>.Add(a1, a2), Fp2<TField>.Add(b1, b2));
        return Fp2<TField>.Subtract(Fp2<TField>.Subtract(both, first), second);
    }

    /// <summary>a·(b0 + b1·v), five products.</summary>
    public static Fp6<TField, TTower> MultiplyBy01(
        in Fp6<TField, TTower> a, in Fp2<TField> b0, in Fp2<TField> b1)
    {
        Fp2<TField> v0 = Fp2<TField>.Multiply(a.C0, b0);
        Fp2<TField> v1 = Fp2<TField>.Multiply(a.C1, b1);
        return new Fp6<TField, TTower>(
            Fp2<TField>.Add(v0, TTower.MultiplyByXi(Fp2<TField>.Multiply(a.C2, b1))),
            Cross(a.C0, a.C1, b0, b1, v0, v1),
            Fp2<TField>.Add(Fp2<TField>.Multiply(a.C2, b0), v1));
    }

    /// <summary>a·b1·v.</summary>
    public static Fp6<TField, TTower> MultiplyBy1(
        in Fp6<TField, TTower> a, in Fp2<TField> b1) => new(
        TTower.MultiplyByXi(Fp2<TField>.Multiply(a.C2, b1)),
        Fp2<TField>.Multiply(a.C0, b1),
        Fp2<TField>.Multiply(a.C1, b1));

    public static Fp6<TField, TTower> Scale(
        in Fp6<TField, TTower> a, in Fp2<TField> factor) => new(
        Fp2<TField>.Multiply(a.C0, factor),
        Fp2<TField>.Multiply(a.C1, factor),
        Fp2<TField>.Multiply(a.C2, factor));

    public static Fp6<TField, TTower> Invert(in Fp6<TField, TTower> a)
    {
        Fp2<TField> t0 = Fp2<TField>.Subtract(
            Fp2<TField>.Square(a.C0),
            TTower.MultiplyByXi(Fp2<TField>.Multiply(a.C1, a.C2)));
        Fp2<TField> t1 = Fp2<TField>.Subtract(
            TTower.MultiplyByXi(Fp2<TField>.Square(a.C2)), Fp2<TField>.Multiply(a.C0, a.C1));
        Fp2<TField> t2 = Fp2<TField>.Subtract(
            Fp2<TField>.Square(a.C1), Fp2<TField>.Multiply(a.C0, a.C2));
        Fp2<TField> sum = Fp2<TField>.Add(
            Fp2<TField>.Multiply(a.C2, t1), Fp2<TField>.Multiply(a.C1, t2));
        Fp2<TField> norm = Fp2<TField>.Add(
            Fp2<TField>.Multiply(a.C0, t0), TTower.MultiplyByXi(sum));
        return Scale(new Fp6<TField, TTower>(t0, t1, t2), Fp2<TField>.Invert(norm));
    }
}
