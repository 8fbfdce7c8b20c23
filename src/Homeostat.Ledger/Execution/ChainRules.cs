using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>From when on rules hold: a block, a time, or the merge to proof of stake.</summary>
public sealed record ForkActivation
{
    public required BlockRules Rules { get; init; }

    /// <summary>First block's number; null when not by number.</summary>
    public ulong? Block { get; init; }

    /// <summary>First block's timestamp; null when not by time.</summary>
    public ulong? Time { get; init; }

    /// <summary>
    /// At the terminal total difficulty: which blocks are past it shows in their difficulty of 0.
    /// </summary>
    public bool AtMerge { get; init; }
}

/// <summary>
/// All the rules of one chain: which hold at which block. Ethereum's networks and Homeostat's
/// differ in the entries of this table only.
/// </summary>
public sealed class ChainRules
{
    private readonly ForkActivation[] _activations;

    /// <param name="activations">In their order; the first holds from genesis on.</param>
    public ChainRules(ulong chainId, IReadOnlyList<ForkActivation> activations)
    {
        Invariant.Require(activations.Count > 0);
        ChainId = chainId;
        _activations = [.. activations];
    }

    public ulong ChainId { get; }

    /// <summary>In their order; the first holds from genesis on.</summary>
    public IReadOnlyList<ForkActivation> Activations => _activations;

    /// <summary>
    /// Total difficulty from which on blocks are by proof of stake (EIP-3675); null when the table
    /// has no activation at the merge.
    /// </summary>
    public UInt256? TerminalTotalDifficulty { get; init; }

    /// <summary>Null when a block is on its own side of the merge.</summary>
    internal string? CheckMerge(BlockHeader header, IAncestors? ancestors)
    {
        if (TerminalTotalDifficulty is not { } terminal || ancestors is null)
        {
            return null;
        }
        bool isMerged = !(ancestors.TotalDifficultyOf(header.ParentHash) < terminal);
        if (isMerged == header.Difficulty.IsZero)
        {
            return null;
        }
        return isMerged
            ? "invalid difficulty: proof-of-work block after the terminal total difficulty"
            : "invalid difficulty: proof-of-stake block before the terminal total difficulty";
    }

    /// <summary>The rules of the block with this header.</summary>
    public BlockRules At(BlockHeader header) =>
        At(header.Number, header.Timestamp, header.Difficulty.IsZero);

    /// <summary>The rules of a block with this number and timestamp.</summary>
    /// <param name="isMerged">Past the merge, where one is in the table.</param>
    public BlockRules At(Height number, ulong timestamp, bool isMerged = true)
    {
        BlockRules rules = _activations[0].Rules;
        foreach (ForkActivation activation in _activations.AsSpan(1))
        {
            bool active = activation.AtMerge ? isMerged
                : activation.Block is { } block ? block <= number.Value
                : activation.Time is { } time && time <= timestamp;
            if (!active)
            {
                break;
            }
            rules = activation.Rules;
        }
        return rules;
    }

    /// <summary>A Homeostat network: Osaka with Homeostat's differences from genesis on.</summary>
    /// <param name="allowsBlobs">Blob transactions are refused unless the genesis says so.</param>
    /// <param name="extension">The network's own precompile, if it has one.</param>
    public static ChainRules Homeostat(
        ulong chainId, bool allowsBlobs = false, IStatefulPrecompile? extension = null) =>
        new(chainId,
        [
            new()
            {
                Rules = EthereumForks.Homeostat(chainId, allowsBlobs, extension),
                Block = 0,
            },
        ]);

    /// <summary>An Ethereum network that follows one fork from genesis on.</summary>
    public static ChainRules Ethereum(ulong chainId, Fork fork) =>
        new(chainId, [new() { Rules = EthereumForks.Rules(fork, chainId), Block = 0 }]);
}
