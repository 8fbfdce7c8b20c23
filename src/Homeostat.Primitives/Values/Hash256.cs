using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

/// <summary>32 bytes: a Keccak-256 digest, a state root, a storage word as bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct Hash256 : IEquatable<Hash256>, IComparable<Hash256>
{
    public const int Size = 32;
    public static readonly Hash256 Zero;

    private readonly ulong _a, _b, _c, _d; // memory order of the bytes

    public Hash256(ReadOnlySpan<byte> bytes)
    {
        Invariant.Require(bytes.Length == Size);
        this = MemoryMarshal.Read<Hash256>(bytes);
    }

    public Hash256(string hex) : this(Hex.Decode(hex))
    {
    }

    public bool IsZero => (_a | _b | _c | _d) == 0;

    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes =>
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in this, 1));

    public byte[] ToArray() => Bytes.ToArray();

    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    public bool Equals(Hash256 other) =>
        _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    public override bool Equals(object? obj) => obj is Hash256 other && Equals(other);

    public override int GetHashCode() =>
        unchecked((int)(_a ^ (_d * 0x9E3779B97F4A7C15)) ^ (int)(_b >> 32));

    /// <summary>Big-endian order, the order of the bytes.</summary>
    public int CompareTo(Hash256 other) => Bytes.SequenceCompareTo(other.Bytes);

    public static bool operator ==(Hash256 left, Hash256 right) => left.Equals(right);
    public static bool operator !=(Hash256 left, Hash256 right) => !left.Equals(right);
    public static bool operator <(Hash256 left, Hash256 right) => left.CompareTo(right) < 0;
    public static bool operator >(Hash256 left, Hash256 right) => left.CompareTo(right) > 0;
    public static bool operator <=(Hash256 left, Hash256 right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Hash256 left, Hash256 right) => left.CompareTo(right) >= 0;

    public override string ToString() => Hex.Encode(Bytes);

    public static bool TryParse(ReadOnlySpan<char> text, out Hash256 value)
    {
        value = default;
        if (!Hex.TryDecode(text, out byte[] bytes) || bytes.Length != Size)
        {
            return false;
        }
        value = new Hash256(bytes);
        return true;
    }
}
