using System.Numerics;
using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>The field of BN254, also called alt_bn128 (EIP-196).</summary>
public readonly struct Bn254Prime : IModulus256
{
    public static ulong P0 => 0x3c208c16d87cfd47;
    public static ulong P1 => 0x97816a916871ca8d;
    public static ulong P2 => 0xb85045b68181585d;
    public static ulong P3 => 0x30644e72e131a029;
    public static ulong NegativeInverse => 0x87d20782e4866389;
    public static UInt256 R => new(
        0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f);
    public static UInt256 RSquared => new(
        0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6, 0x06d89f71cab8351f);
}

/// <summary>y² = x³ + 3; all of its points have prime order.</summary>
public readonly struct Bn254G1 : ICurve<BnField>
{
    private static readonly BnField Three = BnField.From(3);

    public static BnField B => Three;

    public static bool IsAMinusThree => false;
}

/// <summary>The D-type twist y² = x³ + 3/ξ, ξ = 9 + u.</summary>
public readonly struct Bn254G2 : ICurve<BnField2>
{
    private static readonly BnField2 Coefficient = BnField2.Multiply(
        new BnField2(BnField.From(3), default), BnField2.Invert(Bn254Tower.Xi));

    public static BnField2 B => Coefficient;

    public static bool IsAMinusThree => false;
}

/// <summary>Fp12 over BN254 with ξ = 9 + u.</summary>
public readonly struct Bn254Tower : ITower<BnField>
{
    internal static readonly BnField2 Xi = new(BnField.From(9), BnField.One);

    private static readonly BnField2[] Factors = BuildFactors();

    public static ReadOnlySpan<BnField2> FrobeniusFactors => Factors;

    public static BnField2 MultiplyByXi(in BnField2 value)
    {
        BnField2 eight = BnField2.Double(BnField2.Double(BnField2.Double(value)));
        BnField2 nine = BnField2.Add(eight, value);
        return new BnField2(
            BnField.Subtract(nine.C0, value.C1), BnField.Add(nine.C1, value.C0));
    }

    private static BnField2[] BuildFactors()
    {
        BigInteger sixth = (BnField.Modulus.ToBigInteger() - 1) / 6;
        var factors = new BnField2[6];
        for (int i = 0; i < factors.Length; i++)
        {
            factors[i] = BnField2.Pow(Xi, i * sixth);
        }
        return factors;
    }
}

/// <summary>
/// The optimal ate pairing on BN254 (Vercauteren 2010): a Miller loop over 6x + 2 and two lines
/// through Frobenius images, then the final exponentiation of Scott et al. (Pairing 2009).
/// </summary>
internal static class Bn254Pairing
{
    private const ulong X = 4965661367192848881;

    private static readonly UInt256 SixX2 =
        new UInt256(X) * new UInt256(X) * new UInt256(6);

    // 6x + 2 in non-adjacent form, most significant digit first, without the leading one.
    private static readonly sbyte[] Loop = BuildLoop();

    private static sbyte[] BuildLoop()
    {
        Span<short> digits = stackalloc short[NonAdjacentForm.MaxLength];
        UInt256 count = (new UInt256(X) * new UInt256(6)) + new UInt256(2);
        int length = NonAdjacentForm.Recode(count, 2, digits);
        sbyte[] loop = new sbyte[length - 1];
        for (int i = 0; i < loop.Length; i++)
        {
            loop[i] = (sbyte)digits[length - 2 - i];
        }
        return loop;
    }

    /// <summary>True when the product of the pairings is one. No point may be infinity; G2's
    /// must have prime order.</summary>
    public static bool IsProductOne(ReadOnlySpan<BnG1> left, ReadOnlySpan<BnG2> right) =>
        FinalExponentiation(MillerLoop(left, right)).IsOne;

