using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>A network over the cities of the world.</summary>
public sealed record WanOptions
{
    public required IReadOnlyList<string> Cities { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Virtual time that is measured, after warming up.</summary>
    public int Seconds { get; init; } = 120;

    /// <summary>Virtual time before it, under the same load.</summary>
    public int WarmUpSeconds { get; init; } = 10;

    /// <summary>Transfers a second, at random moments, each given to a random node.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>The last so many validators are down from the start, or slow.</summary>
    public int Faulty { get; init; }

    /// <summary>By how much later what the faulty ones say leaves; null: down.</summary>
    public long? FaultyLagUs { get; init; }

    public WanOptions Validate()
    {
        Invariant.Require(Cities.Count is >= 4 and <= 64);
        Invariant.Require(Seconds is >= 1 and <= 100_000);
        Invariant.Require(WarmUpSeconds is >= 0 and <= 100_000);
        Invariant.Require(Rate is > 0 and <= 10_000);
        Invariant.Require(Faulty >= 0 && Faulty <= (Cities.Count - 1) / 3);
        return this;
    }
}

/// <summary>Quantiles of times, in milliseconds.</summary>
public sealed record Latency(double P50Ms, double P95Ms)
{
    internal static Latency Of(List<long> us)
    {
        us.Sort();
        double At(int percent) => us.Count == 0
            ? double.NaN
            : us[Math.Min(us.Count - 1, us.Count * percent / 100)] / 1_000.0;
        return new Latency(At(50), At(95));
    }
}

/// <summary>What a run over the cities gave.</summary>
public sealed record WanResult
{
    public required int Validators { get; init; }

    public required int Faulty { get; init; }

    public required ulong Seed { get; init; }

    public required ulong Digest { get; init; }

    public required ulong Blocks { get; init; }

    public required int Transactions { get; init; }

    public required double TransactionsPerSecond { get; init; }

    /// <summary>From a client's submission until its own node shows the block as final.</summary>
    public required Latency Submission { get; init; }

    /// <summary>From the leader's proposal until a node shows the block as final.</summary>
    public required Latency Finality { get; init; }

    /// <summary>Three steps to two thirds, for the same leaders and nodes.</summary>
    public required Latency Limit { get; init; }

    /// <summary>
    /// The same for transactions: the way to the leader comes before the three steps.
    /// </summary>
    public required Latency SubmissionLimit { get; init; }
}
