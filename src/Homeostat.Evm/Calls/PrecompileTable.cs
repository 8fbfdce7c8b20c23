using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Evm;

public interface IPrecompile
{
    ulong GasCost(ReadOnlySpan<byte> input, Fork fork);

    bool TryRun(ReadOnlySpan<byte> input, out byte[] output);
}

internal static class PrecompileTable
{
    public static bool TryGet(
        Fork fork, in Address address, [NotNullWhen(true)] out IPrecompile? precompile)
    {
        precompile = null;
        return false;
    }
}
