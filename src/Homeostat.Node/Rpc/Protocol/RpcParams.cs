using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// A call's positional arguments. Every reader throws <see cref="RpcException"/> with
/// "invalid argument N: …" for a value of another type, never anything else.
/// </summary>
internal readonly struct RpcParams(JsonElement array)
{
    public int Count => array.ValueKind == JsonValueKind.Array ? array.GetArrayLength() : 0;

    /// <summary>The argument is there and not null.</summary>
    public bool Has(int index) =>
        index < Count && array[index].ValueKind != JsonValueKind.Null;

    public JsonElement Required(int index) =>
        Has(index)
            ? array[index]
            : throw RpcException.InvalidParams($"missing value for required argument {index}");

    /// <summary>The argument, or the undefined element.</summary>
    public JsonElement Optional(int index) => Has(index) ? array[index] : default;

    public Address Address(int index) => JsonInput.Address(Required(index), At(index));

    public Hash256 Hash(int index) => JsonInput.Hash(Required(index), At(index));

    public ulong Quantity(int index) => JsonInput.UInt64(Required(index), At(index));

    public byte[] Data(int index) => JsonInput.Data(Required(index), At(index));

    public string Text(int index) => JsonInput.Text(Required(index), At(index));

    public bool Flag(int index, bool otherwise = false) =>
        Has(index) ? JsonInput.Flag(Required(index), At(index)) : otherwise;

    /// <summary>"latest" when it is not given.</summary>
    public BlockSelector Block(int index) =>
        Has(index) ? BlockSelector.Read(Required(index), At(index)) : BlockSelector.Latest;

    internal static string At(int index) => $"invalid argument {index}";
}

/// <summary>Reads Ethereum's value encodings; the place goes into the error's text.</summary>
internal static class JsonInput
{
    public static string Text(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Wrong(place, "expected a string");

    public static bool Flag(JsonElement value, string place) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(place, "expected true or false"),
    };

    /// <summary>A QUANTITY of at most 64 bits.</summary>
    public static ulong UInt64(JsonElement value, string place)
    {
        ReadOnlySpan<char> digits = HexDigits(value, place);
        if (digits.IsEmpty)
        {
            throw Wrong(place, "hex string \"0x\"");
        }
        if (digits.Length > 1 && digits[0] == '0')
        {
            throw Wrong(place, "hex number with leading zero digits");
        }
        if (digits.Length > 16)
        {
            throw Wrong(place, "hex number > 64 bits");
        }
        return ulong.TryParse(
            digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw Wrong(place, "invalid hex string");
    }

    /// <summary>
    /// As <see cref="UInt64"/>, but a JSON number will do (eth_feeHistory's count).
    /// </summary>
    public static ulong UInt64OrNumber(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number)
            ? number
            : UInt64(value, place);

    /// <summary>
    /// A QUANTITY of at most 256 bits; leading zeros are forgiven (storage keys).
    /// </summary>
    public static UInt256 UInt256(JsonElement value, string place)
    {
        ReadOnlySpan<char> digits = HexDigits(value, place);
        if (digits.IsEmpty)
        {
            throw Wrong(place, "hex string \"0x\"");
        }
        if (digits.Length > 64)
        {
            throw Wrong(place, "hex number > 256 bits");
        }
        Span<char> padded = stackalloc char[64];
        padded.Fill('0');
        digits.CopyTo(padded[(64 - digits.Length)..]);
        return Hex.TryDecode(padded, out byte[] bytes)
            ? Primitives.UInt256.FromBigEndian(bytes)
            : throw Wrong(place, "invalid hex string");
    }

    public static Address Address(JsonElement value, string place)
    {
        byte[] bytes = Data(value, place);
        return bytes.Length == Primitives.Address.Size
            ? new Address(bytes)
            : throw Wrong(
                place, $"hex string has length {2 * bytes.Length}, want 40 for an address");
    }

    public static Hash256 Hash(JsonElement value, string place)
    {
        bool isBare = value.ValueKind == JsonValueKind.String
            && !value.GetString()!.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isBare)
        {
            throw Wrong(
                place, "json: cannot unmarshal hex string without 0x prefix into Go value of type "
                    + "common.Hash"); // Geth's text to the letter, since clients match it.
        }
        byte[] bytes = Data(value, place);
        return bytes.Length == Hash256.Size
            ? new Hash256(bytes)
            : throw Wrong(place, $"hex string has length {2 * bytes.Length}, want 64 for a hash");
    }

    public static byte[] Data(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong(place, "expected a hex string");
        }
        // The raw text saves a string of the whole transaction; escapes in it are not hex.
        ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        if (!text.StartsWith("0x"u8) && !text.StartsWith("0X"u8))
        {
            throw Wrong(place, text.IsEmpty ? "empty hex string" : "hex string without 0x prefix");
        }
        text = text[2..];
        if (text.Length % 2 != 0)
        {
            throw Wrong(place, "hex string of odd length");
        }
        byte[] bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done
            ? bytes
            : throw Wrong(place, "invalid hex string");
    }

    public static RpcException Wrong(string place, string what) =>
        RpcException.InvalidParams($"{place}: {what}");

    /// <summary>A member of an object that is there and not null.</summary>
    public static bool TryMember(
        JsonElement value, ReadOnlySpan<byte> name, out JsonElement member) =>
        value.TryGetProperty(name, out member) && member.ValueKind != JsonValueKind.Null;

    public static JsonElement Object(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Object ? value : throw Wrong(place, "expected an object");

    public static JsonElement Array(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Array ? value : throw Wrong(place, "expected an array");

    private static ReadOnlySpan<char> HexDigits(JsonElement value, string place)
    {
        string text = Text(value, place);
        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? text.AsSpan(2)
            : throw Wrong(place, text.Length == 0
                ? "empty hex string"
                : "hex string without 0x prefix");
    }
}
