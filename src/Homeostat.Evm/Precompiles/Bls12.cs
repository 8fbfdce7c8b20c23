using System.Numerics;
using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>The field of BLS12-381 (EIP-2537).</summary>
public readonly struct Bls12Prime : IModulus384
{
    public static ulong P0 => 0xb9feffffffffaaab;
    public static ulong P1 => 0x1eabfffeb153ffff;
    public static ulong P2 => 0x6730d2a0f6b0f624;
    public static ulong P3 => 0x64774b84f38512bf;
    public static ulong P4 => 0x4b1ba7b6434bacd7;
    public static ulong P5 => 0x1a0111ea397fe69a;
    public static ulong NegativeInverse => 0x89f3fffcfffcfffd;
    public static Limbs384 R => new(
        0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba,
        0x77ce585370525745, 0x5c071a97a256ec6d, 0x15f65ec3fa80e493);
    public static Limbs384 RSquared => new(
        0xf4df1f341c341746, 0x0a76e6a609d104f1, 0x8de5476c4c95b6d5,
        0x67eb88a9939d83c0, 0x9a793e85b519952d, 0x11988fe592cae3aa);
}

/// <summary>y² = x³ + 4.</summary>
public readonly struct Bls12G1 : ICurve<BlsField>
{
    private static readonly BlsField Four = BlsField.From(4);

    public static BlsField B => Four;

    public static bool IsAMinusThree => false;
}

/// <summary>The M-type twist y² = x³ + 4·ξ, ξ = 1 + u.</summary>
public readonly struct Bls12G2 : ICurve<BlsField2>
{
    private static readonly BlsField2 Coefficient = new(BlsField.From(4), BlsField.From(4));

    public static BlsField2 B => Coefficient;

    public static bool IsAMinusThree => false;
}

/// <summary>Fp12 over BLS12-381 with ξ = 1 + u.</summary>
public readonly struct Bls12Tower : ITower<BlsField>
{
    private static readonly BlsField2[] Factors = BuildFactors();

    public static ReadOnlySpan<BlsField2> FrobeniusFactors => Factors;

    public static BlsField2 MultiplyByXi(in BlsField2 value) => new(
        BlsField.Subtract(value.C0, value.C1), BlsField.Add(value.C0, value.C1));

    private static BlsField2[] BuildFactors()
    {
        BigInteger sixth = (Bls12Groups.Prime - 1) / 6;
        var factors = new BlsField2[6];
        for (int i = 0; i < factors.Length; i++)
        {
            factors[i] = BlsField2.Pow(new BlsField2(BlsField.One, BlsField.One), i * sixth);
        }
        return factors;
    }
}

/// <summary>The groups' endomorphisms, and what they are good for.</summary>
internal static class Bls12Groups
{
    /// <summary>-x, the curve's parameter x being negative.</summary>
    public const ulong MinusX = 0xd201000000010000;

    public static readonly BigInteger Prime = BigInteger.Parse(
        "01a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9fef"
        + "fffffffaaab",
        System.Globalization.NumberStyles.AllowHexSpecifier,
        System.Globalization.CultureInfo.InvariantCulture);

    // Fields are initialised in the order of the text: what follows needs the generators.
    public static readonly BlsG1 G1Generator = new(
        Parse("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905"
            + "a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        Parse("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af6"
            + "00db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"));