    private static BnTarget MillerLoop(ReadOnlySpan<BnG1> left, ReadOnlySpan<BnG2> right)
    {
        var points = new MillerPoint<BnField, Bn254G2>[right.Length];
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = new MillerPoint<BnField, Bn254G2>(right[i]);
        }
        BnTarget f = BnTarget.One;
        foreach (sbyte digit in Loop)
        {
            f = BnTarget.Square(f);
            for (int i = 0; i < points.Length; i++)
            {
                f = Evaluate(f, points[i].Double(), left[i]);
                if (digit != 0)
                {
                    BnG2 q = digit > 0 ? right[i] : right[i].Negate();
                    f = Evaluate(f, points[i].Add(q), left[i]);
                }
            }
        }
        for (int i = 0; i < points.Length; i++)
        {
            BnG2 once = Frobenius(right[i]);
            f = Evaluate(f, points[i].Add(once), left[i]);
            f = Evaluate(f, points[i].Add(Frobenius(once).Negate()), left[i]);
        }
        return f;
    }

    private static BnTarget Evaluate(
        in BnTarget f, in MillerPoint<BnField, Bn254G2>.Line line, in BnG1 p) =>
        BnTarget.MultiplyBy013(
            f, BnField2.Scale(line.TimesY, p.Y), BnField2.Scale(line.TimesX, p.X),
            line.Constant);

    /// <summary>The p-power Frobenius map, seen from the twist.</summary>
    private static BnG2 Frobenius(in BnG2 q) => new(
        BnField2.Multiply(BnField2.Conjugate(q.X), Bn254Tower.FrobeniusFactors[2]),
        BnField2.Multiply(BnField2.Conjugate(q.Y), Bn254Tower.FrobeniusFactors[3]));

    /// <summary>
    /// True for points of prime order: there Frobenius multiplies by p ≡ 6x² (El Housni,
    /// Guillevic, Piellard, "Co-factor clearing and subgroup membership testing", 2022).
    /// </summary>
    public static bool IsInSubgroup(in BnG2 point) => MultiScalar.AreEqual(
        MultiScalar.Multiply(new BnG2Sum(point), SixX2), new BnG2Sum(Frobenius(point)));

    private static BnTarget FinalExponentiation(in BnTarget f)
    {
        BnTarget t = BnTarget.Multiply(BnTarget.Conjugate(f), BnTarget.Invert(f));
        t = BnTarget.Multiply(BnTarget.Frobenius(BnTarget.Frobenius(t)), t);
        BnTarget fp = BnTarget.Frobenius(t);
        BnTarget fp2 = BnTarget.Frobenius(fp);
        BnTarget fp3 = BnTarget.Frobenius(fp2);
        BnTarget fu = BnTarget.CyclotomicPow(t, X);
        BnTarget fu2 = BnTarget.CyclotomicPow(fu, X);
        BnTarget fu3 = BnTarget.CyclotomicPow(fu2, X);
        BnTarget fu2p = BnTarget.Frobenius(fu2);
        BnTarget y0 = BnTarget.Multiply(BnTarget.Multiply(fp, fp2), fp3);
        BnTarget y1 = BnTarget.Conjugate(t);
        BnTarget y2 = BnTarget.Frobenius(fu2p);
        BnTarget y3 = BnTarget.Conjugate(BnTarget.Frobenius(fu));
        BnTarget y4 = BnTarget.Conjugate(BnTarget.Multiply(fu, fu2p));
        BnTarget y5 = BnTarget.Conjugate(fu2);
        BnTarget y6 = BnTarget.Conjugate(BnTarget.Multiply(fu3, BnTarget.Frobenius(fu3)));
        BnTarget t0 = BnTarget.Multiply(
            BnTarget.Multiply(BnTarget.CyclotomicSquare(y6), y4), y5);
        BnTarget t1 = BnTarget.Multiply(BnTarget.Multiply(y3, y5), t0);
        t0 = BnTarget.Multiply(t0, y2);
        t1 = BnTarget.Multiply(BnTarget.CyclotomicSquare(t1), t0);
        t1 = BnTarget.CyclotomicSquare(t1);
        t0 = BnTarget.Multiply(t1, y1);
        t1 = BnTarget.Multiply(t1, y0);
        return BnTarget.Multiply(BnTarget.CyclotomicSquare(t0), t1);
    }
}
