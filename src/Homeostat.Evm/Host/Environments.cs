using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>Hashes of this block's ancestors.</summary>
public interface IBlockHashes
{
    /// <summary>
    /// Hash of the block at a height among the 256 before this one (the EVM asks for no other);
    /// <see cref="Hash256.Zero"/> when it is not known.
    /// </summary>
    Hash256 Get(ulong number);
}

/// <summary>What opcodes can ask about the block.</summary>
public sealed record BlockEnvironment
{
    public required Address Coinbase { get; init; }
    public required ulong Number { get; init; }

    /// <summary>Seconds.</summary>
    public required ulong Timestamp { get; init; }

    public required ulong GasLimit { get; init; }
    public UInt256 BaseFee { get; init; }

    /// <summary>PREVRANDAO from Paris on, the difficulty before (both are opcode 0x44).</summary>
    public UInt256 PrevRandao { get; init; }

    public UInt256 BlobBaseFee { get; init; }
    public required ulong ChainId { get; init; }
    public required IBlockHashes BlockHashes { get; init; }
}

/// <summary>What opcodes can ask about the transaction.</summary>
public sealed record TransactionEnvironment
{
    public required Address Origin { get; init; }

    /// <summary>What is paid for a unit of gas.</summary>
    public UInt256 GasPrice { get; init; }

    public IReadOnlyList<Hash256> BlobHashes { get; init; } = [];

    /// <summary>
    /// False makes CREATE and CREATE2 fail as at too great a depth: the origin may not deploy.
    /// </summary>
    public bool MayCreate { get; init; } = true;
}

/// <summary>All an execution depends on but the message.</summary>
/// <param name="Tracer">Null for none, which costs nothing.</param>
public sealed record EvmContext(
    IWorld World,
    ForkRules Rules,
    BlockEnvironment Block,
    TransactionEnvironment Transaction,
    ITracer? Tracer = null)
{
    /// <summary>Where a simulation moved precompiles; null, and free, otherwise.</summary>
    public PrecompileOverrides? MovedPrecompiles { get; init; }
}
