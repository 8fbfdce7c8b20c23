using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// Sets change in the simulation: among a few seeds nodes join, leave and are slashed, and what the
/// protocol promises holds. A churn that did nothing would pass for ever.
/// </summary>
public sealed class ChurnTests
{
    [Fact]
    public void Nodes_join_leave_and_are_slashed()
    {
        bool hasLeft = false;
        bool hasSlashed = false;
        int joined = 0;
        for (ulong seed = 1; seed < 400 && !(hasLeft && hasSlashed && joined >= 3); seed++)
        {
            ClusterSetup setup = SimulationRunner.SetupOf(seed, 4);
            if (!setup.Churns || (hasLeft && joined >= 3 && !setup.HasRealKeys))
            {
                continue;
            }
            var simulation = new Simulation(seed, new SimulationOptions(), setup);
            SeedResult result = simulation.Run();
            Assert.True(result.Passed, $"seed {seed}: {result.Violation ?? result.Stall}");
            joined += simulation.Churn!.HasJoined ? 1 : 0;
            hasLeft |= simulation.Churn.HasLeft;
            hasSlashed |= simulation.Churn.HasSlashed;
            Assert.True(simulation.Churn.Epochs > 1);
        }
        Assert.True(hasLeft && hasSlashed && joined >= 3, $"{hasLeft} {hasSlashed} {joined}");
    }
}
