using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

public sealed class DeveloperChainTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void One_validator_makes_blocks_on_demand_only()
    {
        var cluster = new Cluster(1, new ClusterSetup(SimulationRunner.Network(1)));
        cluster.StartAll();
        cluster.RunUntil(100 * Second);
        Assert.Equal(Height.Genesis, cluster.Checks.Highest);
        cluster.Load(2, 103 * Second);
        cluster.RunUntil(110 * Second);
        Height busy = cluster.Checks.Highest;
        Assert.True(cluster.Checks.Transactions >= 4, $"{cluster.Checks.Transactions}");
        cluster.RunUntil(200 * Second);
        Assert.Equal(busy, cluster.Checks.Highest);
    }
}
