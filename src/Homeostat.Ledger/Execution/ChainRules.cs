using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// All the rules of one chain: which hold at which block. Ethereum's networks and Homeostat's
/// differ in the entries of this table only.
/// </summary>
public sealed class ChainRules
{
    public ulong ChainId => throw new NotSupportedException();

    /// <summary>The rules of a block with this number and timestamp.</summary>
    public BlockRules At(Height number, ulong timestamp) => throw new NotSupportedException();

    /// <summary>A Homeostat network: Osaka with Homeostat's differences from genesis on.</summary>
    /// <param name="allowsBlobs">Blob transactions are refused unless the genesis says so.</param>
    public static ChainRules Homeostat(ulong chainId, bool allowsBlobs = false) =>
        throw new NotSupportedException();

    /// <summary>An Ethereum network that follows one fork from genesis on.</summary>
    public static ChainRules Ethereum(ulong chainId, Fork fork) =>
        throw new NotSupportedException();
}

/// <summary>The rules of one block.</summary>
public sealed record BlockRules
{
    public ulong ChainId { get; init; }
    public ForkRules Evm { get; init; } = ForkRules.For(Fork.Frontier);
}
