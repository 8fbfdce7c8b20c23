namespace Homeostat.Simulator;

/// <summary>How one seed went.</summary>
public sealed record SeedResult
{
    public required ulong Seed { get; init; }

    /// <summary>Digest of all events: the same seed must give the same one.</summary>
    public required ulong Digest { get; init; }

    /// <summary>What broke safety, or null.</summary>
    public required string? Violation { get; init; }

    /// <summary>What did not go on after the healing, or null.</summary>
    public required string? Stall { get; init; }

    /// <summary>Highest finalized block at the end.</summary>
    public required ulong FinalizedHeight { get; init; }

    /// <summary>Transactions in finalized blocks.</summary>
    public required long Transactions { get; init; }

    /// <summary>From the end of the last fault to the next finalized block.</summary>
    public required long RecoveryMs { get; init; }

    /// <summary>
    /// From the end of the last fault until a block proposed after it is final on some node.
    /// </summary>
    public long NewBlockMs { get; init; }

    /// <summary>The leader timeout in force when the last fault ended.</summary>
    public long TimeoutMs { get; init; }

    public required long Events { get; init; }

    public bool Passed => Violation is null && Stall is null;
}

/// <summary>How all seeds went: the object `sim --json` ends with.</summary>
public sealed record SimulationResult
{
    public required int Seeds { get; init; }

    public required int Violations { get; init; }

    public required int Stalls { get; init; }

    /// <summary>Wall time of the whole run.</summary>
    public required double Seconds { get; init; }

    public required ulong Blocks { get; init; }

    public required long Transactions { get; init; }

    /// <summary>
    /// From the end of the last fault until all nodes have three more final blocks: the seed at the
    /// 95th percentile, and the slowest that did not stall.
    /// </summary>
    public required long RecoveryP95Ms { get; init; }

    public required long RecoveryMostMs { get; init; }

    /// <summary>
    /// From the end of the last fault until a block proposed after it is final: the seed at the
    /// 95th percentile, and the slowest that did not stall; then, in hundredths of the timeout that
    /// was in force then, the seed at the 95th percentile and the slowest: 1,000 is the bar.
    /// </summary>
    public required long NewBlockP95Ms { get; init; }

    public required long NewBlockMostMs { get; init; }

    public required long NewBlockP95Timeouts { get; init; }

    public required long NewBlockMostTimeouts { get; init; }

    /// <summary>The seeds that failed, each with the command that replays it.</summary>
    public required IReadOnlyList<SeedFailure> Failures { get; init; }
}

/// <summary>A failed seed: what happened and how to see it again.</summary>
public sealed record SeedFailure(ulong Seed, string Reason, string Commit, string Command);
