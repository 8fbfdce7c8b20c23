using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>An unsigned call as JSON-RPC's transaction object gives it; null is not given.</summary>
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

    public IReadOnlyList<Log> Logs { get; init; } = [];
    public Address? CreatedAddress { get; init; }

    public bool Succeeded => Error is null && Status == ExecutionStatus.Success;
}

/// <summary>Runs calls that change nothing: eth_call, eth_estimateGas, eth_createAccessList.</summary>
public sealed class CallSimulator(ChainRules rules, IEvmEngine engine)
{
    public ChainRules Rules { get; } = rules;

    public IEvmEngine Engine { get; } = engine;

    /// <summary>One call; nonce and, unless prices are given, base fee are not checked.</summary>
    public CallOutcome Call(CallContext context, CallRequest request) =>
        throw new NotSupportedException();

    /// <summary>
    /// The least gas limit with which the call succeeds, within geth's 1.5 % error ratio; false
    /// with the last outcome when there is none under the cap.
    /// </summary>
    public bool TryEstimateGas(
        CallContext context, CallRequest request, out ulong gas, out CallOutcome outcome) =>
        throw new NotSupportedException();

    /// <summary>The access list the call would profit from, and its outcome with that list.</summary>
    public CallOutcome CreateAccessList(
        CallContext context, CallRequest request, out AccessListEntry[] accessList) =>
        throw new NotSupportedException();
}
