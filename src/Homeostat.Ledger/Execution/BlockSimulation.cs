using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>One block of an eth_simulateV1.</summary>
public sealed record SimulatedBlockRequest
{
    public BlockOverrides Block { get; init; } = new();
    public IReadOnlyList<KeyValuePair<Address, AccountOverride>> Accounts { get; init; } = [];
    public IReadOnlyList<CallRequest> Calls { get; init; } = [];
}

/// <summary>An eth_simulateV1: blocks with calls on top of a base.</summary>
public sealed record SimulationRequest
{
    public required WorldSnapshot State { get; init; }

    /// <summary>The block whose state that is.</summary>
    public required BlockHeader Base { get; init; }

    /// <summary>Hashes of the base's ancestors.</summary>
    public required IBlockHashes Hashes { get; init; }

    public required IReadOnlyList<SimulatedBlockRequest> Blocks { get; init; }

    /// <summary>Nonces and base fee are checked as in a real block.</summary>
    public bool Validates { get; init; }

    public bool TracesTransfers { get; init; }

    /// <summary>Gas of all calls together; 0 for no cap.</summary>
    public ulong GasCap { get; init; }

    /// <summary>Numbers that the simulation may go beyond its base.</summary>
    public int MostBlocks { get; init; } = 256;

    /// <summary>Hears of calls' starts and of pulses; stops all by throwing.</summary>
    public ITracer? Watch { get; init; }
}

/// <summary>A log with its index in the block.</summary>
public sealed record SimulatedLog(Log Log, int Index);

/// <summary>How a simulated call ended.</summary>
/// <param name="MaxGasUsed">Before refunds: what the gas limit must have room for.</param>
public sealed record SimulatedCall(
    ExecutionStatus Status, byte[] Output, ulong GasUsed, ulong MaxGasUsed,
    IReadOnlyList<SimulatedLog> Logs);

public sealed record SimulatedBlock(ExecutedBlock Executed, IReadOnlyList<SimulatedCall> Calls);

/// <summary>Why a simulation stopped, with execution-apis' error code.</summary>
public sealed record SimulationRefusal(int Code, string Reason)
{
    public const int Server = -32000;
    public const int Internal = -32603;
    public const int NonceTooLow = -38010;
    public const int NonceTooHigh = -38011;
    public const int BaseFeeTooLow = -38012;
    public const int IntrinsicGas = -38013;
    public const int InsufficientFunds = -38014;
    public const int BlockGasLimit = -38015;
    public const int BlockNumber = -38020;
    public const int BlockTimestamp = -38021;
    public const int InitcodeSize = -38025;
    public const int TooManyBlocks = -38026;

    /// <summary>For a text of <see cref="TransactionProcessor.Validate"/>.</summary>
    internal static SimulationRefusal ForCall(string error, ulong gas)
    {
        (string Start, int Code)[] known =
        [
            ("nonce too low", NonceTooLow), ("nonce too high", NonceTooHigh),
            ("max fee per gas less than", BaseFeeTooLow), ("intrinsic gas", IntrinsicGas),
            ("insufficient funds", InsufficientFunds), ("max initcode size", InitcodeSize),
        ];
        int code = Internal;
        foreach ((string start, int named) in known)
        {
            code = error.StartsWith(start, StringComparison.Ordinal) ? named : code;
        }
        return new SimulationRefusal(code, $"err: {error} (supplied gas {gas})");
    }
}
