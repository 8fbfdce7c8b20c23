using System.Runtime.CompilerServices;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>
/// The running point T of a Miller loop, on the twist in Jacobian coordinates, with the lines
/// through it. A line with slope λ on the twist is given by three values up to a common factor
/// in Fp2, which the final exponentiation removes:
/// (λ·x - y, -λ, 1), to be multiplied by 1, by P's x and by P's y.
/// </summary>
[SkipLocalsInit]
internal struct MillerPoint<TField, TCurve>(AffinePoint<Fp2<TField>, TCurve> start)
    where TField : struct, IField<TField>
    where TCurve : struct, ICurve<Fp2<TField>>
{
    private Fp2<TField> _x = start.X;
    private Fp2<TField> _y = start.Y;
    private Fp2<TField> _z = Fp2<TField>.One;

    /// <summary>What a line contributes, before P's coordinates are known.</summary>
    public readonly struct Line(
        Fp2<TField> constant, Fp2<TField> timesX, Fp2<TField> timesY)
    {
        public readonly Fp2<TField> Constant = constant;
        public readonly Fp2<TField> TimesX = timesX;
        public readonly Fp2<TField> TimesY = timesY;
    }

    /// <summary>T := 2·T, and the tangent at the old T.</summary>
    public Line Double()
    {
        Fp2<TField> a = Fp2<TField>.Square(_x);
        Fp2<TField> b = Fp2<TField>.Square(_y);
        Fp2<TField> c = Fp2<TField>.Square(b);
        Fp2<TField> zz = Fp2<TField>.Square(_z);
        Fp2<TField> d = Fp2<TField>.Subtract(
            Fp2<TField>.Square(Fp2<TField>.Add(_x, b)), Fp2<TField>.Add(a, c));
        d = Fp2<TField>.Double(d);
        Fp2<TField> e = Fp2<TField>.Add(Fp2<TField>.Double(a), a);
        // The line of slope e / z3, scaled by z3·z².
        Fp2<TField> constant = Fp2<TField>.Subtract(
            Fp2<TField>.Multiply(e, _x), Fp2<TField>.Double(b));
        Fp2<TField> timesX = Fp2<TField>.Negate(Fp2<TField>.Multiply(e, zz));
        _z = Fp2<TField>.Double(Fp2<TField>.Multiply(_y, _z));
        _x = Fp2<TField>.Subtract(Fp2<TField>.Square(e), Fp2<TField>.Double(d));
        Fp2<TField> c8 = Fp2<TField>.Double(Fp2<TField>.Double(Fp2<TField>.Double(c)));
        _y = Fp2<TField>.Subtract(
            Fp2<TField>.Multiply(e, Fp2<TField>.Subtract(d, _x)), c8);
        return new Line(constant, timesX, Fp2<TField>.Multiply(_z, zz));
    }

    /// <summary>T := T + Q, and the chord through both. They must differ and not be opposite,
    /// which holds inside a Miller loop over a point of prime order.</summary>
    public Line Add(in AffinePoint<Fp2<TField>, TCurve> q)
    {
        Fp2<TField> zz = Fp2<TField>.Square(_z);
        Fp2<TField> h = Fp2<TField>.Subtract(Fp2<TField>.Multiply(q.X, zz), _x);
        Fp2<TField> r = Fp2<TField>.Subtract(
            Fp2<TField>.Multiply(q.Y, Fp2<TField>.Multiply(zz, _z)), _y);
        Fp2<TField> hh = Fp2<TField>.Square(h);
        Fp2<TField> hhh = Fp2<TField>.Multiply(hh, h);
        Fp2<TField> v = Fp2<TField>.Multiply(_x, hh);
        Fp2<TField> x = Fp2<TField>.Subtract(
            Fp2<TField>.Subtract(Fp2<TField>.Square(r), hhh), Fp2<TField>.Double(v));
        _y = Fp2<TField>.Subtract(
            Fp2<TField>.Multiply(r, Fp2<TField>.Subtract(v, x)),
            Fp2<TField>.Multiply(_y, hhh));
        _x = x;
        _z = Fp2<TField>.Multiply(_z, h);
        // The line of slope r / z3 through Q, scaled by z3.
        Fp2<TField> constant = Fp2<TField>.Subtract(
            Fp2<TField>.Multiply(r, q.X), Fp2<TField>.Multiply(q.Y, _z));
        return new Line(constant, Fp2<TField>.Negate(r), _z);
    }
}