    public static readonly BlsG2 G2Generator = new(
        new BlsField2(
            Parse("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02"
                + "b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
            Parse("13e02b6052719f607dacd3a088274f65596bd0d09920b61a"
                + "b5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e")),
        new BlsField2(
            Parse("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a7"
                + "6d429a695160d12c923ac9cc3baca289e193548608b82801"),
            Parse("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af"
                + "267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be")));

    // The cube root of unity with (β·x, y) = -x²·(x, y) on G1: of the two roots, the one for
    // which the generator obeys this.
    private static readonly BlsField Beta = FindBeta();

    private static readonly BlsField2 PsiX =
        BlsField2.Invert(Bls12Tower.FrobeniusFactors[2]);

    private static readonly BlsField2 PsiY =
        BlsField2.Invert(Bls12Tower.FrobeniusFactors[3]);

    /// <summary>A constant of 96 hexadecimal digits.</summary>
    public static BlsField Parse(string hex)
    {
        Invariant.Require(BlsField.TryRead(Hex.Decode(hex), out BlsField value));
        return value;
    }

    private static BlsField FindBeta()
    {
        // (-1 + √-3) / 2 and its conjugate.
        BlsField minusThree = BlsField.Negate(BlsField.From(3));
        Invariant.Require(BlsField.TrySquareRoot(minusThree, out BlsField root));
        BlsField half = BlsField.Invert(BlsField.From(2));
        BlsField beta = BlsField.Multiply(BlsField.Subtract(root, BlsField.One), half);
        BlsField other = BlsField.Subtract(BlsField.Negate(beta), BlsField.One);
        return ActsAsMinusX2(G1Generator, beta) ? beta : other;
    }

    private static bool ActsAsMinusX2(in BlsG1 point, in BlsField beta)
    {
        var image = new BlsG1(BlsField.Multiply(point.X, beta), point.Y);
        BlsG1Sum product = TimesMinusX(TimesMinusX(new BlsG1Sum(point)));
        return product.Add(image).IsInfinity;
    }

    private static BlsG1Sum TimesMinusX(in BlsG1Sum point) =>
        MultiScalar.Multiply(point, new UInt256(MinusX));

    /// <summary>x·P.</summary>
    public static BlsG2Sum TimesX(in BlsG2Sum point) =>
        MultiScalar.Multiply(point, new UInt256(MinusX)).Negate();

    /// <summary>True for points of prime order: the endomorphism (β·x, y) multiplies just those
    /// by -x² (Scott, "A note on group membership tests", 2021).</summary>
    public static bool IsInSubgroup(in BlsG1 point) => ActsAsMinusX2(point, Beta);

    /// <summary>
    /// True for points of prime order: just those ψ multiplies by x (same source).
    /// </summary>
    public static bool IsInSubgroup(in BlsG2 point)
    {
        var sum = new BlsG2Sum(point);
        return MultiScalar.AreEqual(TimesX(sum), Psi(sum));
    }

    /// <summary>Untwist, Frobenius, twist.</summary>
    public static BlsG2Sum Psi(in BlsG2Sum point) => new(
        BlsField2.Multiply(BlsField2.Conjugate(point.X), PsiX),
        BlsField2.Multiply(BlsField2.Conjugate(point.Y), PsiY),
        BlsField2.Conjugate(point.Z));

    /// <summary>Maps a point of the curve into G1: times 1 - x (RFC 9380, 8.8.1).</summary>
    public static BlsG1Sum ClearCofactor(in BlsG1Sum point) =>
        MultiScalar.Multiply(point, new UInt256(MinusX + 1));

    /// <summary>Maps a point of the twist into G2 (RFC 9380, appendix G.3).</summary>
    public static BlsG2Sum ClearCofactor(in BlsG2Sum point)
    {
        BlsG2Sum byX = TimesX(point);
        BlsG2Sum psi = Psi(point);
        BlsG2Sum result = Psi(Psi(point.Double())).Add(psi.Negate());
        result = result.Add(TimesX(byX.Add(psi)));
        return result.Add(byX.Negate()).Add(point.Negate());
    }
}

/// <summary>
/// The ate pairing on BLS12-381: a Miller loop over |x| and the final exponentiation by the
/// decomposition 3·(p⁴ - p² + 1)/r = (x - 1)²·(x + p)·(x² + p² - 1) + 3 of Hayashida, Hayasaka
/// and Teruya (2020). The cube it takes changes nothing about whether a result is one.
/// </summary>
internal static class Bls12Pairing
{
    /// <summary>True when the product of the pairings is one. No point may be infinity; all
    /// must have prime order.</summary>
    public static bool IsProductOne(ReadOnlySpan<BlsG1> left, ReadOnlySpan<BlsG2> right) =>
        FinalExponentiation(MillerLoop(left, right)).IsOne;

