using System.Runtime.CompilerServices;

namespace Homeostat.Primitives.Fields;

/// <summary>C0 + C1·u with u² = -1, over a prime field where -1 is no square.</summary>
[SkipLocalsInit]
public readonly struct Fp2<TField>(TField c0, TField c1) : IField<Fp2<TField>>
    where TField : struct, IField<TField>
{
    public readonly TField C0 = c0;
    public readonly TField C1 = c1;

    public static Fp2<TField> Zero => default;

    public static Fp2<TField> One => new(TField.One, TField.Zero);

    public bool IsZero => C0.IsZero && C1.IsZero;

    public static bool AreEqual(in Fp2<TField> left, in Fp2<TField> right) =>
        TField.AreEqual(left.C0, right.C0) && TField.AreEqual(left.C1, right.C1);

    public static Fp2<TField> Add(in Fp2<TField> left, in Fp2<TField> right) =>
        new(TField.Add(left.C0, right.C0), TField.Add(left.C1, right.C1));

    public static Fp2<TField> Subtract(in Fp2<TField> left, in Fp2<TField> right) =>
        new(TField.Subtract(left.C0, right.C0), TField.Subtract(left.C1, right.C1));

    public static Fp2<TField> Negate(in Fp2<TField> value) =>
        new(TField.Negate(value.C0), TField.Negate(value.C1));

    public static Fp2<TField> Double(in Fp2<TField> value) =>
        new(TField.Double(value.C0), TField.Double(value.C1));

    public static Fp2<TField> Multiply(in Fp2<TField> left, in Fp2<TField> right)
    {
        if (TField.HasSumsOfProducts)
        {
            return new Fp2<TField>(
                TField.DifferenceOfProducts(left.C0, right.C0, left.C1, right.C1),
                TField.SumOfProducts(left.C0, right.C1, left.C1, right.C0));
        }
        // Karatsuba: three products.
        TField low = TField.Multiply(left.C0, right.C0);
        TField high = TField.Multiply(left.C1, right.C1);
        TField both = TField.Multiply(
            TField.AddFactor(left.C0, left.C1), TField.AddFactor(right.C0, right.C1));
        return new Fp2<TField>(
            TField.Subtract(low, high), TField.Subtract(TField.Subtract(both, low), high));
    }

    public static Fp2<TField> Square(in Fp2<TField> value)
    {
        TField product = TField.Multiply(value.C0, value.C1);
        return new Fp2<TField>(
            TField.Multiply(
                TField.AddFactor(value.C0, value.C1), TField.Subtract(value.C0, value.C1)),
            TField.Double(product));
    }

    public static Fp2<TField> Scale(in Fp2<TField> value, in TField factor) =>
        new(TField.Multiply(value.C0, factor), TField.Multiply(value.C1, factor));

    /// <summary>C0 - C1·u, which is value^p.</summary>
    public static Fp2<TField> Conjugate(in Fp2<TField> value) =>
        new(value.C0, TField.Negate(value.C1));

    /// <summary>C0² + C1².</summary>
    public static TField Norm(in Fp2<TField> value) =>
        TField.Add(TField.Square(value.C0), TField.Square(value.C1));

    public static Fp2<TField> Invert(in Fp2<TField> value)
    {
        TField inverse = TField.Invert(Norm(value));
        return new Fp2<TField>(
            TField.Multiply(value.C0, inverse),
            TField.Negate(TField.Multiply(value.C1, inverse)));
    }

    /// <summary>value^exponent, bit by bit: for constants computed once.</summary>
    public static Fp2<TField> Pow(
        in Fp2<TField> value, System.Numerics.BigInteger exponent)
    {
        Fp2<TField> result = One;
        for (long bit = exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = Square(result);
            if (!((exponent >> (int)bit) & 1).IsZero)
            {
                result = Multiply(result, value);
            }
        }
        return result;
    }
}
