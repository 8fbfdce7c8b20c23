using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>Values as the fixtures write them: hex with or without leading zeros.</summary>
internal static class Json
{
    public static JsonDocument Parse(FixtureFile file) =>
        JsonDocument.Parse(file.Content, new JsonDocumentOptions { MaxDepth = 4096 });

    public static string? TextOf(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;

    public static UInt256 Number(string text)
    {
        if (!text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return UInt256.Parse(text);
        }
        var value = BigInteger.Parse(
            "0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return (UInt256)value;
    }

    public static ulong UInt64Of(this JsonElement element, string name, ulong otherwise = 0) =>
        element.TextOf(name) is { } text ? Number(text).ToUInt64Saturating() : otherwise;

    public static UInt256 UInt256Of(this JsonElement element, string name) =>
        element.TextOf(name) is { } text ? Number(text) : UInt256.Zero;

    /// <summary>Bytes of hex digits, an odd number of which has a zero before it.</summary>
    public static byte[] Bytes(string text)
    {
        string digits = text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
        return Hex.Decode(digits.Length % 2 == 0 ? digits : "0" + digits);
    }

    public static Address AddressFrom(string text) => new(Bytes(text).AsSpan()[^20..]);

    public static Hash256 HashFrom(string text) => Number(text).ToHash256();
}
