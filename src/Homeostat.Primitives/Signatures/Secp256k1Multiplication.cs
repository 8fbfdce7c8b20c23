using Homeostat.Primitives.Fields;

namespace Homeostat.Primitives;

/// <summary>
/// a·G + b·P on secp256k1, the work of recovering a key.
/// <para>
/// The naive way doubles 256 times for each scalar. Here both scalars are halved and all four
/// halves share 128 doublings (Straus, "Shamir's trick"): a is cut at bit 128, with tables of the
/// odd multiples of G and of 2^128·G kept for the life of the process; b is split by the curve's
/// endomorphism λ·(x, y) = (β·x, y) into b = b1 + λ·b2 with halves of about 128 bits (Gallant,
/// Lambert, Vanstone, CRYPTO 2001), so that the second table is the first with x times β.
/// </para>
/// Variable time.
/// </summary>
internal static class Secp256k1Multiplication
{
    private const int BaseWidth = 10;
    private const int PointWidth = 5;
    private const int HalfLength = 132;

    private static readonly UInt256 Lambda = UInt256.Parse(
        "0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72");

    private static readonly SecpField Beta = SecpField.From(UInt256.Parse(
        "0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee"));

    // The rounded quotients by the lattice's basis, and the basis, as in libsecp256k1's
    // scalar_impl.h (secp256k1_scalar_split_lambda).
    private static readonly UInt256 G1 = UInt256.Parse(
        "0x3086d221a7d46bcde86c90e49284eb153daa8a1471e8ca7fe893209a45dbb031");

    private static readonly UInt256 G2 = UInt256.Parse(
        "0xe4437ed6010e88286f547fa90abfe4c4221208ac9df506c61571b4ae8ac47f71");

    private static readonly SecpScalar MinusB1 = SecpScalar.From(UInt256.Parse(
        "0xe4437ed6010e88286f547fa90abfe4c3"));

    private static readonly SecpScalar MinusB2 = SecpScalar.From(UInt256.Parse(
        "0xfffffffffffffffffffffffffffffffe8a280ac50774346dd765cda83db1562c"));

    private static readonly SecpScalar MinusLambda =
        SecpScalar.Negate(SecpScalar.From(Lambda));

    private static readonly UInt256 HalfOrder = SecpScalar.Modulus >> 1;

    public static readonly SecpPoint Generator = new(
        SecpField.From(UInt256.Parse(
            "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")),
        SecpField.From(UInt256.Parse(
            "0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")));

    private static readonly SecpPoint[] LowTable = BaseTable(Generator);

    private static readonly SecpPoint[] HighTable = BaseTable(ShiftedGenerator());

    private static SecpPoint[] BaseTable(in SecpPoint point)
    {
        var table = new SecpPoint[1 << (BaseWidth - 2)];
        NonAdjacentForm.OddMultiples(point, table);
        return table;
    }

    private static SecpPoint ShiftedGenerator()
    {
        var sum = new SecpSum(Generator);
        for (int i = 0; i < 128; i++)
        {
            sum = sum.Double();
        }
        return sum.ToAffine();
    }

    /// <summary>a·G.</summary>
    public static SecpSum MultiplyBase(in UInt256 a)
    {
        Span<short> low = stackalloc short[HalfLength];
        Span<short> high = stackalloc short[HalfLength];
        int length = RecodeBase(a, low, high);
        SecpSum sum = SecpSum.Infinity;
        for (int i = length - 1; i >= 0; i--)
        {
            sum = sum.Double();
            sum = NonAdjacentForm.AddDigit(sum, low[i], LowTable);
            sum = NonAdjacentForm.AddDigit(sum, high[i], HighTable);
        }
        return sum;
    }

