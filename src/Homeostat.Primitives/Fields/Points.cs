using System.Runtime.CompilerServices;

namespace Homeostat.Primitives.Fields;

/// <summary>y² = x³ + a·x + b over a field, with a = 0 or a = -3.</summary>
public interface ICurve<TField>
    where TField : struct, IField<TField>
{
    static abstract TField B { get; }

    /// <summary>True for a = -3 (the NIST curves), false for a = 0.</summary>
    static abstract bool IsAMinusThree { get; }
}

/// <summary>A point by its coordinates; the default value is (0, 0), no point of our curves,
/// and stands for infinity, as in the EVM's encodings.</summary>
public readonly struct AffinePoint<TField, TCurve>(TField x, TField y)
    where TField : struct, IField<TField>
    where TCurve : struct, ICurve<TField>
{
    public readonly TField X = x;
    public readonly TField Y = y;

    public bool IsInfinity => X.IsZero && Y.IsZero;

    /// <summary>True when the coordinates satisfy the equation, or are infinity's.</summary>
    public bool IsOnCurve
    {
        get
        {
            TField right = TField.Multiply(TField.Square(X), X);
            if (TCurve.IsAMinusThree)
            {
                right = TField.Subtract(right, TField.Add(TField.Double(X), X));
            }
            right = TField.Add(right, TCurve.B);
            return IsInfinity || TField.AreEqual(TField.Square(Y), right);
        }
    }

    public AffinePoint<TField, TCurve> Negate() => new(X, TField.Negate(Y));
}

