using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// How one transaction fared in a block: a receipt, or geth's text why it can't be in it.
/// </summary>
public sealed record TransactionResult
{
    /// <summary>Null when the transaction was left out and nothing changed.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>Null when it is in the block (whether or not its call succeeded).</summary>
    public string? Error { get; init; }

    public ExecutionStatus Status { get; init; }

    /// <summary>Return or revert data.</summary>
    public byte[] Output { get; init; } = [];

    /// <summary>
    /// What executing it threw: a defect of this node, worth a dump. A builder leaves the
    /// transaction out, a validator refuses the block.
    /// </summary>
    public Exception? Broken { get; init; }

    [MemberNotNullWhen(true, nameof(Receipt))]
    public bool IsIncluded => Receipt is not null;
}

/// <summary>
/// A block being executed, transaction by transaction. Validation and building are this one object:
/// start, apply each, finish. Not thread-safe.
/// </summary>
public sealed partial class BlockExecution
{
    private readonly WorldSnapshot _parentState;
    private readonly BlockRules _rules;
    private readonly BlockInputs? _inputs;
    private readonly TransactionProcessor _processor;
    private readonly SystemContracts _system;
    private readonly List<RecoveredTransaction> _transactions = [];
    private readonly List<Receipt> _receipts = [];
    private BlockRefusal? _broken;

    private BlockExecution(
        WorldSnapshot parentState, BlockHeader header, BlockRules rules, BlockInputs? inputs,
        IEvmEngine engine, BlockEnvironment environment, ITracer? tracer)
    {
        Invariant.Require(rules.HasInputs == inputs is not null);
        _parentState = parentState;
        Header = header;
        _rules = rules;
        _inputs = inputs;
        State = new WorldState(parentState);
        _processor = new TransactionProcessor(
            State, rules, environment, engine, tracer,
            TransactionProcessor.ClassesOf(header, rules))
        {
            Lists = rules.HasInputs ? Allowlists.Of(parentState) : null,
        };
        _system = new SystemContracts(State, rules, environment, engine);
    }

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
    /// <param name="engine">Used by this execution alone until it is finished.</param>
    /// <param name="hashes">
    /// Hashes of ancestors; null reads them from the state (EIP-2935), as Prague and later allow.
    /// </param>
    /// <param name="tracer">Watches the transactions; null for none.</param>
    public static BlockExecution Start(
        WorldSnapshot parentState, BlockHeader header, BlockRules rules, BlockInputs? inputs,
        IEvmEngine engine, IBlockHashes? hashes = null, ITracer? tracer = null)
    {
        BlockEnvironment environment = EnvironmentOf(
            header, rules, hashes ?? new HistoryBlockHashes(parentState, header));
        return Begin(parentState, header, rules, inputs, engine, environment, tracer);
    }

    private static BlockExecution Begin(
        WorldSnapshot parentState, BlockHeader header, BlockRules rules, BlockInputs? inputs,
        IEvmEngine engine, BlockEnvironment environment, ITracer? tracer)
    {
        var execution = new BlockExecution(
            parentState, header, rules, inputs, engine, environment, tracer);
        execution.State.WarmAlways(rules.Precompiles);
        if (rules.DaoForkBlock == header.Number.Value)
        {
            DaoFork.Apply(execution.State);
        }
        execution._system.CallBefore(header);
        return execution;
    }

    /// <summary>The header as given to <see cref="Start"/>.</summary>
    public BlockHeader Header { get; }

    public WorldState State { get; }

    /// <summary>
    /// Called before each transaction is executed; a test makes execution throw with it.
    /// </summary>
    public Action<RecoveredTransaction>? BeforeTransaction { get; set; }

    public IReadOnlyList<RecoveredTransaction> Transactions => _transactions;

    public IReadOnlyList<Receipt> Receipts => _receipts;

    /// <summary>Gas used by the transactions so far.</summary>
    public ulong GasUsed { get; private set; }

    public ulong BlobGasUsed { get; private set; }

    public ulong GasLeft => Header.GasLimit - GasUsed;

