using Homeostat.Primitives.Fields;

namespace Homeostat.Primitives;

/// <summary>The field of secp256k1 (SEC 2): 2^256 - 2^32 - 977.</summary>
public readonly struct Secp256k1Prime : IModulus256
{
    public static ulong P0 => 0xfffffffefffffc2f;
    public static ulong P1 => 0xffffffffffffffff;
    public static ulong P2 => 0xffffffffffffffff;
    public static ulong P3 => 0xffffffffffffffff;
    public static ulong NegativeInverse => 0xd838091dd2253531;
    public static UInt256 R => new(0x1000003d1);
    public static UInt256 RSquared => new(0x7a2000e90a1, 1);
}

/// <summary>The number of points of secp256k1.</summary>
public readonly struct Secp256k1Order : IModulus256
{
    public static ulong P0 => 0xbfd25e8cd0364141;
    public static ulong P1 => 0xbaaedce6af48a03b;
    public static ulong P2 => 0xfffffffffffffffe;
    public static ulong P3 => 0xffffffffffffffff;
    public static ulong NegativeInverse => 0x4b0dff665588b13f;
    public static UInt256 R => new(0x402da1732fc9bebf, 0x4551231950b75fc4, 1);
    public static UInt256 RSquared => new(
        0x896cf21467d7d140, 0x741496c20e7cf878, 0xe697f5e45bcd07c6, 0x9d671cd581c69bc5);
}

/// <summary>y² = x³ + 7.</summary>
public readonly struct Secp256k1Curve : ICurve<SecpField>
{
    private static readonly SecpField Seven = SecpField.From(7);

    public static SecpField B => Seven;

    public static bool IsAMinusThree => false;
}
