using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>All a block is built from. Building is a pure function of this.</summary>
public sealed record BuildRequest
{
    public required WorldSnapshot ParentState { get; init; }

    /// <summary>From <see cref="BlockProcessor.Prepare"/>.</summary>
    public required BlockHeader Header { get; init; }

    public required BlockRules Rules { get; init; }

    /// <summary>Null for an Ethereum block, which has no transaction 0.</summary>
    public BlockInputs? Inputs { get; init; }

    public RecoveredTransaction? Transaction0 { get; init; }

    /// <summary>
    /// What to try, in the order the block must have; see <see cref="TransactionPool.Select"/>.
    /// </summary>
    public required IReadOnlyList<RecoveredTransaction> Candidates { get; init; }

    /// <summary>See <see cref="BlockSelection.RoomToLeave"/>; empty for none.</summary>
    public IReadOnlyList<ulong> RoomToLeave { get; init; } = [];

    public IBlockHashes? Hashes { get; init; }

    public BuildLimits Limits { get; init; } = new();
}

/// <summary>Where building stops before the block is full.</summary>
public sealed record BuildLimits
{
    /// <summary>
    /// Gas to execute at most, counting what failed to get in: bounds the time of a build, which
    /// has no clock.
    /// </summary>
    public ulong ExecutionGas { get; init; } = ulong.MaxValue;

    /// <summary>
    /// Encoded transactions in all; EIP-7934 allows a block of 10 MiB − 2 MiB, the wire less.
    /// </summary>
    public long Bytes { get; init; } = 4L * 1024 * 1024;

    /// <summary>
    /// The block ends when this many transactions in a row did not fit in the gas that is left:
    /// it is full but for crumbs.
    /// </summary>
    public int MisfitsInARow { get; init; } = 32;
}

/// <summary>A transaction the builder could not include, with geth's text.</summary>
public readonly record struct LeftOut(RecoveredTransaction Transaction, string Error);

/// <summary>
/// A block, ready to propose, and what turned out impossible in its state: the pool discards that
/// when the state is final (<see cref="TransactionPool.Discard"/>).
/// </summary>
public sealed record BuiltBlock(ExecutedBlock Block, IReadOnlyList<LeftOut> LeftOut);

/// <summary>
/// Builds a block: transaction 0, then the candidates in their order. A candidate that does not fit
/// the gas or bytes left, or that the state refuses, is skipped and its sender's later ones with
/// it, for their nonces can't follow.
/// </summary>
public sealed class BlockBuilder(IEvmEngine engine)
{
    /// <summary>
    /// False when no block can be built at all: transaction 0 was refused or a system call failed.
    /// </summary>
    public bool TryBuild(
        BuildRequest request,
        [NotNullWhen(true)] out BuiltBlock? built,
        [NotNullWhen(false)] out BlockRefusal? refusal)
    {
        built = null;
        BlockExecution execution = BlockExecution.Start(
            request.ParentState, request.Header, request.Rules, request.Inputs, engine,
            request.Hashes);
        if (request.Transaction0 is { } first)
        {
            TransactionResult result = execution.TryApply(first);
            if (!result.IsIncluded)
            {
                refusal = new BlockRefusal($"transaction 0: {result.Error}");
                return false;
            }
        }
        List<LeftOut> leftOut = Fill(execution, request);
        IReadOnlyList<Withdrawal>? withdrawals =
            request.Header.WithdrawalsRoot is null ? null : [];
        if (!execution.TryFinish([], withdrawals, out ExecutedBlock? block, out refusal))
        {
            return false;
        }
        built = new BuiltBlock(block, leftOut);
        return true;
    }

    private static List<LeftOut> Fill(BlockExecution execution, BuildRequest request)
    {
        BuildLimits limits = request.Limits;
        var leftOut = new List<LeftOut>();
        var stuck = new LookupSet<Address>();
        long bytes = 0;
        int misfits = 0;
        for (int i = 0; i < request.Candidates.Count; i++)
        {
            RecoveredTransaction candidate = request.Candidates[i];
            ulong leave = i < request.RoomToLeave.Count ? request.RoomToLeave[i] : 0;
            if (execution.GasUsed >= limits.ExecutionGas || misfits >= limits.MisfitsInARow
                || execution.GasLeft < LeastGas)
            {
                break;
            }
            if (stuck.Contains(candidate.Sender))
            {
                continue;
            }
            if (leave > 0 && execution.GasLeft < leave + candidate.Transaction.GasLimit)
            {
                stuck.Add(candidate.Sender);
                continue;
            }
            int length = candidate.Transaction.Encoded.Length;
            if (candidate.Transaction.GasLimit > execution.GasLeft
                || bytes + length > limits.Bytes)
            {
                misfits++;
                stuck.Add(candidate.Sender);
                continue;
            }
            TransactionResult result = execution.TryApply(candidate);
            if (result.IsIncluded)
            {
                bytes += length;
                misfits = 0;
                continue;
            }
            stuck.Add(candidate.Sender);
            leftOut.Add(new LeftOut(candidate, result.Error!));
        }
        return leftOut;
    }

    /// <summary>No transaction needs less.</summary>
    private const ulong LeastGas = 21_000;
}