    /// <summary>Watches the transactions from the next on; null for none.</summary>
    public ITracer? Tracer
    {
        get => _processor.Tracer;
        set => _processor.Tracer = value;
    }

    /// <summary>What the EVM sees of a block with this header.</summary>
    public static BlockEnvironment EnvironmentOf(
        BlockHeader header, BlockRules rules, IBlockHashes hashes) => new()
        {
            Coinbase = header.Coinbase,
            Number = header.Number.Value,
            Timestamp = header.Timestamp,
            GasLimit = header.GasLimit,
            BaseFee = header.BaseFee ?? UInt256.Zero,
            PrevRandao = rules.IsProofOfStake
                ? UInt256.FromHash256(header.MixHash)
                : header.Difficulty,
            BlobBaseFee = rules.Blobs is { } schedule
                ? BlobGas.Price(header.ExcessBlobGas ?? 0, schedule)
                : UInt256.Zero,
            ChainId = rules.ChainId,
            BlockHashes = hashes,
        };

    /// <summary>
    /// Executes the transaction if it is valid here. Otherwise nothing has changed and the next may
    /// be tried; but a transaction 0 that fails leaves a block that can't be finished.
    /// </summary>
    public TransactionResult TryApply(RecoveredTransaction transaction)
    {
        bool isTransaction0 = _inputs is not null && _transactions.Count == 0;
        string? error = isTransaction0
            ? InputRules.CheckTransaction0(transaction, Header, _inputs!)
            : null;
        TransactionChecks checks = isTransaction0
            ? TransactionChecks.Nonce | TransactionChecks.Sender
            : TransactionChecks.All;
        error ??= CheckRoom(transaction.Transaction) ?? _processor.Validate(transaction, checks);
        if (error is not null)
        {
            return new TransactionResult { Error = error };
        }
        if (!TryExecute(transaction, out TransactionOutcome outcome, out Exception? broken))
        {
            return new TransactionResult
            {
                Error = $"execution threw: {broken.Message}",
                Broken = broken,
            };
        }
        if (isTransaction0 && !outcome.Result.IsSuccess)
        {
            _broken = new BlockRefusal($"transaction 0 failed: {outcome.Result.Status} "
                + Hex.Encode(outcome.Result.Output));
        }
        Receipt receipt = Include(transaction, outcome);
        return new TransactionResult
        {
            Receipt = receipt,
            Status = outcome.Result.Status,
            Output = outcome.Result.Output,
        };
    }

    /// <summary>
    /// False when the code that executes threw; then all changes are undone. Damaged local state is
    /// not the transaction's doing and is thrown on.
    /// </summary>
    private bool TryExecute(
        RecoveredTransaction transaction, out TransactionOutcome outcome,
        [NotNullWhen(false)] out Exception? broken)
    {
        int mark = State.Snapshot();
        try
        {
            BeforeTransaction?.Invoke(transaction);
            outcome = _processor.Execute(transaction);
            broken = null;
            return true;
        }
        catch (Exception exception)
            when (exception is not StateUnavailable and not OutOfMemoryException)
        {
            State.Revert(mark);
            outcome = default;
            broken = exception;
            return false;
        }
    }

    private string? CheckRoom(Transaction transaction)
    {
        if (transaction.GasLimit > GasLeft)
        {
            return "gas limit reached";
        }
        ulong blobGas = BlobGasUsed + TransactionProcessor.BlobGasOf(transaction);
        ulong most = _rules.Blobs is { } schedule ? schedule.Max * BlobSchedule.GasPerBlob : 0;
        return transaction.Type == TransactionType.Blob && blobGas > most
            ? $"blob gas used {blobGas} exceeds maximum allowance {most}"
            : null;
    }

    private Receipt Include(RecoveredTransaction transaction, in TransactionOutcome outcome)
    {
        IReadOnlyList<Log> logs = State.EndTransaction(_rules.Evm.ClearsEmptyAccounts);
        ulong blobGas = TransactionProcessor.BlobGasOf(transaction.Transaction);
        GasUsed += outcome.GasUsed;
        BlobGasUsed += blobGas;
        var receipt = new Receipt
        {
            Type = transaction.Transaction.Type,
            Succeeded = outcome.Result.IsSuccess,
            PostState = _rules.Evm.IsByzantium ? null : State.ComputeRoot(),
            CumulativeGasUsed = GasUsed,
            Bloom = Bloom.Of(logs),
            Logs = logs,
            GasUsed = outcome.GasUsed,
            EffectiveGasPrice = outcome.Price,
            CreatedAddress = outcome.CreatedAddress,
            BlobGasUsed = blobGas,
        };
        _transactions.Add(transaction);
        _receipts.Add(receipt);
        return receipt;
    }

