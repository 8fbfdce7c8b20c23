using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>
/// From field elements to points of G1 and G2 (RFC 9380, sections 6.6.3 and 8.8): the simplified
/// Shallue–van de Woestijne–Ulas map onto a curve y² = x³ + A·x + B with A·B ≠ 0, an isogeny from
/// there to ours, and the cofactor cleared.
/// </summary>
internal static class Bls12Map
{
    private static readonly BlsField A1 = Bls12Groups.Parse(
        "00144698a3b8e9433d693a02c96d4982b0ea985383ee66a8"
        + "d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1d");

    private static readonly BlsField B1 = Bls12Groups.Parse(
        "12e2908d11688030018b12e8753eee3b2016c1f0f24f4070"
        + "a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0");

    private static readonly BlsField Z1 = BlsField.From(11);

    // √(-Z³): gives the root of the second candidate from the first one's.
    private static readonly BlsField SecondRootFactor = FindSecondRootFactor();

    private static readonly BlsField2 A2 = new(BlsField.Zero, BlsField.From(240));
    private static readonly BlsField2 B2 = new(BlsField.From(1012), BlsField.From(1012));
    private static readonly BlsField2 Z2 = BlsField2.Negate(
        new BlsField2(BlsField.From(2), BlsField.One));

    private static readonly BlsField Half = BlsField.Invert(BlsField.From(2));

    private static readonly BlsField[][] Isogeny1 =
    [
        ParseList(Bls12Isogenies.G1XNumerator), ParseList(Bls12Isogenies.G1XDenominator),
        ParseList(Bls12Isogenies.G1YNumerator), ParseList(Bls12Isogenies.G1YDenominator),
    ];

    private static readonly BlsField2[][] Isogeny2 =
    [
        Pair(ParseList(Bls12Isogenies.G2XNumerator)),
        Pair(ParseList(Bls12Isogenies.G2XDenominator)),
        Pair(ParseList(Bls12Isogenies.G2YNumerator)),
        Pair(ParseList(Bls12Isogenies.G2YDenominator)),
    ];

    public static BlsG1Sum ToG1(in BlsField u)
    {
        Candidates(u, A1, B1, Z1, out BlsField x1, out BlsField x2, out BlsField right1);
        // right1^((p+1)/4) is a root of right1 or, where that has none, of -right1; and the
        // second candidate's right side is Z³·u⁶·right1.
        bool isFirst = BlsField.TrySquareRoot(right1, out BlsField y);
        if (!isFirst)
        {
            BlsField cube = BlsField.Multiply(BlsField.Square(u), u);
            y = BlsField.Multiply(y, BlsField.Multiply(cube, SecondRootFactor));
        }
        y = IsOdd(u) == IsOdd(y) ? y : BlsField.Negate(y);
        return Bls12Groups.ClearCofactor(
            Apply<BlsField, Bls12G1>(Isogeny1, isFirst ? x1 : x2, y));
    }

    public static BlsG2Sum ToG2(in BlsField2 u)
    {
        Candidates(u, A2, B2, Z2, out BlsField2 x1, out BlsField2 x2, out BlsField2 right1);
        bool isFirst = TrySquareRoot(right1, out BlsField2 y);
        BlsField2 x = isFirst ? x1 : x2;
        if (!isFirst)
        {
            Invariant.Require(TrySquareRoot(RightSide(x2, A2, B2), out y));
        }
        y = IsOdd(u) == IsOdd(y) ? y : BlsField2.Negate(y);
        return Bls12Groups.ClearCofactor(Apply<BlsField2, Bls12G2>(Isogeny2, x, y));
    }

    /// <summary>
    /// x1 = -B/A·(1 + 1/(Z²u⁴ + Z·u²)), or B/(Z·A) where that has a zero denominator, and
    /// x2 = Z·u²·x1; one of the two is the x of a point.
    /// </summary>
    private static void Candidates<TField>(
        in TField u, in TField a, in TField b, in TField z,
        out TField x1, out TField x2, out TField right1)
        where TField : struct, IField<TField>
    {
        TField zu = TField.Multiply(z, TField.Square(u));
        TField sum = TField.Add(TField.Square(zu), zu);
        TField numerator = TField.Multiply(b, TField.Add(sum, TField.One));
        TField denominator = TField.Multiply(a, sum.IsZero ? z : TField.Negate(sum));
        x1 = TField.Multiply(numerator, TField.Invert(denominator));
        x2 = TField.Multiply(zu, x1);
        right1 = RightSide(x1, a, b);
    }

