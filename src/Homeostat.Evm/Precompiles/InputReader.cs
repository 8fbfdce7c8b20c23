namespace Homeostat.Evm;

/// <summary>Reads inputs that are extended with zeros without end, as calldata is.</summary>
internal static class InputReader
{
    /// <summary>Fills the destination from the offset on.</summary>
    public static void Read(ReadOnlySpan<byte> input, long offset, Span<byte> destination)
    {
        destination.Clear();
        if (offset < input.Length)
        {
            ReadOnlySpan<byte> rest = input[(int)offset..];
            rest[..Math.Min(rest.Length, destination.Length)].CopyTo(destination);
        }
    }

    /// <summary>base + perWord for each 32 bytes begun.</summary>
    public static ulong WordGas(int length, ulong once, ulong perWord) =>
        once + (perWord * (((ulong)length + 31) / 32));
}
