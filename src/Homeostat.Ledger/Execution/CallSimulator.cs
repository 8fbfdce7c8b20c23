using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// An unsigned call as JSON-RPC's transaction object gives it; null is not given.
/// </summary>
public sealed record CallRequest
{
    public Address From { get; init; }

    /// <summary>Null for a creation.</summary>
    public Address? To { get; init; }

    public ulong? Gas { get; init; }
    public ulong? Nonce { get; init; }
    public UInt256? GasPrice { get; init; }
    public UInt256? MaxFee { get; init; }
    public UInt256? MaxPriorityFee { get; init; }
    public UInt256? MaxFeePerBlobGas { get; init; }
    public UInt256 Value { get; init; }
    public byte[] Data { get; init; } = [];
    public AccessListEntry[] AccessList { get; init; } = [];
    public Hash256[] BlobHashes { get; init; } = [];
    public Authorization[] Authorizations { get; init; } = [];
}

/// <summary>An account as a call is to see it; null is as it is.</summary>
public sealed record AccountOverride
{
    public ulong? Nonce { get; init; }
    public UInt256? Balance { get; init; }
    public byte[]? Code { get; init; }

    /// <summary>The whole storage.</summary>
    public IReadOnlyList<KeyValuePair<UInt256, UInt256>>? State { get; init; }

    /// <summary>Slots that differ; not together with <see cref="State"/>.</summary>
    public IReadOnlyList<KeyValuePair<UInt256, UInt256>>? StateDiff { get; init; }

    /// <summary>Where the precompile of this address is to answer instead.</summary>
    public Address? MovePrecompileTo { get; init; }
}

/// <summary>The block as a call is to see it; null is as it is.</summary>
public sealed record BlockOverrides
{
    public ulong? Number { get; init; }
    public ulong? Timestamp { get; init; }
    public ulong? GasLimit { get; init; }
    public Address? Coinbase { get; init; }
    public UInt256? PrevRandao { get; init; }
    public UInt256? BaseFee { get; init; }
    public UInt256? BlobBaseFee { get; init; }

    /// <summary>Of a simulated block (EIP-4788).</summary>
    public Hash256? BeaconRoot { get; init; }

    /// <summary>Of a simulated block (EIP-4895).</summary>
    public IReadOnlyList<Withdrawal>? Withdrawals { get; init; }
}

/// <summary>All a simulated call runs on.</summary>
public sealed record CallContext
{
    public required WorldSnapshot State { get; init; }

    /// <summary>The block the call runs in: the one whose state it is.</summary>
    public required BlockHeader Header { get; init; }

    public IReadOnlyList<KeyValuePair<Address, AccountOverride>> Accounts { get; init; } = [];
    public BlockOverrides? Block { get; init; }

    /// <summary>Most gas a call may have (--rpc.gascap); 0 for no cap.</summary>
    public ulong GasCap { get; init; }

    public IBlockHashes? Hashes { get; init; }
    public ITracer? Tracer { get; init; }
}

/// <summary>What a simulated call gave.</summary>
public sealed record CallOutcome
{
    /// <summary>Geth's text when the call could not run at all ("insufficient funds …").</summary>
    public string? Error { get; init; }

    public ExecutionStatus Status { get; init; }

    /// <summary>Return or revert data.</summary>
    public byte[] Output { get; init; } = [];

    /// <summary>Intrinsic gas included, refunds taken off.</summary>
    public ulong GasUsed { get; init; }

    /// <summary>Taken off <see cref="GasUsed"/>: the limit must have room for it as well.</summary>
    public ulong GasRefunded { get; init; }

    public IReadOnlyList<Log> Logs { get; init; } = [];
    public Address? CreatedAddress { get; init; }

    public bool Succeeded => Error is null && Status == ExecutionStatus.Success;
}

/// <summary>
/// Runs calls that change nothing: eth_call, eth_estimateGas, eth_createAccessList. On any
/// snapshot, by any thread that owns the engine meanwhile.
/// </summary>
public sealed class CallSimulator(ChainRules rules, IEvmEngine engine)
{
    private const ulong CallStipend = 2_300;

    // Geth's: a search ends when the answer is within 1.5 % (15 / 1000).
    private const ulong ErrorRatioPerMille = 15;
    private const int MostAccessListRounds = 16;

    public ChainRules Rules { get; } = rules;

    public IEvmEngine Engine { get; } = engine;

    /// <summary>One call; nonce and, unless prices are given, base fee are not checked.</summary>
    public CallOutcome Call(CallContext context, CallRequest request)
    {
        var session = new CallSession(Rules, Engine, context, request);
        return session.Run(session.GasFor(request.Gas), context.Tracer);
    }

    /// <summary>
    /// The least gas limit with which the call succeeds, within geth's 1.5 % error ratio; false
    /// with the last outcome when there is none under the cap.
    /// </summary>
    public bool TryEstimateGas(
        CallContext context, CallRequest request, out ulong gas, out CallOutcome outcome)
    {
        var session = new CallSession(Rules, Engine, context, request);
        ulong high = session.EstimateCeiling();
        gas = 0;
        if (session.IsPlainTransfer && high >= IntrinsicGas.Transaction)
        {
            outcome = session.Run(IntrinsicGas.Transaction, context.Tracer);
            if (outcome.Succeeded)
            {
                gas = IntrinsicGas.Transaction;
                return true;
            }
        }
        outcome = session.Run(high, context.Tracer);
        if (!outcome.Succeeded)
        {
            bool isShort = outcome.Error is null && outcome.Status != ExecutionStatus.Revert
                || outcome.Error?.StartsWith("intrinsic gas", StringComparison.Ordinal) == true;
            outcome = isShort
                ? outcome with { Error = $"gas required exceeds allowance ({high})" }
                : outcome;
            return false;
        }
        gas = Search(session, outcome, high, context.Tracer);
        return true;
    }

    /// <summary>Halves the range between a limit known too low and one known enough.</summary>
    private static ulong Search(
        CallSession session, CallOutcome outcome, ulong high, ITracer? tracer)
    {
        ulong low = outcome.GasUsed - 1;
        ulong likely = (outcome.GasUsed + outcome.GasRefunded + CallStipend) * 64 / 63;
        if (likely < high)
        {
            if (session.Run(likely, tracer).Succeeded)
            {
                high = likely;
            }
            else
            {
                low = likely;
            }
        }
        while (low + 1 < high && (high - low) * 1000 >= high * ErrorRatioPerMille)
        {
            ulong middle = Math.Min(low + (high - low) / 2, low * 2);
            if (session.Run(middle, tracer).Succeeded)
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }
        return high;
    }

    /// <summary>
    /// The access list the call would profit from, and its outcome with that list.
    /// </summary>
    public CallOutcome CreateAccessList(
        CallContext context, CallRequest request, out AccessListEntry[] accessList)
    {
        accessList = request.AccessList;
        CallOutcome outcome = new();
        for (int i = 0; i < MostAccessListRounds; i++)
        {
            var session = new CallSession(
                Rules, Engine, context, request with { AccessList = accessList });
            var tracer = new AccessListTracer(session.Excluded, accessList, context.Tracer);
            outcome = session.Run(session.GasFor(request.Gas), tracer);
            AccessListEntry[] found = tracer.ToAccessList();
            bool isStable = AccessListTracer.Same(found, accessList);
            accessList = found;
            if (isStable || outcome.Error is not null)
            {
                break;
            }
        }
        return outcome;
    }
}
