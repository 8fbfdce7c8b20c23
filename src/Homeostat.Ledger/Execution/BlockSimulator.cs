using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// eth_simulateV1: whole blocks of unsigned calls on top of a state, each block on the one before,
/// with overrides before each. Blocks run through <see cref="BlockExecution"/> as real ones do, so
/// that their roots and hashes are what a chain would give; only the checks differ.
/// </summary>
public sealed class BlockSimulator(ChainRules rules, IEvmEngine engine)
{
    private const ulong SecondsBetweenBlocks = 12;

    /// <summary>The blocks, gaps between numbers filled with empty ones; or why not.</summary>
    public bool TryRun(
        SimulationRequest request, [NotNullWhen(true)] out IReadOnlyList<SimulatedBlock>? blocks,
        [NotNullWhen(false)] out SimulationRefusal? refusal)
    {
        blocks = null;
        if (!TryPlan(request, out List<SimulatedBlockRequest> planned, out refusal))
        {
            return false;
        }
        var run = new SimulationRun(rules, engine, request);
        foreach (SimulatedBlockRequest block in planned)
        {
            refusal = run.Add(block);
            if (refusal is not null)
            {
                return false;
            }
        }
        blocks = run.Blocks;
        refusal = null;
        return true;
    }

    /// <summary>Gives every block its number and time; false when they don't rise.</summary>
    private static bool TryPlan(
        SimulationRequest request, out List<SimulatedBlockRequest> planned,
        [NotNullWhen(false)] out SimulationRefusal? refusal)
    {
        planned = [];
        ulong number = request.Base.Number.Value;
        ulong time = request.Base.Timestamp;
        foreach (SimulatedBlockRequest block in request.Blocks)
        {
            ulong wanted = block.Block.Number ?? number + 1;
            refusal = CheckNumber(request, number, wanted);
            if (refusal is not null)
            {
                return false;
            }
            for (number++; number < wanted; number++)
            {
                time += SecondsBetweenBlocks;
                planned.Add(new SimulatedBlockRequest
                {
                    Block = new BlockOverrides { Number = number, Timestamp = time },
                });
            }
            ulong at = block.Block.Timestamp ?? time + SecondsBetweenBlocks;
            if (at <= time)
            {
                refusal = new SimulationRefusal(
                    SimulationRefusal.BlockTimestamp,
                    $"block timestamps must be in order: {at} <= {time}");
                return false;
            }
            time = at;
            planned.Add(block with
            {
                Block = block.Block with { Number = number, Timestamp = time },
            });
        }
        refusal = null;
        return true;
    }

    private static SimulationRefusal? CheckNumber(
        SimulationRequest request, ulong last, ulong wanted)
    {
        if (wanted <= last)
        {
            return new SimulationRefusal(
                SimulationRefusal.BlockNumber,
                $"block numbers must be in order: {wanted} <= {last}");
        }
        return wanted - request.Base.Number.Value > (ulong)request.MostBlocks
            ? new SimulationRefusal(SimulationRefusal.TooManyBlocks, "too many blocks")
            : null;
    }
}