    /// <summary>
    /// Does what the fork does after the last transaction (withdrawals, requests, rewards) and
    /// computes the roots: the block's header is that of <see cref="Start"/> with them filled in.
    /// False when the block can't be valid whatever its header (a system call failed; a Homeostat
    /// block without transaction 0).
    /// </summary>
    public bool TryFinish(
        IReadOnlyList<BlockHeader> ommers, IReadOnlyList<Withdrawal>? withdrawals,
        [NotNullWhen(true)] out ExecutedBlock? block,
        [NotNullWhen(false)] out BlockRefusal? refusal)
    {
        block = null;
        refusal = _broken;
        if (_inputs is not null && _transactions.Count == 0)
        {
            refusal ??= new BlockRefusal("transaction 0 is missing");
        }
        List<byte[]>? requests = null;
        if (refusal is null && _rules.HasRequests)
        {
            requests = _system.CollectRequests(_receipts, out string? error);
            refusal = error is null ? null : new BlockRefusal(error);
        }
        if (refusal is not null)
        {
            return false;
        }
        RecordClasses();
        RecordOrdering();
        Rewards.Pay(State, Header, ommers, withdrawals ?? [], _rules);
        State.EndTransaction(_rules.Evm.ClearsEmptyAccounts);
        block = Seal(ommers, withdrawals, requests);
        return true;
    }

    /// <summary>
    /// Slot 0 of FeePool: gas of fast and of urgent transactions in this block, which the ordering
    /// loop reads in the next.
    /// </summary>
    private void RecordClasses()
    {
        if (_rules.FeePool is { } pool && _processor.Classes is { } classes)
        {
            (ulong fast, ulong urgent) = classes.Gas;
            State.SetStorage(pool, UInt256.Zero, new UInt256(fast, urgent));
        }
    }

    /// <summary>What the next blocks' order depends on: the reveal and commitments.</summary>
    private void RecordOrdering()
    {
        if (_inputs is { Ordering.Reveal: { IsZero: false } reveal })
        {
            PlaceSeed.Apply(State, _parentState, Header.Coinbase, Header.Number, reveal);
        }
        if (_inputs is not null && _rules.FeePool is { } pool)
        {
            SealedCommitments.Record(State, pool, Header.Number, _transactions);
        }
    }

    private ExecutedBlock Seal(
        IReadOnlyList<BlockHeader> ommers, IReadOnlyList<Withdrawal>? withdrawals,
        List<byte[]>? requests)
    {
        (WorldSnapshot state, StateChanges changes) = State.Commit();
        Transaction[] transactions = [.. _transactions.Select(item => item.Transaction)];
        BlockHeader header = Header with
        {
            OmmersHash = OmmerRules.HashOf(ommers),
            StateRoot = state.Root,
            TransactionsRoot = ListRoot.OfTransactions(transactions),
            ReceiptsRoot = ListRoot.OfReceipts(_receipts),
            LogsBloom = Bloom.Union(_receipts),
            GasUsed = GasUsed,
            WithdrawalsRoot = withdrawals is null ? null : ListRoot.OfWithdrawals(withdrawals),
            BlobGasUsed = _rules.Blobs is null ? null : BlobGasUsed,
            RequestsHash = requests is null ? null : SystemContracts.HashOf(requests),
        };
        var block = new Block
        {
            Header = header,
            Transactions = transactions,
            Ommers = ommers,
            Withdrawals = withdrawals,
        };
        return new ExecutedBlock
        {
            Block = block,
            Transactions = _transactions,
            Receipts = _receipts,
            State = state,
            Changes = changes,
            Requests = requests,
        };
    }
}
