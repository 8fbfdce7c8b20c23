using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>The base fee of Homeostat's blocks (docs/spec/ledger.md).</summary>
public static class BaseFee
{
    /// <summary>The base fee of the block that comes after this parent.</summary>
    /// <param name="parentFee">Wei per gas.</param>
    /// <param name="parentGasUsed">Gas used by the parent.</param>
    /// <param name="elapsedMs">From the parent to the block.</param>
    /// <param name="gasTarget">Gas per second.</param>
    /// <param name="minimum">Wei per gas.</param>
    public static UInt256 Next(
        in UInt256 parentFee, ulong parentGasUsed, ulong elapsedMs, ulong gasTarget,
        in UInt256 minimum) => throw new NotSupportedException();
}
