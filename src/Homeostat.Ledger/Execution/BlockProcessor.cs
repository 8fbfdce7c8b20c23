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

    /// <summary>Watches the transactions of blocks; null, and free, otherwise.</summary>
    public ITracer? Tracer { get; init; }

    /// <summary>
    /// The header of a block to build on this parent: everything but roots, bloom and gas used.
    /// </summary>
    public BlockHeader Prepare(BlockHeader parent, BlockInputs inputs, in Address coinbase)
    {
        BlockRules rules = Rules.At(parent.Number.Next, inputs.TimeMs / 1000);
        return new BlockHeader
        {
            ParentHash = parent.Hash,
            Coinbase = coinbase,
            Number = parent.Number.Next,
            GasLimit = inputs.GasLimit,
            Timestamp = inputs.TimeMs / 1000,
            ExtraData = inputs.Ordering.Prices.ToExtraData(),
            MixHash = PlaceSeed.MixHashOf(inputs.Ordering.Seed),
            BaseFee = InputRules.NextBaseFee(parent, inputs),
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = BlobGas.NextExcess(parent, rules),
            ParentBeaconBlockRoot = inputs.PayloadHash,
        };
    }

    /// <summary>Header against parent and inputs, body against header, signatures.</summary>
    public bool TryCheck(
        Block block, BlockHeader parent, BlockInputs? inputs,
        [NotNullWhen(true)] out CheckedBlock? checkedBlock,
        [NotNullWhen(false)] out BlockRefusal? refusal, IAncestors? ancestors = null)
    {
        checkedBlock = null;
        var recovered = new List<RecoveredTransaction>(block.Transactions.Count);
        foreach (Transaction transaction in block.Transactions)
        {
            if (!RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction item))
            {
                refusal = new BlockRefusal(
                    $"could not apply tx {recovered.Count} [{transaction.Hash}]: invalid sender");
                return false;
            }
            recovered.Add(item);
        }
        return TryCheck(
            block, recovered, parent, inputs, out checkedBlock, out refusal, ancestors);
    }

    /// <summary>
    /// As the other, where the senders are known already (from the pool or a parallel recovery);
    /// they must be of this block's transactions in their order.
    /// </summary>
    public bool TryCheck(
        Block block, IReadOnlyList<RecoveredTransaction> recovered, BlockHeader parent,
        BlockInputs? inputs,
        [NotNullWhen(true)] out CheckedBlock? checkedBlock,
        [NotNullWhen(false)] out BlockRefusal? refusal, IAncestors? ancestors = null)
    {
        Invariant.Require(recovered.Count == block.Transactions.Count);
        BlockRules rules = Rules.At(block.Header);
        Invariant.Require(rules.HasInputs == inputs is not null);
        string? error = HeaderRules.Check(block.Header, parent, rules, inputs)
            ?? Rules.CheckMerge(block.Header, ancestors)
            ?? CheckBody(block, rules)
            ?? CheckOrder(block, recovered, inputs)
            ?? OmmerRules.Check(block, ancestors, Rules);
        refusal = error is null ? null : new BlockRefusal(error);
        checkedBlock = error is null ? new CheckedBlock(block, parent, recovered) : null;
        return refusal is null;
    }

    private static string? CheckBody(Block block, BlockRules rules)
    {
        BlockHeader header = block.Header;
        int size = rules.MaxBlockSize == int.MaxValue ? 0
            : block.EncodedLength > 0 ? block.EncodedLength
            : block.Encode().Length;
        if (size > rules.MaxBlockSize)
        {
            return $"block RLP-encoded size exceeds maximum: {size} > {rules.MaxBlockSize}";
        }
        Hash256 ommers = OmmerRules.HashOf(block.Ommers);
        if (ommers != header.OmmersHash)
        {
            return $"uncle root hash mismatch (header value {header.OmmersHash}, "
                + $"calculated {ommers})";
        }
        Hash256 root = ListRoot.OfTransactions(block.Transactions);
        if (root != header.TransactionsRoot)
        {
            return $"transaction root hash mismatch (header value {header.TransactionsRoot}, "
                + $"calculated {root})";
        }
        return CheckWithdrawals(block, rules);
    }

    private static string? CheckOrder(
        Block block, IReadOnlyList<RecoveredTransaction> recovered, BlockInputs? inputs) =>
        inputs is null || recovered.Count == 0
            ? null
            : OrderRule.Check(
                recovered.Skip(1).ToArray(), inputs.Ordering, block.Header.GasLimit);

    private static string? CheckWithdrawals(Block block, BlockRules rules)
    {
        if ((block.Withdrawals is not null) != rules.HasWithdrawals)
        {
            return rules.HasWithdrawals
                ? "missing withdrawals in block body"
                : "withdrawals present in block body";
        }
        if (block.Withdrawals is not { } withdrawals)
        {
            return null;
        }
        if (withdrawals.Count > rules.MaxWithdrawals)
        {
            return $"{withdrawals.Count} withdrawals, at most {rules.MaxWithdrawals} allowed";
        }
        Hash256 root = ListRoot.OfWithdrawals(withdrawals);
        return root == block.Header.WithdrawalsRoot
            ? null
            : "withdrawals root hash mismatch "
                + $"(header value {block.Header.WithdrawalsRoot}, calculated {root})";
    }

    /// <summary>
    /// Executes the block on its parent's state; refused when the outcome is not the header's. A
    /// broken invariant on the way, or any other exception of the code that executes, refuses the
    /// block too (see <see cref="BlockRefusal.Broken"/>): no block can stop a node. Damaged local
    /// state is not the block's fault and is thrown on (<see cref="StateUnavailable"/>).
    /// </summary>
    public bool TryExecute(
        CheckedBlock block, WorldSnapshot parentState, BlockInputs? inputs, IBlockHashes? hashes,
        [NotNullWhen(true)] out ExecutedBlock? executed,
        [NotNullWhen(false)] out BlockRefusal? refusal)
    {
        Invariant.Require(parentState.Root == block.Parent.StateRoot);
        try
        {
            refusal = Execute(block, parentState, inputs, hashes, out executed);
        }
        catch (Exception exception)
            when (exception is not StateUnavailable and not OutOfMemoryException)
        {
            executed = null;
            refusal = new BlockRefusal($"execution threw: {exception.Message}")
            {
                Broken = exception,
            };
        }
        return refusal is null && executed is not null;
    }

    private BlockRefusal? Execute(
        CheckedBlock block, WorldSnapshot parentState, BlockInputs? inputs, IBlockHashes? hashes,
        out ExecutedBlock? executed)
    {
        executed = null;
        BlockRules rules = Rules.At(block.Header);
        BlockExecution execution = BlockExecution.Start(
            parentState, block.Header, rules, inputs, Engine, hashes, Tracer);
        execution.BeforeTransaction = BeforeTransaction;
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            RecoveredTransaction transaction = block.Transactions[i];
            TransactionResult outcome = execution.TryApply(transaction);
            if (outcome.Error is { } error)
            {
                return new BlockRefusal(
                    $"could not apply tx {i} [{transaction.Hash}]: {error}")
                {
                    Broken = outcome.Broken,
                };
            }
        }
        if (!execution.TryFinish(
            block.Block.Ommers, block.Block.Withdrawals, out ExecutedBlock? result,
            out BlockRefusal? refusal))
        {
            return refusal;
        }
        if (Compare(block.Header, result.Header) is { } difference)
        {
            return new BlockRefusal(difference) { OwnStateRoot = result.Header.StateRoot };
        }
        Invariant.Require(result.Header.Hash == block.Header.Hash);
        executed = result with { Block = block.Block };
        return null;
    }

    private static string? Compare(BlockHeader header, BlockHeader own)
    {
        if (header.GasUsed != own.GasUsed)
        {
            return $"invalid gas used (remote: {header.GasUsed} local: {own.GasUsed})";
        }
        if (header.BlobGasUsed != own.BlobGasUsed)
        {
            return $"blob gas used mismatch (header {header.BlobGasUsed}, "
                + $"calculated {own.BlobGasUsed})";
        }
        if (!header.LogsBloom.Equals(own.LogsBloom))
        {
            return "invalid bloom";
        }
        if (header.ReceiptsRoot != own.ReceiptsRoot)
        {
            return "invalid receipt root hash "
                + $"(remote: {header.ReceiptsRoot} local: {own.ReceiptsRoot})";
        }
        if (header.RequestsHash != own.RequestsHash)
        {
            return $"invalid requests hash (remote: {header.RequestsHash} "
                + $"local: {own.RequestsHash})";
        }
        return header.StateRoot == own.StateRoot
            ? null
            : $"invalid merkle root (remote: {header.StateRoot} local: {own.StateRoot})";
    }
}
