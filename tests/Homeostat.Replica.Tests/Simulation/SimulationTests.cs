using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

public sealed class SimulationTests
{
    [Fact]
    public void A_healthy_network_finalizes_what_it_is_given()
    {
        var cluster = new Cluster(7, new ClusterSetup(SimulationRunner.Network(4)));
        cluster.StartAll();
        cluster.Load(50, 8_000_000);
        cluster.RunUntil(10_000_000);
        Assert.Empty(cluster.Warnings);
        Assert.True(cluster.Checks.Highest.Value > 10, $"height {cluster.Checks.Highest}");
        Assert.True(cluster.Checks.Transactions > 300, $"{cluster.Checks.Transactions}");
    }
}
