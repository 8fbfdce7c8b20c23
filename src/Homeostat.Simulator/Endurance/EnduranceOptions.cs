using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Days of virtual time at mixed load: each hour has 50 idle minutes (blocks on the heartbeat
/// only), 8 minutes with a transaction every 5 seconds, and 2 minutes with ten a second; every six
/// hours a validator is killed and is back 30 seconds later.
/// </summary>
public sealed record EnduranceOptions
{
    public ulong Seed { get; init; } = 1;

    public int Hours { get; init; } = 72;

    public int Validators { get; init; } = 4;

    public EnduranceOptions Validate()
    {
        Invariant.Require(Hours is >= 1 and <= 10_000);
        Invariant.Require(Validators is >= 1 and <= 64);
        return this;
    }
}

/// <summary>
/// Growth at one moment. Bytes of one node's disk, the largest of all; megabytes of the process's
/// heap after a full collection.
/// </summary>
public sealed record EnduranceSample
{
    public required double Hours { get; init; }

    public required ulong Blocks { get; init; }

    public required long Transactions { get; init; }

    /// <summary>Everything but what stands on the virtual disks.</summary>
    public required double HeapMegabytes { get; init; }

    /// <summary>Own votes and bodies that are not final yet.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Blocks, receipts, certificates: the history, which is kept.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Trie nodes and code that checkpoints wrote.</summary>
    public required long StateBytes { get; init; }
}

/// <summary>How the days went.</summary>
public sealed record EnduranceResult
{
    public required int Hours { get; init; }

    public required int Validators { get; init; }

    public required ulong Seed { get; init; }

    public required ulong Digest { get; init; }

    public required double Seconds { get; init; }

    public required string? Violation { get; init; }

    public required IReadOnlyList<EnduranceSample> Samples { get; init; }

    /// <summary>
    /// Nothing broke; heap, journal and state are in the second half at most a quarter over what
    /// they were at most in the first; the history, which is kept, grows no faster per block.
    /// </summary>
    public bool IsBounded => Violation is null && Samples.Count >= 4
        && Late(x => x.HeapMegabytes) <= 1.25 * Early(x => x.HeapMegabytes)
        && Late(x => x.JournalBytes) <= 1.25 * Early(x => x.JournalBytes)
        && Late(x => x.StateBytes) <= 1.25 * Early(x => x.StateBytes)
        && Late(BytesPerBlock) <= 1.1 * Early(BytesPerBlock);

    private double Early(Func<EnduranceSample, double> value) =>
        Samples.Take(Samples.Count / 2).Max(value);

    private double Late(Func<EnduranceSample, double> value) =>
        Samples.Skip(Samples.Count / 2).Max(value);

    private static double BytesPerBlock(EnduranceSample sample) =>
        (double)sample.LogBytes / Math.Max(1, sample.Blocks);
}