    private static TField RightSide<TField>(in TField x, in TField a, in TField b)
        where TField : struct, IField<TField> =>
        TField.Add(TField.Multiply(TField.Add(TField.Square(x), a), x), b);

    /// <summary>The isogeny (xn/xd, y·yn/yd), without dividing: Z = xd·yd.</summary>
    private static JacobianPoint<TField, TCurve> Apply<TField, TCurve>(
        TField[][] isogeny, in TField x, in TField y)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField>
    {
        TField xn = Evaluate(isogeny[0], x);
        TField xd = Evaluate(isogeny[1], x);
        TField yn = TField.Multiply(y, Evaluate(isogeny[2], x));
        TField yd = Evaluate(isogeny[3], x);
        TField z = TField.Multiply(xd, yd);
        // X = xn/xd·z², Y = yn/yd·z³.
        TField px = TField.Multiply(xn, TField.Multiply(yd, z));
        TField py = TField.Multiply(
            TField.Multiply(yn, xd), TField.Square(z));
        return new JacobianPoint<TField, TCurve>(px, py, z);
    }

    private static TField Evaluate<TField>(TField[] coefficients, in TField x)
        where TField : struct, IField<TField>
    {
        TField value = coefficients[^1];
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            value = TField.Add(TField.Multiply(value, x), coefficients[i]);
        }
        return value;
    }

    /// <summary>RFC 9380's sgn0.</summary>
    private static bool IsOdd(in BlsField value) => (value.ToLimbs().L0 & 1) != 0;

    private static bool IsOdd(in BlsField2 value) =>
        value.C0.IsZero ? IsOdd(value.C1) : IsOdd(value.C0);

    /// <summary>
    /// By the norm: the root r0 + r1·u of a + b·u has r0² = (a ± √(a² + b²)) / 2 and
    /// r1 = b / (2·r0).
    /// </summary>
    private static bool TrySquareRoot(in BlsField2 value, out BlsField2 root)
    {
        root = default;
        if (!BlsField.TrySquareRoot(BlsField2.Norm(value), out BlsField norm))
        {
            return false;
        }
        BlsField square = BlsField.Multiply(BlsField.Add(value.C0, norm), Half);
        if (!BlsField.TrySquareRoot(square, out BlsField real))
        {
            square = BlsField.Multiply(BlsField.Subtract(value.C0, norm), Half);
            BlsField.TrySquareRoot(square, out real);
        }
        if (real.IsZero)
        {
            // A negative real number: its root is imaginary.
            BlsField.TrySquareRoot(BlsField.Negate(value.C0), out BlsField imaginary);
            root = new BlsField2(BlsField.Zero, imaginary);
        }
        else
        {
            root = new BlsField2(
                real, BlsField.Multiply(value.C1, BlsField.Invert(BlsField.Double(real))));
        }
        return BlsField2.AreEqual(BlsField2.Square(root), value);
    }

    private static BlsField FindSecondRootFactor()
    {
        BlsField cube = BlsField.Multiply(BlsField.Square(Z1), Z1);
        Invariant.Require(BlsField.TrySquareRoot(BlsField.Negate(cube), out BlsField root));
        return root;
    }

    private static BlsField[] ParseList(string text)
    {
        string digits = string.Concat(text.Split(
            default(char[]), StringSplitOptions.RemoveEmptyEntries));
        var values = new BlsField[digits.Length / (2 * BlsField.Size)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Bls12Groups.Parse(
                digits.Substring(i * 2 * BlsField.Size, 2 * BlsField.Size));
        }
        return values;
    }

    private static BlsField2[] Pair(BlsField[] values)
    {
        var pairs = new BlsField2[values.Length / 2];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = new BlsField2(values[2 * i], values[(2 * i) + 1]);
        }
        return pairs;
    }
}
