using System.Globalization;

namespace Homeostat.Primitives;

/// <summary>
/// A signed Q32.32 number: the 64-bit integer <see cref="Raw"/> stands for Raw / 2^32. Every
/// operation rounds the exact result once, to nearest with ties to even, and saturates at the ends
/// of the range, so results are equal on every machine and nothing overflows
/// (docs/spec/steering.md, "Arithmetic").
/// </summary>
public readonly struct Fixed : IEquatable<Fixed>, IComparable<Fixed>
{
    public const int FractionBits = 32;

    public static readonly Fixed Zero;
    public static readonly Fixed One = new(1L << FractionBits);
    public static readonly Fixed MaxValue = new(long.MaxValue);
    public static readonly Fixed MinValue = new(long.MinValue);

    public readonly long Raw;

    private Fixed(long raw) => Raw = raw;

    public static Fixed FromRaw(long raw) => new(raw);

    /// <summary>The integer as a fixed-point number, saturated outside ±2^31.</summary>
    public static Fixed FromInteger(long value) =>
        new(Saturate((Int128)value << FractionBits));

    /// <summary>
    /// numerator / denominator, rounded once. A zero denominator saturates with the sign of the
    /// numerator; 0 / 0 is 0.
    /// </summary>
    public static Fixed FromRatio(Int128 numerator, Int128 denominator) =>
        new(Saturate(DivideToEven(SaturateForShift(numerator) << FractionBits, denominator)));

    public static Fixed operator +(Fixed a, Fixed b) => new(Saturate((Int128)a.Raw + b.Raw));

    public static Fixed operator -(Fixed a, Fixed b) => new(Saturate((Int128)a.Raw - b.Raw));

    public static Fixed operator -(Fixed a) => new(Saturate(-(Int128)a.Raw));

    public static Fixed operator *(Fixed a, Fixed b) =>
        new(Saturate(ShiftRightToEven((Int128)a.Raw * b.Raw, FractionBits)));

    /// <summary>As <see cref="FromRatio"/> of the two raw values.</summary>
    public static Fixed operator /(Fixed a, Fixed b) => FromRatio(a.Raw, b.Raw);

    /// <summary>This · 2^bits; a negative count divides and rounds. Any count is allowed.</summary>
    public Fixed Scale(int bits) => bits switch
    {
        >= 64 => new(Raw == 0 ? 0 : Raw > 0 ? long.MaxValue : long.MinValue),
        >= 0 => new(Saturate((Int128)Raw << bits)),
        > -65 => new((long)ShiftRightToEven(Raw, -bits)),
        _ => Zero,
    };

    /// <summary>integer · this, rounded once to an integer and saturated.</summary>
    public long MultiplyInteger(long integer) =>
        Saturate(ShiftRightToEven((Int128)integer * Raw, FractionBits));

    /// <summary>The nearest integer, ties to even.</summary>
    public long ToInteger() => (long)ShiftRightToEven(Raw, FractionBits);

    /// <summary>The largest integer not above this.</summary>
    public long Floor() => Raw >> FractionBits;

    public static Fixed Min(Fixed a, Fixed b) => a.Raw < b.Raw ? a : b;

    public static Fixed Max(Fixed a, Fixed b) => a.Raw < b.Raw ? b : a;

    /// <summary>The value moved into [low, high]; low must not exceed high.</summary>
    public static Fixed Clamp(Fixed value, Fixed low, Fixed high)
    {
        Invariant.Require(low.Raw <= high.Raw);
        return Min(Max(value, low), high);
    }

    public static Fixed Abs(Fixed value) => value.Raw < 0 ? -value : value;

    public bool Equals(Fixed other) => Raw == other.Raw;

    public override bool Equals(object? obj) => obj is Fixed other && Equals(other);

    public override int GetHashCode() => Raw.GetHashCode();

    public int CompareTo(Fixed other) => Raw.CompareTo(other.Raw);

    public static bool operator ==(Fixed a, Fixed b) => a.Raw == b.Raw;
    public static bool operator !=(Fixed a, Fixed b) => a.Raw != b.Raw;
    public static bool operator <(Fixed a, Fixed b) => a.Raw < b.Raw;
    public static bool operator >(Fixed a, Fixed b) => a.Raw > b.Raw;
    public static bool operator <=(Fixed a, Fixed b) => a.Raw <= b.Raw;
    public static bool operator >=(Fixed a, Fixed b) => a.Raw >= b.Raw;

    /// <summary>Six decimals, cut toward zero: for people, never parsed.</summary>
    public override string ToString()
    {
        Int128 magnitude = Int128.Abs(Raw);
        Int128 millionths = ((magnitude & 0xffffffff) * 1_000_000) >> FractionBits;
        return string.Create(CultureInfo.InvariantCulture,
            $"{(Raw < 0 ? "-" : "")}{magnitude >> FractionBits}.{millionths:D6}");
    }

    private static long Saturate(Int128 value) =>
        value > long.MaxValue ? long.MaxValue : value < long.MinValue ? long.MinValue : (long)value;

    // A numerator past 2^94 saturates any quotient by a 64-bit denominator's worth anyway; the cut
    // keeps the shift inside 128 bits.
    private static Int128 SaturateForShift(Int128 value)
    {
        Int128 limit = Int128.One << 94;
        return value > limit ? limit : value < -limit ? -limit : value;
    }

    private static Int128 ShiftRightToEven(Int128 value, int bits)
    {
        if (bits == 0)
        {
            return value;
        }
        Int128 floor = value >> bits;
        Int128 rest = value - (floor << bits);
        Int128 half = Int128.One << (bits - 1);
        bool up = rest > half || (rest == half && (floor & 1) != 0);
        return up ? floor + 1 : floor;
    }

    private static Int128 DivideToEven(Int128 numerator, Int128 denominator)
    {
        if (denominator == 0)
        {
            return numerator == 0 ? 0 : numerator > 0 ? long.MaxValue : long.MinValue;
        }
        (Int128 quotient, Int128 rest) = Int128.DivRem(numerator, denominator);
        Int128 twice = Int128.Abs(rest) * 2;
        Int128 bound = Int128.Abs(denominator);
        bool away = twice > bound || (twice == bound && (quotient & 1) != 0);
        bool negative = (numerator < 0) != (denominator < 0);
        return away ? quotient + (negative ? -1 : 1) : quotient;
    }
}
