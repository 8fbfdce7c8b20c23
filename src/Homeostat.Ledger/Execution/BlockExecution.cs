using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;

namespace Homeostat.Ledger;

/// <summary>How one transaction fared in a block: a receipt, or geth's text why it can't be in it.</summary>
public sealed record TransactionResult
{
    /// <summary>Null when the transaction was left out and nothing changed.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>Null when it is in the block (whether or not its call succeeded).</summary>
    public string? Error { get; init; }

    public ExecutionStatus Status { get; init; }

    /// <summary>Return or revert data.</summary>
    public byte[] Output { get; init; } = [];

    [MemberNotNullWhen(true, nameof(Receipt))]
    public bool IsIncluded => Receipt is not null;
}

/// <summary>
/// A block being executed, transaction by transaction. Validation and building are this one object:
/// start, apply each, finish. Not thread-safe.
/// </summary>
public sealed class BlockExecution
{
    /// <summary>
    /// Begins a block on its parent's state: applies what the fork does before the first
    /// transaction (system calls, DAO fork).
    /// </summary>
    /// <param name="parentState">The state after the parent.</param>
    /// <param name="header">
    /// The header, of which the roots, the bloom, the gas used and the blob gas used are not read:
    /// a decoded one, or one of <see cref="BlockProcessor.Prepare"/>.
    /// </param>
    /// <param name="rules">The rules at this block.</param>
    /// <param name="inputs">Null for an Ethereum block.</param>
    /// <param name="hashes">
    /// Hashes of ancestors; null reads them from the state (EIP-2935), which Prague and later allow.
    /// </param>
    public static BlockExecution Start(
        WorldSnapshot parentState, BlockHeader header, BlockRules rules, BlockInputs? inputs,
        IEvmEngine engine, IBlockHashes? hashes = null, ITracer? tracer = null) =>
        throw new NotSupportedException();

    /// <summary>The header as given to <see cref="Start"/>.</summary>
    public BlockHeader Header => throw new NotSupportedException();

    public WorldState State => throw new NotSupportedException();

    public IReadOnlyList<RecoveredTransaction> Transactions => throw new NotSupportedException();

    public IReadOnlyList<Receipt> Receipts => throw new NotSupportedException();

    /// <summary>Gas used by the transactions so far.</summary>
    public ulong GasUsed => throw new NotSupportedException();

    public ulong GasLeft => throw new NotSupportedException();

    /// <summary>
    /// Executes the transaction if it is valid here. Otherwise nothing has changed and the next may
    /// be tried.
    /// </summary>
    public TransactionResult TryApply(RecoveredTransaction transaction) =>
        throw new NotSupportedException();

    /// <summary>
    /// Does what the fork does after the last transaction (withdrawals, requests, rewards) and
    /// computes the roots: the block's header is that of <see cref="Start"/> with them filled in.
    /// False when the block can't be valid whatever its header (a system call failed; a Homeostat
    /// block without transaction 0).
    /// </summary>
    public bool TryFinish(
        IReadOnlyList<BlockHeader> ommers, IReadOnlyList<Withdrawal>? withdrawals,
        [NotNullWhen(true)] out ExecutedBlock? block,
        [NotNullWhen(false)] out BlockRefusal? refusal) => throw new NotSupportedException();
}
