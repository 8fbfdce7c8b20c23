namespace Homeostat.Primitives;

/// <summary>Hexadecimal text as Ethereum writes it: lower case with a 0x prefix.</summary>
public static class Hex
{
    /// <summary>"0x" and two lower-case digits a byte.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) =>
        "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>Bytes of an even number of digits, prefix optional; else false.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        ReadOnlySpan<char> digits = StripPrefix(text);
        if (digits.Length % 2 != 0)
        {
            return false;
        }
        byte[] result = new byte[digits.Length / 2];
        var status = Convert.FromHexString(digits, result, out _, out _);
        if (status != System.Buffers.OperationStatus.Done)
        {
            return false;
        }
        bytes = result;
        return true;
    }

    /// <summary>As <see cref="TryDecode"/>, for constants: throws when malformed.</summary>
    public static byte[] Decode(ReadOnlySpan<char> text) =>
        TryDecode(text, out byte[] bytes)
            ? bytes
            : throw new FormatException($"not hexadecimal: '{text}'");

    internal static ReadOnlySpan<char> StripPrefix(ReadOnlySpan<char> text) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
}
