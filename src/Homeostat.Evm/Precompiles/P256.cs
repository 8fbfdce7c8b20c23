using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm;

/// <summary>The field of the NIST curve P-256 (FIPS 186-4).</summary>
public readonly struct P256Prime : IModulus256
{
    public static ulong P0 => 0xffffffffffffffff;
    public static ulong P1 => 0x00000000ffffffff;
    public static ulong P2 => 0;
    public static ulong P3 => 0xffffffff00000001;
    public static ulong NegativeInverse => 1;
    public static UInt256 R => new(
        1, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe);
    public static UInt256 RSquared => new(
        3, 0xfffffffbffffffff, 0xfffffffffffffffe, 0x00000004fffffffd);
}

/// <summary>The number of points of P-256.</summary>
public readonly struct P256Order : IModulus256
{
    public static ulong P0 => 0xf3b9cac2fc632551;
    public static ulong P1 => 0xbce6faada7179e84;
    public static ulong P2 => 0xffffffffffffffff;
    public static ulong P3 => 0xffffffff00000000;
    public static ulong NegativeInverse => 0xccd1c8aaee00bc4f;
    public static UInt256 R => new(0x0c46353d039cdaaf, 0x4319055258e8617b, 0, 0xffffffff);
    public static UInt256 RSquared => new(
        0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620);
}

/// <summary>y² = x³ - 3·x + b.</summary>
public readonly struct P256Curve : ICurve<Residue256<P256Prime>>
{
    private static readonly Residue256<P256Prime> Coefficient =
        Residue256<P256Prime>.From(UInt256.Parse(
            "0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"));

    public static Residue256<P256Prime> B => Coefficient;

    public static bool IsAMinusThree => true;
}

/// <summary>
/// 0x100: verifies an ECDSA signature over P-256 (EIP-7951): hash, r, s, x, y of 32 bytes each;
/// output one, or nothing where the signature or any part of the input is not valid.
/// </summary>
internal sealed class P256Verify : IPrecompile
{
    private const int InputSize = 160;
    private const int BaseWidth = 8;
    private const int PointWidth = 5;

    private static readonly AffinePoint<Residue256<P256Prime>, P256Curve> Generator = new(
        Residue256<P256Prime>.From(UInt256.Parse(
            "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")),
        Residue256<P256Prime>.From(UInt256.Parse(
            "0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")));

    private static readonly AffinePoint<Residue256<P256Prime>, P256Curve>[] BaseTable =
        BuildTable();

    private static AffinePoint<Residue256<P256Prime>, P256Curve>[] BuildTable()
    {
        var table = new AffinePoint<Residue256<P256Prime>, P256Curve>[1 << (BaseWidth - 2)];
        NonAdjacentForm.OddMultiples(Generator, table);
        return table;
    }

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 6900;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length == InputSize && IsValid(input))
        {
            output = new byte[32];
            output[31] = 1;
        }
        return true;
    }

    private static bool IsValid(ReadOnlySpan<byte> input)
    {
        bool isReduced = Residue256<P256Order>.TryRead(input[32..64], out var r)
            & Residue256<P256Order>.TryRead(input[64..96], out var s)
            & Residue256<P256Prime>.TryRead(input[96..128], out var x)
            & Residue256<P256Prime>.TryRead(input[128..160], out var y);
        var key = new AffinePoint<Residue256<P256Prime>, P256Curve>(x, y);
        if (!isReduced || r.IsZero || s.IsZero || key.IsInfinity || !key.IsOnCurve)
        {
            return false;
        }
        var z = Residue256<P256Order>.From(UInt256.FromBigEndian(input[..32]));
        Residue256<P256Order> inverse = Residue256<P256Order>.Invert(s);
        var sum = MultiplyBoth(
            Residue256<P256Order>.Multiply(z, inverse).ToUInt256(),
            Residue256<P256Order>.Multiply(r, inverse).ToUInt256(),
            key);
        if (sum.IsInfinity)
        {
            return false;
        }
        UInt256 abscissa = sum.ToAffine().X.ToUInt256();
        return Residue256<P256Order>.AreEqual(Residue256<P256Order>.From(abscissa), r);
    }

    /// <summary>a·G + b·P with shared doublings.</summary>
    private static JacobianPoint<Residue256<P256Prime>, P256Curve> MultiplyBoth(
        in UInt256 a, in UInt256 b, in AffinePoint<Residue256<P256Prime>, P256Curve> point)
    {
        Span<short> first = stackalloc short[NonAdjacentForm.MaxLength];
        Span<short> second = stackalloc short[NonAdjacentForm.MaxLength];
        int length = Math.Max(
            NonAdjacentForm.Recode(a, BaseWidth, first),
            NonAdjacentForm.Recode(b, PointWidth, second));
        Span<AffinePoint<Residue256<P256Prime>, P256Curve>> table =
            stackalloc AffinePoint<Residue256<P256Prime>, P256Curve>[1 << (PointWidth - 2)];
        NonAdjacentForm.OddMultiples(point, table);
        var sum = JacobianPoint<Residue256<P256Prime>, P256Curve>.Infinity;
        for (int i = length - 1; i >= 0; i--)
        {
            sum = sum.Double();
            sum = NonAdjacentForm.AddDigit(sum, first[i], BaseTable);
            sum = NonAdjacentForm.AddDigit(sum, second[i], table);
        }
        return sum;
    }
}
