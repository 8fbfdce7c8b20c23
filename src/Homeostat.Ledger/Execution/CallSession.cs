using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// One request on one state, to be run as often as wanted, with one gas limit or another.
/// </summary>
internal sealed class CallSession
{
    private readonly WorldState _world;
    private readonly BlockRules _rules;
    private readonly IEvmEngine _engine;
    private readonly BlockEnvironment _block;
    private readonly CallContext _context;
    private readonly CallRequest _request;
    private readonly UInt256 _maxFee;
    private readonly UInt256 _tip;
    private readonly PrecompileOverrides? _precompiles;
    private readonly string? _problem;

    public CallSession(
        ChainRules rules, IEvmEngine engine, CallContext context, CallRequest request)
    {
        _context = context;
        _request = request;
        _engine = engine;
        _rules = rules.At(context.Header);
        _tip = request.MaxPriorityFee ?? request.GasPrice ?? UInt256.Zero;
        _maxFee = request.MaxFee ?? request.GasPrice ?? _tip;
        _block = EnvironmentFor(context);
        _world = new WorldState(context.State);
        _world.WarmAlways(_rules.Precompiles);
        if (context.Accounts.Count > 0)
        {
            _precompiles = new PrecompileOverrides(_rules.Evm.Fork);
            _problem = StateOverrides.Apply(_world, context.Accounts, _precompiles);
        }
    }

    private bool HasPrice => !_maxFee.IsZero || !_tip.IsZero;

    /// <summary>A call without data to an account without code.</summary>
    public bool IsPlainTransfer => _request.To is { } to && _request.Data.Length == 0
        && _request.AccessList.Length == 0 && _request.Authorizations.Length == 0
        && _world.GetCode(to).IsEmpty;

    /// <summary>What an access list need not name: sender, target and precompiles.</summary>
    public IReadOnlyList<Address> Excluded =>
        [.. _rules.Precompiles, _request.From, _request.To ?? CreatedAddress];

    private ulong Nonce => _request.Nonce ?? _world.GetNonce(_request.From);

    private Address CreatedAddress => ContractAddress.FromNonce(_request.From, Nonce);

    /// <summary>
    /// The gas of a call: what is asked for, all there is otherwise; never over the cap.
    /// </summary>
    public ulong GasFor(ulong? asked)
    {
        ulong cap = _context.GasCap == 0 ? long.MaxValue : _context.GasCap;
        return Math.Min(asked ?? cap, cap);
    }

    /// <summary>
    /// The most gas an estimate may come to: block, cap, and what the sender can pay.
    /// </summary>
    public ulong EstimateCeiling()
    {
        ulong high = _request.Gas is { } asked && asked >= IntrinsicGas.Transaction
            ? asked
            : _block.GasLimit;
        high = Math.Min(GasFor(high), _rules.MaxTransactionGas);
        UInt256 balance = _world.GetBalance(_request.From);
        if (_maxFee.IsZero || balance < _request.Value)
        {
            return high;
        }
        UInt256 affordable = (balance - _request.Value) / _maxFee;
        return affordable < high ? affordable.ToUInt64Saturating() : high;
    }

    /// <summary>Runs the call and takes all its changes back.</summary>
    public CallOutcome Run(ulong gas, ITracer? tracer)
    {
        var transaction = new RecoveredTransaction(TransactionFor(gas), _request.From);
        var processor = new TransactionProcessor(
            _world, _rules, _block, _engine, tracer,
            TransactionProcessor.ClassesOf(_context.Header, _rules))
        {
            MovedPrecompiles = _precompiles,
        };
        TransactionChecks checks = HasPrice ? TransactionChecks.BaseFee : TransactionChecks.None;
        if ((_problem ?? processor.Validate(transaction, checks)) is { } error)
        {
            return new CallOutcome { Error = error };
        }
        int mark = _world.Snapshot();
        TransactionOutcome outcome = processor.Execute(transaction);
        Log[] logs = [.. _world.Logs];
        _world.Revert(mark);
        return new CallOutcome
        {
            Status = outcome.Result.Status,
            Output = outcome.Result.Output,
            GasUsed = outcome.GasUsed,
            GasRefunded = gas - outcome.Result.GasLeft > outcome.GasUsed
                ? gas - outcome.Result.GasLeft - outcome.GasUsed
                : 0,
            Logs = logs,
            CreatedAddress = outcome.CreatedAddress,
        };
    }

    private Transaction TransactionFor(ulong gas)
    {
        TransactionType wanted = _request.Authorizations.Length > 0 ? TransactionType.SetCode
            : _request.BlobHashes.Length > 0 ? TransactionType.Blob
            : TransactionType.DynamicFee;
        return new Transaction
        {
            Type = wanted == TransactionType.DynamicFee && _rules.HighestType < wanted
                ? _rules.HighestType
                : wanted,
            Nonce = Nonce,
            MaxFee = _maxFee,
            MaxPriorityFee = _tip,
            GasLimit = gas,
            To = _request.To,
            Value = _request.Value,
            Data = _request.Data,
            AccessList = _request.AccessList,
            MaxFeePerBlobGas = _request.MaxFeePerBlobGas ?? UInt256.Zero,
            BlobHashes = _request.BlobHashes,
            Authorizations = _request.Authorizations,
        };
    }

    /// <summary>
    /// The block's, with the overrides; a call without a price sees a base fee of 0.
    /// </summary>
    private BlockEnvironment EnvironmentFor(CallContext context)
    {
        BlockEnvironment block = BlockExecution.EnvironmentOf(
            context.Header, _rules,
            context.Hashes ?? new HistoryBlockHashes(context.State, context.Header));
        BlockOverrides changes = context.Block ?? new BlockOverrides();
        UInt256 baseFee = changes.BaseFee ?? (HasPrice ? block.BaseFee : UInt256.Zero);
        return block with
        {
            Number = changes.Number ?? block.Number,
            Timestamp = changes.Timestamp ?? block.Timestamp,
            GasLimit = changes.GasLimit ?? block.GasLimit,
            Coinbase = changes.Coinbase ?? block.Coinbase,
            PrevRandao = changes.PrevRandao ?? block.PrevRandao,
            BaseFee = baseFee,
            BlobBaseFee = changes.BlobBaseFee ?? block.BlobBaseFee,
        };
    }
}
