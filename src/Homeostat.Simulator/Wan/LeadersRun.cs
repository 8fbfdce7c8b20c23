using Homeostat.Consensus;
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

/// <summary>One row of the comparison.</summary>
public sealed record LeadersRow(string Policy, FaultyLeaders Kind, WanResult Result);

/// <summary>
/// Issue 4, point 4: seven validators in seven cities, none to two of them dead or slow, under
/// steady load: throughput and latency by who is let lead.
/// </summary>
public static class LeadersRun
{
    private const long SlowUs = 600_000;

    /// <summary>
    /// Blocks of an epoch: the policy changes some five times in a run of two minutes.
    /// </summary>
    private const ulong EpochBlocks = 64;

    /// <summary>
    /// The consensus loop's model in charge, and its twin: fixed timeouts and round robin.
    /// </summary>
    private static readonly (string Name, LoopMode Mode)[] Policies =
        [("round robin", LoopMode.Advise), ("reputation", LoopMode.Act)];

    public static IEnumerable<LeadersRow> Run(ulong seed, int seconds, double rate, CityPings pings)
    {
        foreach ((string name, LoopMode mode) in Policies)
        {
            DevelopmentNetwork network = NetworkOf(mode);
            foreach (FaultyLeaders kind in Enum.GetValues<FaultyLeaders>())
            {
                for (int faulty = kind == FaultyLeaders.Dead ? 0 : 1; faulty <= 2; faulty++)
                {
                    var options = new WanOptions
                    {
                        Cities = CityPings.Seven,
                        Seed = seed,
                        Seconds = seconds,
                        Rate = rate,
                        Faulty = faulty,
                        FaultyLagUs = kind == FaultyLeaders.Slow ? SlowUs : null,
                    };
                    var setup = new ClusterSetup(network)
                    {
                        Timing = new ConsensusParameters(),
                        Limits = new ReplicaLimits(),
                    };
                    yield return new LeadersRow(
                        name, kind, new WanRun(options, pings, setup).Run());
                }
            }
        }
    }

    private static DevelopmentNetwork NetworkOf(LoopMode mode) =>
        SimulationRunner.Create(CityPings.Seven.Count, config => config with
        {
            Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
            ConsensusMode = mode,
        });
}
