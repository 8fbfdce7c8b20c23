using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>One executed block with its state. Immutable; safe to read from any thread.</summary>
public sealed record ChainHead
{
    public required Block Block { get; init; }

    /// <summary>Zero for genesis.</summary>
    public required View View { get; init; }

    /// <summary>The block's time; its header has the seconds only.</summary>
    public required long TimeMs { get; init; }

    /// <summary>
    /// In the block's order; empty for genesis and for a head read from a checkpoint.
    /// </summary>
    public required IReadOnlyList<RecoveredTransaction> Transactions { get; init; }

    /// <summary>In the block's order; empty as <see cref="Transactions"/> is.</summary>
    public required IReadOnlyList<Receipt> Receipts { get; init; }

    /// <summary>The state after the block.</summary>
    public required WorldSnapshot State { get; init; }

    /// <summary>In force for the next block.</summary>
    public required ChainParameters Parameters { get; init; }

    public BlockHeader Header => Block.Header;

    public Height Height => Block.Header.Number;

    public Hash256 Hash => Block.Header.Hash;

    internal static ChainHead Of(TreeBlock block) => new()
    {
        Block = block.Block,
        View = block.Reference.View,
        TimeMs = block.Reference.TimeMs,
        Transactions = block.Executed?.Transactions ?? [],
        Receipts = block.Executed?.Receipts ?? [],
        State = block.State,
        Parameters = block.Parameters,
    };
}
