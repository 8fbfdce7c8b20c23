using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>How many blobs a block may have, and how fast their price moves (EIP-7840).</summary>
/// <param name="Target">Blobs a block at which the price stays.</param>
/// <param name="Max">Most blobs in a block.</param>
/// <param name="UpdateFraction">The price e-folds for this much excess blob gas.</param>
public sealed record BlobSchedule(ulong Target, ulong Max, ulong UpdateFraction)
{
    public const ulong GasPerBlob = 1 << 17;
}

/// <summary>Where a block's base fee comes from.</summary>
public enum BaseFeeRule
{
    /// <summary>There is none (before London).</summary>
    None,

    /// <summary>EIP-1559: by how full the parent was.</summary>
    ByParentGas,

    /// <summary>Homeostat's: by gas used against the target over the time elapsed.</summary>
    ByElapsedTime,
}

/// <summary>How proof-of-work difficulty follows from the parent's.</summary>
public enum DifficultyRule
{
    /// <summary>Zero (EIP-3675).</summary>
    Zero,
    Frontier,

    /// <summary>EIP-2.</summary>
    Homestead,

    /// <summary>EIP-100, which also counts the parent's ommers.</summary>
    Byzantium,
}

/// <summary>A call the protocol itself makes before a block's first transaction.</summary>
/// <param name="Input">The calldata, from the block's header.</param>
public sealed record SystemCall(Address Target, Func<BlockHeader, byte[]> Input);

/// <summary>A call after the last transaction whose output is a request (EIP-7685).</summary>
public sealed record RequestCall(byte RequestType, Address Target);

/// <summary>
/// The rules of one block: what the fork in force says, as values. The processor asks these and
/// never for a fork or a network by name. <see cref="EthereumForks"/> holds the tables.
/// </summary>
public sealed record BlockRules
{
    /// <summary>2^63 − 1: no header has more gas (EIP-1985).</summary>
    public const ulong MaxGasLimit = long.MaxValue;

    public ulong ChainId { get; init; }

    public ForkRules Evm { get; init; } = ForkRules.For(Fork.Frontier);

    public DifficultyRule Difficulty { get; init; }

    /// <summary>Blocks by which the difficulty bomb was put off.</summary>
    public ulong BombDelay { get; init; }

    /// <summary>Wei for the coinbase of a proof-of-work block.</summary>
    public UInt256 BlockReward { get; init; }

    /// <summary>The block at which the DAO's balances move; its ten first headers say so.</summary>
    public ulong? DaoForkBlock { get; init; }

    public BaseFeeRule BaseFeeRule { get; init; }

    /// <summary>Withdrawals in the body (EIP-4895).</summary>
    public bool HasWithdrawals { get; init; }

    /// <summary>Most withdrawals in a block; none where there is no beacon chain.</summary>
    public int MaxWithdrawals { get; init; } = int.MaxValue;

    /// <summary>Addresses that are warm in every transaction: the precompiles.</summary>
    public IReadOnlyList<Address> Precompiles { get; init; } = EthereumForks.PrecompilesTo(4);

    /// <summary>Null before Cancun, where there is no blob gas.</summary>
    public BlobSchedule? Blobs { get; init; }

    /// <summary>Most blobs in one transaction (EIP-7594).</summary>
    public int MaxBlobsPerTransaction { get; init; } = int.MaxValue;

    /// <summary>False refuses blob transactions though the header has their fields.</summary>
    public bool AllowsBlobs { get; init; } = true;

    /// <summary>The blob price has a floor that follows the base fee (EIP-7918).</summary>
    public bool HasBlobReservePrice { get; init; }

    /// <summary>The header has a parentBeaconBlockRoot (EIP-4788).</summary>
    public bool HasBeaconRoot { get; init; }

    /// <summary>The header has a requestsHash (EIP-7685).</summary>
    public bool HasRequests { get; init; }

    /// <summary>Logs of this contract are deposit requests (EIP-6110).</summary>
    public Address? DepositContract { get; init; }

    public IReadOnlyList<SystemCall> CallsBefore { get; init; } = [];
    public IReadOnlyList<RequestCall> CallsAfter { get; init; } = [];

    /// <summary>Most gas one transaction may ask for (EIP-7825).</summary>
    public ulong MaxTransactionGas { get; init; } = ulong.MaxValue;

    /// <summary>Least gas for calldata (EIP-7623).</summary>
    public bool HasCalldataFloor { get; init; }

    /// <summary>Gas of a non-zero byte of calldata (EIP-2028).</summary>
    public ulong CalldataByteGas { get; init; } = 68;

    /// <summary>Highest transaction type allowed.</summary>
    public TransactionType HighestType { get; init; }

    /// <summary>Transactions may name their chain (EIP-155).</summary>
    public bool HasReplayProtection { get; init; }

    /// <summary>Most bytes of a block's RLP (EIP-7934).</summary>
    public int MaxBlockSize { get; init; } = int.MaxValue;

    /// <summary>Successive blocks may have the same second (Homeostat: time is in ms).</summary>
    public bool TimestampMayRepeat { get; init; }

    /// <summary>
    /// Time, gas limit, payload hash and transaction 0 come from <see cref="BlockInputs"/>.
    /// </summary>
    public bool HasInputs { get; init; }

    /// <summary>
    /// Where the validators' inclusion fees gather. Where there is one, transactions pay the prices
    /// of their class (<see cref="ClassPrices"/>) and the coinbase gets nothing; null: as in
    /// Ethereum they pay their bid, and the coinbase gets what is above the base fee.
    /// </summary>
    public Address? FeePool { get; init; }

    /// <summary>
    /// The base fee after this parent; where it follows time, the parent's is the best guess.
    /// </summary>
    public UInt256 EstimateBaseFee(BlockHeader parent) =>
        BaseFeeRule == BaseFeeRule.ByParentGas
            ? HeaderRules.NextBaseFee(parent)
            : parent.BaseFee ?? UInt256.Zero;

    public bool IsProofOfStake => Difficulty == DifficultyRule.Zero;
}
