using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Decides whether a block is valid: first in itself and after its parent
/// (<c>TryCheck</c>), then by executing it (<see cref="TryExecute"/>). Used by one thread at
/// a time, as its engine is.
/// </summary>
public sealed class BlockProcessor(ChainRules rules, IEvmEngine engine)
{
    public ChainRules Rules { get; } = rules;

    public IEvmEngine Engine { get; } = engine;

    /// <summary>
    /// Called before each transaction of a block is executed; a test makes execution throw with it.
    /// Null, and free, otherwise.
    /// </summary>
    public Action<RecoveredTransaction>? BeforeTransaction { get; init; }

    /// <summary>
    /// The header of a block to build on this parent: everything but roots, bloom and gas used.
    /// </summary>
    public BlockHeader Prepare(
        BlockHeader parent, BlockInputs inputs, in Address coinbase, in Hash256 randomness,
        byte[] extraData) => throw new NotSupportedException();

    /// <summary>Header against parent and inputs, body against header, signatures.</summary>
    public bool TryCheck(
        Block block, BlockHeader parent, BlockInputs? inputs,
        [NotNullWhen(true)] out CheckedBlock? checkedBlock,
        [NotNullWhen(false)] out BlockRefusal? refusal) => throw new NotSupportedException();

    /// <summary>
    /// As the other, where the senders are known already (from the pool or a parallel recovery);
    /// they must be of this block's transactions in their order.
    /// </summary>
    public bool TryCheck(
        Block block, IReadOnlyList<RecoveredTransaction> recovered, BlockHeader parent,
        BlockInputs? inputs,
        [NotNullWhen(true)] out CheckedBlock? checkedBlock,
        [NotNullWhen(false)] out BlockRefusal? refusal) => throw new NotSupportedException();

    /// <summary>
    /// Executes the block on its parent's state; refused when the outcome is not the header's. A
    /// broken invariant on the way refuses the block too (see <see cref="BlockRefusal.Broken"/>).
    /// </summary>
    public bool TryExecute(
        CheckedBlock block, WorldSnapshot parentState, BlockInputs? inputs, IBlockHashes? hashes,
        [NotNullWhen(true)] out ExecutedBlock? executed,
        [NotNullWhen(false)] out BlockRefusal? refusal) => throw new NotSupportedException();
}
