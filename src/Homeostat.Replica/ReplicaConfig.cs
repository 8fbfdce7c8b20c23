using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>Local limits of one node, none of which changes what is valid.</summary>
public sealed record ReplicaLimits
{
    /// <summary>Longest wire message; see <see cref="WireLimits.MaxMessageBytes"/>.</summary>
    public int MessageBytes { get; init; } = WireLimits.MaxMessageBytes;

    /// <summary>Transactions in one submission (JSON-RPC batches are split to this).</summary>
    public int SubmitBatch { get; init; } = 1_000;

    /// <summary>Transactions in one gossip message: about 60 kB of transfers.</summary>
    public int GossipBatch { get; init; } = 500;

    /// <summary>How long a transaction waits for others to share its message.</summary>
    public int GossipDelayMs { get; init; } = 5;

    /// <summary>After this, a transaction that is in no final block is told again.</summary>
    public int ResendMs { get; init; } = 2_000;

    /// <summary>Own transactions remembered for telling them again.</summary>
    public int ResendMemory { get; init; } = 65_536;

    /// <summary>
    /// Transactions of one peer being decoded and recovered: under a second of one core.
    /// </summary>
    public int PeerTransactionsInFlight { get; init; } = 8_192;

    /// <summary>Longest transaction, as in geth (four slots of 32 KiB).</summary>
    public int TransactionBytes { get; init; } = 128 * 1024;

    /// <summary>Encoded transactions a block is offered at most.</summary>
    public int BlockTransactions { get; init; } = 10_000;

    /// <summary>Blocks between state checkpoints: bounds replay at start.</summary>
    public int CheckpointBlocks { get; init; } = 256;

    /// <summary>Transactions between state checkpoints: about three seconds of replay.</summary>
    public int CheckpointTransactions { get; init; } = 30_000;

    /// <summary>
    /// Trie nodes in memory after a checkpoint, at about 250 bytes: 128 MB. Between checkpoints
    /// those come on top that the transactions of one checkpoint touch.
    /// </summary>
    public int LoadedNodes { get; init; } = 500_000;

    /// <summary>Bytes of contract code in memory with their accounts, after a checkpoint.</summary>
    public long LoadedCodeBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>
    /// Proposals leave without the transactions that others have. Off in simulations where an
    /// adversary changes what leaves a node.
    /// </summary>
    public bool CompactBodies { get; init; } = true;

    /// <summary>
    /// Keys and values in one answer to a node that joins. Making one holds the thread that
    /// executes blocks for some 40 ms, which a vote may wait for.
    /// </summary>
    public int SnapshotAnswerBytes { get; init; } = 256 * 1024;

    public ReplicaLimits Validate()
    {
        Invariant.Require(MessageBytes > 0);
        Invariant.Require(SubmitBatch > 0);
        Invariant.Require(GossipBatch is > 0 and <= WireLimits.MaxTransactions);
        Invariant.Require(GossipDelayMs >= 0);
        Invariant.Require(ResendMs > 0);
        Invariant.Require(ResendMemory > 0);
        Invariant.Require(PeerTransactionsInFlight >= GossipBatch);
        Invariant.Require(TransactionBytes > 0);
        Invariant.Require(BlockTransactions > 0);
        Invariant.Require(CheckpointBlocks > 0);
        Invariant.Require(CheckpointTransactions > 0);
        Invariant.Require(LoadedNodes > 0);
        Invariant.Require(SnapshotAnswerBytes is > 0 and <= 1024 * 1024);
        Invariant.Require(LoadedCodeBytes > 0);
        return this;
    }
}

/// <summary>What one node is made of.</summary>
public sealed record ReplicaConfig
{
    /// <summary>The network: all nodes agree.</summary>
    public required GenesisDocument Genesis { get; init; }

    /// <summary>The validator's key; null: an observer, that follows and never votes.</summary>
    public ISigner? Signer { get; init; }

    /// <summary>This node's own name among peers; a validator's is its signer's address.</summary>
    public required PeerId Self { get; init; }

    public ReplicaLimits Limits { get; init; } = new();

    /// <summary>
    /// A node without a chain joins by a snapshot that stands on this block; null: from genesis.
    /// </summary>
    public TrustedCheckpoint? Checkpoint { get; init; }

    /// <summary>Null: <see cref="ChainConfig.UnbondingMs"/>; other in tests only.</summary>
    public long? CheckpointAgeMs { get; init; }

    /// <summary>Agreed recoveries, heights rising; the same on all nodes.</summary>
    public IReadOnlyList<ValidatorRecovery> Recoveries { get; init; } = [];

    /// <summary>
    /// This node follows and signals no protocol revision above it; null: the newest its code
    /// knows.
    /// </summary>
    public ulong? NewestRevision { get; init; }

    public PoolLimits PoolLimits { get; init; } = new();

    /// <summary>
    /// Local timers; the block interval in it is replaced by the chain's own parameter.
    /// </summary>
    public ConsensusParameters Timing { get; init; } = new();

    /// <summary>One engine for each work.</summary>
    public Func<IEvmEngine> Engine { get; init; } = () => new EvmEngine();

    /// <summary>Who voted; a simulation shares a memo among all nodes.</summary>
    public IVoteVerifier Votes { get; init; } = new Secp256k1Verifier();

    /// <summary>
    /// Who sent a transaction; a simulation shares a memo among all nodes, and a node's own, a
    /// megabyte, is made only where none was given.
    /// </summary>
    public ISenderRecovery Senders { get => field ??= new SenderMemo(); init; }

    /// <summary>Another than the network's only where a test makes a node diverge.</summary>
    public Func<IStorageReader, BlockFacts, byte[]> Transaction0 { get; init; } =
        SteeringProgram.Transaction0;

    /// <summary>Called before each transaction; a test makes execution throw with it.</summary>
    public Action<RecoveredTransaction>? BeforeTransaction { get; init; }

    /// <summary>Faults in consensus, which a test of the simulator plants.</summary>
    internal PlantedBugs Bugs { get; init; } = PlantedBugs.None;
}