/// <summary>
/// A point in Jacobian coordinates: (X/Z², Y/Z³), infinity where Z = 0. Formulas from the
/// Explicit-Formulas Database (dbl-2009-l, dbl-2001-b, madd, add-1998-cmo-2); complete: equal and
/// opposite operands and infinity are handled.
/// </summary>
[SkipLocalsInit]
public readonly struct JacobianPoint<TField, TCurve>(TField x, TField y, TField z)
    where TField : struct, IField<TField>
    where TCurve : struct, ICurve<TField>
{
    public readonly TField X = x;
    public readonly TField Y = y;
    public readonly TField Z = z;

    public JacobianPoint(in AffinePoint<TField, TCurve> point)
        : this(point.X, point.Y, point.IsInfinity ? TField.Zero : TField.One)
    {
    }

    public static JacobianPoint<TField, TCurve> Infinity => default;

    public bool IsInfinity => Z.IsZero;

    public JacobianPoint<TField, TCurve> Negate() => new(X, TField.Negate(Y), Z);

    public JacobianPoint<TField, TCurve> Double() =>
        TCurve.IsAMinusThree ? DoubleMinusThree() : DoubleZero();

    private JacobianPoint<TField, TCurve> DoubleZero()
    {
        TField a = TField.Square(X);
        TField b = TField.Square(Y);
        TField c = TField.Square(b);
        TField d = TField.Subtract(TField.Square(TField.Add(X, b)), TField.Add(a, c));
        d = TField.Double(d);
        TField e = TField.Add(TField.Double(a), a);
        TField x = TField.Subtract(TField.Square(e), TField.Double(d));
        TField c8 = TField.Double(TField.Double(TField.Double(c)));
        TField y = TField.Subtract(TField.Multiply(e, TField.Subtract(d, x)), c8);
        return new JacobianPoint<TField, TCurve>(
            x, y, TField.Double(TField.Multiply(Y, Z)));
    }

    private JacobianPoint<TField, TCurve> DoubleMinusThree()
    {
        TField delta = TField.Square(Z);
        TField gamma = TField.Square(Y);
        TField beta = TField.Multiply(X, gamma);
        TField alpha = TField.Multiply(
            TField.Subtract(X, delta), TField.Add(X, delta));
        alpha = TField.Add(TField.Double(alpha), alpha);
        TField beta4 = TField.Double(TField.Double(beta));
        TField x = TField.Subtract(TField.Square(alpha), TField.Double(beta4));
        TField z = TField.Subtract(
            TField.Square(TField.Add(Y, Z)), TField.Add(gamma, delta));
        TField gamma8 = TField.Double(TField.Double(TField.Double(TField.Square(gamma))));
        TField y = TField.Subtract(
            TField.Multiply(alpha, TField.Subtract(beta4, x)), gamma8);
        return new JacobianPoint<TField, TCurve>(x, y, z);
    }

    public JacobianPoint<TField, TCurve> Add(in AffinePoint<TField, TCurve> other)
    {
        if (other.IsInfinity)
        {
            return this;
        }
        if (IsInfinity)
        {
            return new JacobianPoint<TField, TCurve>(other.X, other.Y, TField.One);
        }
        TField zz = TField.Square(Z);
        TField u = TField.Multiply(other.X, zz);
        TField s = TField.Multiply(other.Y, TField.Multiply(zz, Z));
        return AddScaled(X, Y, Z, u, s);
    }

    public JacobianPoint<TField, TCurve> Add(in JacobianPoint<TField, TCurve> other)
    {
        if (other.IsInfinity)
        {
            return this;
        }
        if (IsInfinity)
        {
            return other;
        }
        TField zz = TField.Square(Z);
        TField otherZz = TField.Square(other.Z);
        TField u1 = TField.Multiply(X, otherZz);
        TField u2 = TField.Multiply(other.X, zz);
        TField s1 = TField.Multiply(Y, TField.Multiply(otherZz, other.Z));
        TField s2 = TField.Multiply(other.Y, TField.Multiply(zz, Z));
        return AddScaled(u1, s1, TField.Multiply(Z, other.Z), u2, s2);
    }

    /// <summary>Adds (u1, s1) and (u2, s2), both over the denominator z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static JacobianPoint<TField, TCurve> AddScaled(
        in TField u1, in TField s1, in TField z, in TField u2, in TField s2)
    {
        TField h = TField.Subtract(u2, u1);
        TField r = TField.Subtract(s2, s1);
        if (h.IsZero)
        {
            return r.IsZero
                ? new JacobianPoint<TField, TCurve>(u1, s1, z).Double()
                : Infinity;
        }
        TField hh = TField.Square(h);
        TField hhh = TField.Multiply(hh, h);
        TField v = TField.Multiply(u1, hh);
        TField x = TField.Subtract(
            TField.Subtract(TField.Square(r), hhh), TField.Double(v));
        TField y = TField.Subtract(
            TField.Multiply(r, TField.Subtract(v, x)), TField.Multiply(s1, hhh));
        return new JacobianPoint<TField, TCurve>(x, y, TField.Multiply(z, h));
    }

    public AffinePoint<TField, TCurve> ToAffine()
    {
        TField inverse = TField.Invert(Z);
        TField square = TField.Square(inverse);
        return new AffinePoint<TField, TCurve>(
            TField.Multiply(X, square),
            TField.Multiply(Y, TField.Multiply(square, inverse)));
    }

    /// <summary>Converts all points with one inversion (Montgomery's trick).</summary>
    public static void ToAffine(
        ReadOnlySpan<JacobianPoint<TField, TCurve>> points,
        Span<AffinePoint<TField, TCurve>> result)
    {
        TField product = TField.One;
        for (int i = 0; i < points.Length; i++)
        {
            // The result's slots carry the running products until the way back.
            result[i] = new AffinePoint<TField, TCurve>(product, default);
            product = points[i].IsInfinity ? product : TField.Multiply(product, points[i].Z);
        }
        TField inverse = TField.Invert(product);
        for (int i = points.Length - 1; i >= 0; i--)
        {
            ref readonly JacobianPoint<TField, TCurve> point = ref points[i];
            if (point.IsInfinity)
            {
                result[i] = default;
                continue;
            }
            TField own = TField.Multiply(inverse, result[i].X);
            inverse = TField.Multiply(inverse, point.Z);
            TField square = TField.Square(own);
            result[i] = new AffinePoint<TField, TCurve>(
                TField.Multiply(point.X, square),
                TField.Multiply(point.Y, TField.Multiply(square, own)));
        }
    }
}
