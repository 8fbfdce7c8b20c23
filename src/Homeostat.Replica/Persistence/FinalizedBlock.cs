using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A final block as it is stored and served: the bytes that consensus carried (block and consensus
/// payload), its receipts, and the certificates that prove it. All encodings are in
/// docs/spec/consensus.md; the store need not look inside.
/// </summary>
public sealed record FinalizedBlock
{
    public required Height Height { get; init; }

    public required View View { get; init; }

    public required Hash256 Hash { get; init; }

    public required Hash256 ParentHash { get; init; }

    public required Hash256 StateRoot { get; init; }

    public required long TimeMs { get; init; }

    /// <summary>
    /// RLP list of the block (header, transactions, …) and the consensus payload.
    /// </summary>
    public required byte[] Encoded { get; init; }

    /// <summary>RLP list of the receipts in their consensus (EIP-2718) encoding.</summary>
    public required byte[] Receipts { get; init; }

    /// <summary>
    /// A finalization certificate of this block or of a descendant (DESIGN: not every final block
    /// has its own).
    /// </summary>
    public required byte[] Certificate { get; init; }

    /// <summary>The block as executed, for the store to index; null when read from disk.</summary>
    public ExecutedBlock? Executed { get; init; }

    /// <summary>
    /// What it changed in the state, for the store to undo; null when read from disk.
    /// </summary>
    public StateChanges? Changes { get; init; }
}
