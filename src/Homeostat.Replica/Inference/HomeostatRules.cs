using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>The rules of a Homeostat network with its own precompile.</summary>
public static class HomeostatRules
{
    public static ChainRules Of(ChainId chainId) =>
        ChainRules.Homeostat(chainId.Value, extension: new InferPrecompile());
}
