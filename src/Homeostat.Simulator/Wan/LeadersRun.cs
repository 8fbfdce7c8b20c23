using Homeostat.Consensus;
using Homeostat.Replica;

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

    /// <summary>All policies there are, by name; each changes how nodes are configured.</summary>
    private static readonly (string Name, Func<ClusterSetup, ClusterSetup> Apply)[] Policies =
        [("round robin", setup => setup)];

    public static IEnumerable<LeadersRow> Run(ulong seed, int seconds, double rate, CityPings pings)
    {
        foreach ((string name, Func<ClusterSetup, ClusterSetup> apply) in Policies)
        {
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
                    var setup = new ClusterSetup(SimulationRunner.Network(options.Cities.Count))
                    {
                        Timing = new ConsensusParameters(),
                        Limits = new ReplicaLimits(),
                    };
                    yield return new LeadersRow(
                        name, kind, new WanRun(options, pings, apply(setup)).Run());
                }
            }
        }
    }
}
