using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Store;

/// <summary>
/// The finalized chain on disk, for readers on any thread. Reads never wait for the writer and
/// see every block that a published <see cref="ChainView"/> calls finalized. Genesis is not
/// stored: it follows from the configuration.
/// </summary>
internal interface IChainArchive
{
    /// <summary>The highest stored block; null when there is none but genesis.</summary>
    Height? Last { get; }

    /// <summary>
    /// A finalized block, its receipts and certificate, as the replica encoded them.
    /// </summary>
    bool TryGetBlock(Height height, out FinalizedBlock block);

    /// <summary>
    /// What the block changed, as it was before it (<see cref="Ledger.EarlierState.Encode"/>); null
    /// when that is not kept.
    /// </summary>
    byte[]? ReadDifference(Height height);

    /// <summary>The height of a finalized block.</summary>
    bool TryGetHeight(in Hash256 blockHash, out Height height);

    /// <summary>Where a finalized transaction stands (transaction 0 included).</summary>
    bool TryFindTransaction(in Hash256 transactionHash, out TransactionPlace place);

    /// <summary>
    /// Heights in the range, rising, of the blocks that may hold a log that the query matches: no
    /// matching block is missing, some may not match. Both ends count. Lazy: stop when enough.
    /// </summary>
    IEnumerable<Height> FindLogBlocks(Height first, Height last, LogQuery query);
}

/// <summary>A transaction's block and its index in it.</summary>
internal readonly record struct TransactionPlace(Height Height, int Index);

/// <summary>
/// eth_getLogs' filter: any of the addresses (none: all), and at each topic position any of the
/// topics given there (none: all).
/// </summary>
internal sealed record LogQuery(
    IReadOnlyList<Address> Addresses, IReadOnlyList<IReadOnlyList<Hash256>> Topics);
