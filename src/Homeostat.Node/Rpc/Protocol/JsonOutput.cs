using System.Buffers;
using System.Numerics;
using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Writes Ethereum's value encodings (QUANTITY and DATA) without making strings.</summary>
internal static class JsonOutput
{
    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    public static void Quantity(this Utf8JsonWriter writer, ulong value)
    {
        Span<byte> text = stackalloc byte[18];
        int length = value == 0 ? 1 : (67 - BitOperations.LeadingZeroCount(value)) / 4;
        text[0] = (byte)'0';
        text[1] = (byte)'x';
        for (int i = 0; i < length; i++)
        {
            text[1 + length - i] = Digits[(int)((value >> (4 * i)) & 0xf)];
        }
        writer.WriteStringValue(text[..(2 + length)]);
    }

    public static void Quantity(this Utf8JsonWriter writer, in UInt256 value)
    {
        if (value.IsUInt64)
        {
            writer.Quantity(value.U0);
            return;
        }
        Span<byte> word = stackalloc byte[32];
        value.WriteBigEndian(word);
        Span<byte> text = stackalloc byte[66];
        Encode(word, text[2..]);
        int start = 64 - (value.BitLength + 3) / 4;
        text[start] = (byte)'0';
        text[start + 1] = (byte)'x';
        writer.WriteStringValue(text[start..]);
    }

    public static void Data(this Utf8JsonWriter writer, ReadOnlySpan<byte> bytes)
    {
        int length = 4 + 2 * bytes.Length;
        if (length <= 1_024)
        {
            Span<byte> small = stackalloc byte[length];
            WriteQuoted(writer, bytes, small);
            return;
        }
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        WriteQuoted(writer, bytes, rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    public static void Word(this Utf8JsonWriter writer, in UInt256 value)
    {
        Span<byte> word = stackalloc byte[32];
        value.WriteBigEndian(word);
        writer.Data(word);
    }

    public static void Quantity(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, ulong value)
    {
        writer.WritePropertyName(name);
        writer.Quantity(value);
    }

    public static void Quantity(
        this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in UInt256 value)
    {
        writer.WritePropertyName(name);
        writer.Quantity(value);
    }

    public static void Data(
        this Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        writer.WritePropertyName(name);
        writer.Data(bytes);
    }

    public static void Data(
        this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in Hash256 value) =>
        writer.Data(name, value.Bytes);

    public static void Data(
        this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in Address value) =>
        writer.Data(name, value.Bytes);

    /// <summary>An address, or null.</summary>
    public static void Data(
        this Utf8JsonWriter writer, ReadOnlySpan<byte> name, Address? value)
    {
        if (value is { } address)
        {
            writer.Data(name, address.Bytes);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteQuoted(
        Utf8JsonWriter writer, ReadOnlySpan<byte> bytes, Span<byte> text)
    {
        text[0] = (byte)'"';
        text[1] = (byte)'0';
        text[2] = (byte)'x';
        text[^1] = (byte)'"';
        Encode(bytes, text[3..^1]);
        writer.WriteRawValue(text, skipInputValidation: true);
    }

    private static void Encode(ReadOnlySpan<byte> bytes, Span<byte> text) =>
        Convert.TryToHexStringLower(bytes, text, out _);
}