    /// <summary>a·G + b·P.</summary>
    public static SecpSum MultiplyBoth(in UInt256 a, in UInt256 b, in SecpPoint point)
    {
        Span<short> low = stackalloc short[HalfLength];
        Span<short> high = stackalloc short[HalfLength];
        Span<short> first = stackalloc short[HalfLength];
        Span<short> second = stackalloc short[HalfLength];
        int length = RecodeBase(a, low, high);
        SplitByLambda(b, out UInt256 b1, out bool negate1, out UInt256 b2, out bool negate2);
        length = Math.Max(length, NonAdjacentForm.Recode(b1, PointWidth, first));
        length = Math.Max(length, NonAdjacentForm.Recode(b2, PointWidth, second));
        Span<SecpPoint> table = stackalloc SecpPoint[1 << (PointWidth - 2)];
        Span<SecpPoint> lambdaTable = stackalloc SecpPoint[1 << (PointWidth - 2)];
        NonAdjacentForm.OddMultiples(negate1 ? point.Negate() : point, table);
        for (int i = 0; i < table.Length; i++)
        {
            SecpField y = negate1 == negate2 ? table[i].Y : SecpField.Negate(table[i].Y);
            lambdaTable[i] = new SecpPoint(SecpField.Multiply(table[i].X, Beta), y);
        }
        SecpSum sum = SecpSum.Infinity;
        for (int i = length - 1; i >= 0; i--)
        {
            sum = sum.Double();
            sum = NonAdjacentForm.AddDigit(sum, low[i], LowTable);
            sum = NonAdjacentForm.AddDigit(sum, high[i], HighTable);
            sum = NonAdjacentForm.AddDigit(sum, first[i], table);
            sum = NonAdjacentForm.AddDigit(sum, second[i], lambdaTable);
        }
        return sum;
    }

    private static int RecodeBase(in UInt256 a, Span<short> low, Span<short> high)
    {
        var lowHalf = new UInt256(a.U0, a.U1);
        var highHalf = new UInt256(a.U2, a.U3);
        return Math.Max(
            NonAdjacentForm.Recode(lowHalf, BaseWidth, low),
            NonAdjacentForm.Recode(highHalf, BaseWidth, high));
    }

    /// <summary>b ≡ ±b1 ± λ·b2 mod n, both halves below 2^129.</summary>
    private static void SplitByLambda(
        in UInt256 b, out UInt256 b1, out bool negate1, out UInt256 b2, out bool negate2)
    {
        SecpScalar c1 = SecpScalar.From(MultiplyShift384(b, G1));
        SecpScalar c2 = SecpScalar.From(MultiplyShift384(b, G2));
        SecpScalar second = SecpScalar.Add(
            SecpScalar.Multiply(c1, MinusB1), SecpScalar.Multiply(c2, MinusB2));
        SecpScalar first = SecpScalar.Add(
            SecpScalar.From(b), SecpScalar.Multiply(second, MinusLambda));
        b1 = Absolute(first, out negate1);
        b2 = Absolute(second, out negate2);
    }

    private static UInt256 Absolute(in SecpScalar scalar, out bool isNegative)
    {
        UInt256 value = scalar.ToUInt256();
        isNegative = value > HalfOrder;
        return isNegative ? SecpScalar.Modulus - value : value;
    }

    /// <summary>round(a·b / 2^384).</summary>
    private static UInt256 MultiplyShift384(in UInt256 a, in UInt256 b)
    {
        ReadOnlySpan<ulong> left = [a.U0, a.U1, a.U2, a.U3];
        ReadOnlySpan<ulong> right = [b.U0, b.U1, b.U2, b.U3];
        Span<ulong> product = stackalloc ulong[8];
        product.Clear();
        for (int i = 0; i < 4; i++)
        {
            ulong carry = 0;
            for (int j = 0; j < 4; j++)
            {
                carry = MultiplyAdd.Run(
                    left[i], right[j], product[i + j], carry, out product[i + j]);
            }
            product[i + 4] = carry;
        }
        return new UInt256(product[6], product[7]) + new UInt256(product[5] >> 63);
    }
}