/// <summary>A simulation on its way: what the next block stands on.</summary>
internal sealed class SimulationRun(
    ChainRules chainRules, IEvmEngine engine, SimulationRequest request) : IBlockHashes
{
    private readonly List<SimulatedBlock> _blocks = [];
    private BlockHeader _parent = request.Base;
    private WorldSnapshot _state = request.State;
    private ulong _gasLeft = request.GasCap == 0 ? long.MaxValue : request.GasCap;

    public IReadOnlyList<SimulatedBlock> Blocks => _blocks;

    /// <summary>Hashes of simulated blocks, and of real ones below them.</summary>
    public Hash256 Get(ulong number)
    {
        ulong first = request.Base.Number.Value;
        if (number <= first)
        {
            return number == first ? request.Base.Hash : request.Hashes.Get(number);
        }
        int index = (int)(number - first) - 1;
        return index < _blocks.Count ? _blocks[index].Executed.Header.Hash : Hash256.Zero;
    }

    public SimulationRefusal? Add(SimulatedBlockRequest block)
    {
        BlockRules rules = chainRules.At(
            new Height(block.Block.Number!.Value), block.Block.Timestamp!.Value,
            request.Base.Difficulty.IsZero) with { HasInputs = false };
        BlockHeader header = HeaderFor(block.Block, rules);
        var precompiles = new PrecompileOverrides(rules.Evm.Fork);
        var world = new WorldState(_state);
        if (StateOverrides.Apply(world, block.Accounts, precompiles) is { } problem)
        {
            return new SimulationRefusal(SimulationRefusal.Server, problem);
        }
        var tracer = new TransferLogTracer(request.TracesTransfers, request.Watch);
        BlockExecution execution = BlockExecution.StartSimulated(
            block.Accounts.Count == 0 ? _state : world.Commit().State, header, rules, engine,
            new SimulatedEnvironment(this, tracer, precompiles, block.Block.BlobBaseFee));
        var calls = new List<SimulatedCall>();
        foreach (CallRequest call in block.Calls)
        {
            if (Run(execution, rules, call, tracer, calls) is { } refusal)
            {
                return refusal;
            }
        }
        IReadOnlyList<Withdrawal>? withdrawals =
            rules.HasWithdrawals ? block.Block.Withdrawals ?? [] : null;
        if (!execution.TryFinish([], withdrawals, out ExecutedBlock? executed, out var broken))
        {
            return new SimulationRefusal(SimulationRefusal.Server, broken.Reason);
        }
        _blocks.Add(new SimulatedBlock(executed, calls));
        _parent = executed.Header;
        _state = executed.State;
        return null;
    }

    private BlockHeader HeaderFor(BlockOverrides wanted, BlockRules rules)
    {
        bool hasBlobs = rules.Blobs is not null;
        return new BlockHeader
        {
            ParentHash = _parent.Hash,
            Number = new Height(wanted.Number!.Value),
            Timestamp = wanted.Timestamp!.Value,
            Coinbase = wanted.Coinbase ?? _parent.Coinbase,
            GasLimit = wanted.GasLimit ?? _parent.GasLimit,
            Difficulty = rules.IsProofOfStake ? UInt256.Zero : _parent.Difficulty,
            MixHash = wanted.PrevRandao?.ToHash256() ?? Hash256.Zero,
            BaseFee = rules.BaseFeeRule == BaseFeeRule.None
                ? null
                : wanted.BaseFee
                    ?? (request.Validates ? rules.EstimateBaseFee(_parent) : UInt256.Zero),
            BlobGasUsed = hasBlobs ? 0 : null,
            ExcessBlobGas = !hasBlobs ? null
                : _parent.ExcessBlobGas is null ? 0
                : BlobGas.NextExcess(_parent, rules),
            ParentBeaconBlockRoot = rules.HasBeaconRoot
                ? wanted.BeaconRoot ?? Hash256.Zero
                : null,
        };
    }

    private SimulationRefusal? Run(
        BlockExecution execution, BlockRules rules, CallRequest call, TransferLogTracer tracer,
        List<SimulatedCall> calls)
    {
        ulong remaining = execution.GasLeft;
        if (call.Gas > remaining)
        {
            return new SimulationRefusal(
                SimulationRefusal.BlockGasLimit,
                $"block gas limit reached: remaining: {remaining}, required: {call.Gas}");
        }
        ulong gas = Math.Min(call.Gas ?? remaining, _gasLeft);
        Transaction transaction = TransactionFor(execution, rules, call, gas);
        TransactionChecks checks = request.Validates
            ? TransactionChecks.Nonce | TransactionChecks.BaseFee
            : transaction.MaxFee.IsZero && transaction.MaxPriorityFee.IsZero
                ? TransactionChecks.None
                : TransactionChecks.BaseFee;
        string? error = execution.TrySimulate(
            new RecoveredTransaction(transaction, call.From), checks,
            out TransactionOutcome outcome);
        if (error is not null)
        {
            return SimulationRefusal.ForCall(error, gas);
        }
        _gasLeft -= Math.Min(_gasLeft, outcome.GasUsed);
        calls.Add(new SimulatedCall(
            outcome.Result.Status, outcome.Result.Output, outcome.GasUsed,
            Math.Max(gas - outcome.Result.GasLeft, outcome.GasUsed), tracer.TakeLogs()));
        return null;
    }

    private static Transaction TransactionFor(
        BlockExecution execution, BlockRules rules, CallRequest call, ulong gas)
    {
        TransactionType wanted = call.GasPrice is not null ? TransactionType.Legacy
            : call.Authorizations.Length > 0 ? TransactionType.SetCode
            : call.BlobHashes.Length > 0 ? TransactionType.Blob
            : TransactionType.DynamicFee;
        TransactionType type = rules.HighestType < wanted ? TransactionType.Legacy : wanted;
        UInt256 tip = call.MaxPriorityFee ?? call.GasPrice ?? UInt256.Zero;
        return new Transaction
        {
            Type = type,
            ChainId = type == TransactionType.Legacy ? null : rules.ChainId,
            Nonce = call.Nonce ?? execution.State.GetNonce(call.From),
            MaxFee = call.MaxFee ?? call.GasPrice ?? tip,
            MaxPriorityFee = tip,
            GasLimit = gas,
            To = call.To,
            Value = call.Value,
            Data = call.Data,
            AccessList = call.AccessList,
            MaxFeePerBlobGas = call.MaxFeePerBlobGas ?? UInt256.Zero,
            BlobHashes = call.BlobHashes,
            Authorizations = call.Authorizations,
        };
    }
}
