using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

/// <summary>
/// An unsigned 256-bit integer, arithmetic modulo 2^256 as the EVM defines it (Yellow Paper,
/// appendix H). Four 64-bit limbs, least significant first.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly partial struct UInt256 : IEquatable<UInt256>, IComparable<UInt256>
{
    public static readonly UInt256 Zero;
    public static readonly UInt256 One = new(1);
    public static readonly UInt256 MaxValue =
        new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    /// <summary>Limbs; U0 is the least significant.</summary>
    public readonly ulong U0, U1, U2, U3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt256(ulong u0, ulong u1 = 0, ulong u2 = 0, ulong u3 = 0)
    {
        U0 = u0;
        U1 = u1;
        U2 = u2;
        U3 = u3;
    }

    public bool IsZero => (U0 | U1 | U2 | U3) == 0;

    /// <summary>True when the value fits 64 bits.</summary>
    public bool IsUInt64 => (U1 | U2 | U3) == 0;

    /// <summary>The value, or <see cref="ulong.MaxValue"/> when it does not fit.</summary>
    public ulong ToUInt64Saturating() => IsUInt64 ? U0 : ulong.MaxValue;

    /// <summary>Number of bits without leading zeros; 0 for 0.</summary>
    public int BitLength =>
        U3 != 0 ? 256 - BitOperations.LeadingZeroCount(U3)
        : U2 != 0 ? 192 - BitOperations.LeadingZeroCount(U2)
        : U1 != 0 ? 128 - BitOperations.LeadingZeroCount(U1)
        : 64 - BitOperations.LeadingZeroCount(U0);

    /// <summary>Big-endian bytes, at most 32; missing leading bytes are zero.</summary>
    public static UInt256 FromBigEndian(ReadOnlySpan<byte> bytes)
    {
        Invariant.Require(bytes.Length <= 32);
        if (bytes.Length < 32)
        {
            Span<byte> padded = stackalloc byte[32];
            padded.Clear();
            bytes.CopyTo(padded[(32 - bytes.Length)..]);
            return FromWord(padded);
        }
        return FromWord(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt256 FromWord(ReadOnlySpan<byte> word) => new(
        BinaryPrimitives.ReadUInt64BigEndian(word[24..]),
        BinaryPrimitives.ReadUInt64BigEndian(word[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(word[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(word));

    /// <summary>All 32 bytes, big-endian.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteBigEndian(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], U0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], U1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], U2);
        BinaryPrimitives.WriteUInt64BigEndian(destination, U3);
    }

    public byte[] ToBigEndian()
    {
        byte[] bytes = new byte[32];
        WriteBigEndian(bytes);
        return bytes;
    }

    public Hash256 ToHash256()
    {
        Span<byte> bytes = stackalloc byte[32];
        WriteBigEndian(bytes);
        return new Hash256(bytes);
    }

    public static UInt256 FromHash256(in Hash256 hash) => FromBigEndian(hash.Bytes);

    public static implicit operator UInt256(ulong value) => new(value);
    public static implicit operator UInt256(uint value) => new(value);

    /// <summary>The low 64 bits.</summary>
    public static explicit operator ulong(in UInt256 value) => value.U0;

    public static explicit operator UInt256(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[32];
        bytes.Clear();
        Invariant.Require(value.Sign >= 0);
        Invariant.Require(value.TryWriteBytes(bytes, out _, isUnsigned: true));
        bytes.Reverse();
        return FromWord(bytes);
    }

    public BigInteger ToBigInteger()
    {
        Span<byte> bytes = stackalloc byte[32];
        WriteBigEndian(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(UInt256 other) =>
        ((U0 ^ other.U0) | (U1 ^ other.U1) | (U2 ^ other.U2) | (U3 ^ other.U3)) == 0;

    public override bool Equals(object? obj) => obj is UInt256 other && Equals(other);

    public override int GetHashCode()
    {
        unchecked
        {
            ulong mixed = (U0 * 0x9E3779B97F4A7C15) ^ BitOperations.RotateLeft(U1, 17)
                ^ BitOperations.RotateLeft(U2, 31) ^ (U3 * 0xBF58476D1CE4E5B9);
            return (int)(mixed ^ (mixed >> 32));
        }
    }

    public int CompareTo(UInt256 other) => this < other ? -1 : Equals(other) ? 0 : 1;

    /// <summary>Decimal digits.</summary>
    public override string ToString() => ToBigInteger().ToString(CultureInfo.InvariantCulture);

    /// <summary>0x-prefixed, without leading zeros: JSON-RPC's QUANTITY.</summary>
    public string ToQuantity()
    {
        string digits = Convert.ToHexStringLower(ToBigEndian()).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    /// <summary>
    /// Reads hexadecimal (0x) or decimal digits; false when malformed or over 256 bits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt256 value)
    {
        value = default;
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        ReadOnlySpan<char> digits = isHex ? text[2..] : text;
        if (digits.IsEmpty || digits.Length > 80)
        {
            return false;
        }
        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        string padded = isHex ? "0" + digits.ToString() : digits.ToString();
        if (!BigInteger.TryParse(padded, style, CultureInfo.InvariantCulture, out BigInteger big)
            || big.Sign < 0 || big.GetBitLength() > 256)
        {
            return false;
        }
        value = (UInt256)big;
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for constants.</summary>
    public static UInt256 Parse(string text) =>
        TryParse(text, out UInt256 value)
            ? value
            : throw new FormatException($"not a 256-bit number: '{text}'");
}
