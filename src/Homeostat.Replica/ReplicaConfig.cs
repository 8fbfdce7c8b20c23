namespace Homeostat.Replica;

/// <summary>Local limits of one node, none of which changes what is valid.</summary>
public sealed record ReplicaLimits
{
    /// <summary>Longest wire message: a full block of 60M gas of calldata is under 4 MiB.</summary>
    public int MessageBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Transactions in one submission (JSON-RPC batches are split to this).</summary>
    public int SubmitBatch { get; init; } = 1_000;

    /// <summary>Transactions in one gossip message.</summary>
    public int GossipBatch { get; init; } = 500;

    /// <summary>Longest transaction, as in geth (four slots of 32 KiB).</summary>
    public int TransactionBytes { get; init; } = 128 * 1024;

    /// <summary>Blocks between state checkpoints: bounds replay at start.</summary>
    public int CheckpointBlocks { get; init; } = 256;

    /// <summary>Blocks served in one answer to a node that syncs.</summary>
    public int SyncBatch { get; init; } = 64;
}

/// <summary>What one node is made of. (ChainConfig and the signer join when they land.)</summary>
public sealed record ReplicaConfig(ReplicaLimits Limits);
