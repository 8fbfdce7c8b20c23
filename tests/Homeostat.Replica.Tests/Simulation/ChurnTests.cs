using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// Sets change in the simulation: among a few seeds nodes join, leave, are jailed and come back,
/// and equivocators are slashed by what nodes do of themselves; and what the protocol promises
/// holds. A churn that did nothing would pass for ever.
/// </summary>
public sealed class ChurnTests
{
    [Fact]
    public void Nodes_join_and_leave()
    {
        int joined = 0;
        int left = 0;
        Run(setup => !setup.Jails && !setup.HasRealKeys, churn =>
        {
            joined += churn.HasJoined ? 1 : 0;
            left += churn.HasLeft ? 1 : 0;
            return joined >= 3 && left > 0;
        });
    }

    [Fact]
    public void Who_is_absent_is_jailed_and_comes_back()
    {
        int jailed = 0;
        int returned = 0;
        Run(setup => setup.Jails && !setup.HasRealKeys, churn =>
        {
            jailed += churn.Jailed;
            returned += churn.Returned;
            return jailed >= 2 && returned > 0;
        });
    }

    /// <summary>
    /// Nobody but the nodes has seen its two votes: they find, tell and bring them.
    /// </summary>
    [Fact]
    public void Who_gives_two_votes_is_slashed_without_help()
    {
        Run(setup => setup.HasRealKeys, churn => churn.IsSlashedGone);
    }

    private static void Run(Func<ClusterSetup, bool> isWanted, Func<StakeChurn, bool> isEnough)
    {
        for (ulong seed = 1; seed < 400; seed++)
        {
            ClusterSetup setup = SimulationRunner.SetupOf(seed, 4);
            if (!setup.Churns || !isWanted(setup))
            {
                continue;
            }
            var simulation = new Simulation(seed, new SimulationOptions(), setup);
            SeedResult result = simulation.Run();
            Assert.True(result.Passed, $"seed {seed}: {result.Violation ?? result.Stall}");
            Assert.True(simulation.Churn!.Epochs > 1);
            if (isEnough(simulation.Churn))
            {
                return;
            }
        }
        Assert.Fail("not seen in 400 seeds");
    }
}
