using System.Security.Cryptography;

namespace Homeostat.Evm;

/// <summary>0x02: SHA-256.</summary>
internal sealed class Sha256Hash : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        InputReader.WordGas(input.Length, 60, 12);

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = SHA256.HashData(input);
        return true;
    }
}

/// <summary>0x03: RIPEMD-160, as a 32-byte word.</summary>
internal sealed class Ripemd160Hash : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        InputReader.WordGas(input.Length, 600, 120);

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = new byte[32];
        Ripemd160.Hash(input, output.AsSpan(12));
        return true;
    }
}

/// <summary>0x04: the input itself.</summary>
internal sealed class Identity : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        InputReader.WordGas(input.Length, 15, 3);

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = input.ToArray();
        return true;
    }
}
