using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Ancestors' hashes out of the parent's state, where EIP-2935's contract keeps them: so a block's
/// execution needs nothing but that state.
/// </summary>
public sealed class HistoryBlockHashes(WorldSnapshot parentState, BlockHeader header) : IBlockHashes
{
    private const ulong HistoryWindow = 8_191;

    public Hash256 Get(ulong number) =>
        number + 1 == header.Number.Value
            ? header.ParentHash
            : parentState.GetStorage(EthereumForks.HistoryStorage, number % HistoryWindow)
                .ToHash256();
}
