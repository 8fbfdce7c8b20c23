using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

/// <summary>An account's 20-byte address.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly struct Address : IEquatable<Address>, IComparable<Address>
{
    public const int Size = 20;
    public static readonly Address Zero;

    private readonly ulong _a, _b; // memory order of the bytes
    private readonly uint _c;

    public Address(ReadOnlySpan<byte> bytes)
    {
        Invariant.Require(bytes.Length == Size);
        this = MemoryMarshal.Read<Address>(bytes);
    }

    public Address(string hex) : this(Hex.Decode(hex))
    {
    }

    /// <summary>The address that holds a small number, as the precompiles' do.</summary>
    public static Address FromNumber(uint number)
    {
        Span<byte> bytes = stackalloc byte[Size];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], number);
        return new Address(bytes);
    }

    /// <summary>The low 20 bytes of a word, as the EVM reads addresses from its stack.</summary>
    public static Address FromWord(in UInt256 word)
    {
        Span<byte> bytes = stackalloc byte[32];
        word.WriteBigEndian(bytes);
        return new Address(bytes[12..]);
    }

    public bool IsZero => (_a | _b | _c) == 0;

    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes =>
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in this, 1));

    public byte[] ToArray() => Bytes.ToArray();

    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    public UInt256 ToWord()
    {
        Span<byte> bytes = stackalloc byte[32];
        bytes.Clear();
        CopyTo(bytes[12..]);
        return UInt256.FromBigEndian(bytes);
    }

    public bool Equals(Address other) => _a == other._a && _b == other._b && _c == other._c;

    public override bool Equals(object? obj) => obj is Address other && Equals(other);

    public override int GetHashCode() =>
        unchecked((int)((_a ^ (_b * 0x9E3779B97F4A7C15)) >> 16) ^ (int)_b ^ (int)_c);

    public int CompareTo(Address other) => Bytes.SequenceCompareTo(other.Bytes);

    public static bool operator ==(Address left, Address right) => left.Equals(right);
    public static bool operator !=(Address left, Address right) => !left.Equals(right);
    public static bool operator <(Address left, Address right) => left.CompareTo(right) < 0;
    public static bool operator >(Address left, Address right) => left.CompareTo(right) > 0;
    public static bool operator <=(Address left, Address right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Address left, Address right) => left.CompareTo(right) >= 0;

    public override string ToString() => Hex.Encode(Bytes);

    /// <summary>Mixed-case checksum form (EIP-55).</summary>
    public string ToChecksum()
    {
        char[] text = Convert.ToHexStringLower(Bytes).ToCharArray();
        Hash256 hash = Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(text));
        for (int i = 0; i < text.Length; i++)
        {
            int nibble = (hash.Bytes[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xf;
            text[i] = nibble >= 8 ? char.ToUpperInvariant(text[i]) : text[i];
        }
        return "0x" + new string(text);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out Address value)
    {
        value = default;
        if (!Hex.TryDecode(text, out byte[] bytes) || bytes.Length != Size)
        {
            return false;
        }
        value = new Address(bytes);
        return true;
    }
}
