using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What the order of one block depends on besides its transactions (docs/spec/ordering.md): posted
/// prices and quotas from the parent's state, the seed from the leaders' reveals, the overdue lane
/// from the votes for the parent.
/// </summary>
public sealed record OrderingTerms
{
    public const int Basis = 10_000;

    /// <summary>Free of premiums, all classes one, nothing overdue.</summary>
    public static readonly OrderingTerms None = new();

    public ClassPrices Prices { get; init; }

    /// <summary>Ten-thousandths of the block's gas that only urgent ones may take first.</summary>
    public int UrgentShare { get; init; } = 2_500;

    /// <summary>The same of fast ones, and of urgent ones the first had no room for.</summary>
    public int FastShare { get; init; } = 3_500;

    /// <summary>
    /// Of the draws. Not the header's mix hash, which contracts see, but its preimage: nothing that
    /// runs in a block knows the block's places.
    /// </summary>
    public Hash256 Seed { get; init; }

    /// <summary>
    /// What the leader revealed, the new commitment of the coinbase, or the commitment to its next
    /// chain; zero for nothing.
    /// </summary>
    public Hash256 Reveal { get; init; }

    /// <summary>Hashes that more than a third of the weight calls overdue, oldest first.</summary>
    public IReadOnlyList<Hash256> Overdue { get; init; } = [];

    /// <summary>Which transactions stand before the others that are drawn.</summary>
    public SealedCommitments Sealed { get; init; } = SealedCommitments.None;

    /// <summary>The overdue lane takes at most this share of a block's gas.</summary>
    public static ulong LaneGas(ulong gasLimit) => gasLimit / 2;
}
