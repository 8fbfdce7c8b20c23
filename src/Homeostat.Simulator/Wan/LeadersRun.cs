using System.Collections.Concurrent;
using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>How the faulty validators of <see cref="LeadersRun"/> are faulty.</summary>
public enum FaultyLeaders
{
    /// <summary>They never say anything.</summary>
    Dead,

    /// <summary>Everything they say leaves them 600 ms late.</summary>
    Slow,
}

/// <summary>What to compare.</summary>
public sealed record LeadersOptions
{
    public ulong SeedBase { get; init; } = 1;

    public int Seeds { get; init; } = 1;

    /// <summary>Measured virtual time of one run.</summary>
    public int Seconds { get; init; } = 120;

    /// <summary>
    /// Virtual time before it: reputation knows nothing before the second epoch, which begins after
    /// some 20 s.
    /// </summary>
    public int WarmUpSeconds { get; init; } = 60;

    public double Rate { get; init; } = 20;

    /// <summary>The ratified leader timeout, milliseconds: the twin's for good.</summary>
    public ulong TimeoutMs { get; init; } = 1_000;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public LeadersOptions Validate()
    {
        Invariant.Require(Seeds is >= 1 and <= 1_000);
        Invariant.Require(TimeoutMs is >= 50 and <= 60_000);
        Invariant.Require(Threads is >= 1 and <= 1_024);
        return this;
    }
}

/// <summary>One row of the comparison: the runs of all seeds, in their order.</summary>
public sealed record LeadersRow(
    string Policy, FaultyLeaders Kind, int Faulty, IReadOnlyList<WanResult> Results)
{
    /// <summary>Of a figure over the seeds.</summary>
    public (double Mean, double Deviation) Over(Func<WanResult, double> figure)
    {
        double[] values = [.. Results.Select(figure)];
        double mean = values.Average();
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return (mean, values.Length < 2 ? 0 : Math.Sqrt(squares / (values.Length - 1)));
    }
}

/// <summary>
/// Issue 4, point 4: seven validators in seven cities, none to two of them dead or slow, under
/// steady load: throughput and latency by who is let lead.
/// </summary>
public static class LeadersRun
{
    private const long SlowUs = 600_000;

    /// <summary>Blocks of an epoch: the policy changes every 20 s or so.</summary>
    private const ulong EpochBlocks = 64;

    /// <summary>
    /// The consensus loop's model in charge; its twin, fixed timeouts and round robin, which like
    /// the model's network does not wait for who was unheard for two rounds; and what others
    /// compare with, round robin that waits for everyone every time.
    /// </summary>
    private static readonly (string Name, LoopMode Mode, int SilentRounds)[] Policies =
    [
        ("all waited for", LoopMode.Advise, 0), ("round robin", LoopMode.Advise, 2),
        ("reputation", LoopMode.Act, 2),
    ];

    public static IEnumerable<LeadersRow> Run(LeadersOptions options, CityPings pings)
    {
        options.Validate();
        foreach (FaultyLeaders kind in Enum.GetValues<FaultyLeaders>())
        {
            for (int faulty = kind == FaultyLeaders.Dead ? 0 : 1; faulty <= 2; faulty++)
            {
                foreach ((string name, LoopMode mode, int silentRounds) in Policies)
                {
                    var results = new WanResult[options.Seeds];
                    var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads };
                    Parallel.For(0, options.Seeds, parallel, i => results[i] = RunOne(
                        options, unchecked(options.SeedBase + (ulong)i), kind, faulty, mode,
                        silentRounds, pings));
                    yield return new LeadersRow(name, kind, faulty, results);
                }
            }
        }
    }

    private static WanResult RunOne(
        LeadersOptions options, ulong seed, FaultyLeaders kind, int faulty, LoopMode mode,
        int silentRounds, CityPings pings)
    {
        var wan = new WanOptions
        {
            Cities = CityPings.Seven,
            Seed = seed,
            Seconds = options.Seconds,
            WarmUpSeconds = options.WarmUpSeconds,
            Rate = options.Rate,
            Faulty = faulty,
            FaultyLagUs = kind == FaultyLeaders.Slow ? SlowUs : null,
        };
        var setup = new ClusterSetup(NetworkOf(mode, options.TimeoutMs))
        {
            Timing = new ConsensusParameters { SilentRounds = silentRounds },
            Limits = new ReplicaLimits(),
        };
        return new WanRun(wan, pings, setup).Run();
    }

    private static readonly
        ConcurrentDictionary<(LoopMode Mode, ulong TimeoutMs), DevelopmentNetwork> Networks = [];

    private static DevelopmentNetwork NetworkOf(LoopMode mode, ulong timeoutMs) =>
        Networks.GetOrAdd((mode, timeoutMs), static key => SimulationRunner.Create(
            CityPings.Seven.Count, config => config with
            {
                Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
                ConsensusMode = key.Mode,
                LeaderTimeoutMs = key.TimeoutMs,
            }));
}