    /// <summary>As the other, for points of G2 whose lines are at hand.</summary>
    public static bool IsProductOne(
        ReadOnlySpan<BlsG1> left, ReadOnlySpan<Bls12FixedLines> right) =>
        FinalExponentiation(MillerLoop(left, right)).IsOne;

    /// <summary>The loop runs over the bits of |x| below the topmost.</summary>
    public const int HighestLoopBit = 62;

    public static bool IsAddition(int bit) => ((Bls12Groups.MinusX >> bit) & 1) != 0;

    private static BlsTarget MillerLoop(
        ReadOnlySpan<BlsG1> left, ReadOnlySpan<Bls12FixedLines> right)
    {
        Span<BlsField> inverses = stackalloc BlsField[left.Length];
        Span<BlsField> ratios = stackalloc BlsField[left.Length];
        for (int i = 0; i < left.Length; i++)
        {
            inverses[i] = BlsField.Invert(left[i].Y);
            ratios[i] = BlsField.Multiply(left[i].X, inverses[i]);
        }
        BlsTarget f = BlsTarget.One;
        int line = 0;
        for (int bit = HighestLoopBit; bit >= 0; bit--)
        {
            f = BlsTarget.Square(f);
            int lines = IsAddition(bit) ? 2 : 1;
            for (int i = 0; i < left.Length; i++)
            {
                for (int k = 0; k < lines; k++)
                {
                    f = right[i].Evaluate(f, line + k, inverses[i], ratios[i]);
                }
            }
            line += lines;
        }
        return BlsTarget.Conjugate(f);
    }

    private static BlsTarget MillerLoop(ReadOnlySpan<BlsG1> left, ReadOnlySpan<BlsG2> right)
    {
        var points = new MillerPoint<BlsField, Bls12G2>[right.Length];
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = new MillerPoint<BlsField, Bls12G2>(right[i]);
        }
        BlsTarget f = BlsTarget.One;
        for (int bit = HighestLoopBit; bit >= 0; bit--)
        {
            f = BlsTarget.Square(f);
            bool isSet = IsAddition(bit);
            for (int i = 0; i < points.Length; i++)
            {
                f = Evaluate(f, points[i].Double(), left[i]);
                if (isSet)
                {
                    f = Evaluate(f, points[i].Add(right[i]), left[i]);
                }
            }
        }
        return BlsTarget.Conjugate(f);
    }

    private static BlsTarget Evaluate(
        in BlsTarget f, in MillerPoint<BlsField, Bls12G2>.Line line, in BlsG1 p) =>
        BlsTarget.MultiplyBy023(
            f, line.Constant, BlsField2.Scale(line.TimesX, p.X),
            BlsField2.Scale(line.TimesY, p.Y));

    private static BlsTarget FinalExponentiation(in BlsTarget f)
    {
        BlsTarget t = BlsTarget.Multiply(BlsTarget.Conjugate(f), BlsTarget.Invert(f));
        t = BlsTarget.Multiply(BlsTarget.Frobenius(BlsTarget.Frobenius(t)), t);
        BlsTarget a = BlsTarget.Multiply(PowX(t), BlsTarget.Conjugate(t));
        a = BlsTarget.Multiply(PowX(a), BlsTarget.Conjugate(a));
        BlsTarget b = BlsTarget.Multiply(PowX(a), BlsTarget.Frobenius(a));
        BlsTarget c = BlsTarget.Multiply(
            PowX(PowX(b)), BlsTarget.Frobenius(BlsTarget.Frobenius(b)));
        c = BlsTarget.Multiply(c, BlsTarget.Conjugate(b));
        return BlsTarget.Multiply(
            c, BlsTarget.Multiply(BlsTarget.CyclotomicSquare(t), t));
    }

    private static BlsTarget PowX(in BlsTarget value) =>
        BlsTarget.Conjugate(BlsTarget.CyclotomicPow(value, Bls12Groups.MinusX));
}
