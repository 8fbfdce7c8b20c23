using Homeostat.Primitives;
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
        Assert.True(cluster.Warnings.Count == 0, string.Join('\n', cluster.Warnings));
        Assert.True(cluster.Checks.Highest.Value > 10, $"height {cluster.Checks.Highest}");
        Assert.True(cluster.Checks.Transactions > 300, $"{cluster.Checks.Transactions}");
    }

    [Fact]
    public void Thirty_seeds_of_the_fault_mix_are_safe_and_go_on()
    {
        SimulationResult result = SimulationRunner.Run(
            new SimulationOptions { Seeds = 30, SeedBase = 1_000 });
        Assert.True(
            result.Failures.Count == 0,
            string.Join('\n', result.Failures.Select(f => $"{f.Reason} ({f.Command})")));
    }

    [Fact]
    public void A_seed_gives_the_same_digest_twice()
    {
        var options = new SimulationOptions();
        SeedResult first = SimulationRunner.RunSeed(42, options);
        SeedResult second = SimulationRunner.RunSeed(42, options);
        Assert.Equal(first, second);
        Assert.NotEqual(first.Digest, SimulationRunner.RunSeed(43, options).Digest);
    }

    [Fact]
    public void Power_loss_of_all_nodes_loses_nothing_final()
    {
        var cluster = new Cluster(11, new ClusterSetup(SimulationRunner.Network(4)));
        cluster.StartAll();
        cluster.Load(50, 30_000_000);
        for (int blackout = 1; blackout <= 5; blackout++)
        {
            cluster.RunUntil(blackout * 4_000_000 + blackout * 123_457);
            Height before = cluster.Checks.Highest;
            Assert.True(before > Height.Genesis);
            for (int node = 0; node < 4; node++)
            {
                cluster.Stop(node, losesPower: true);
            }
            cluster.StartAll(); // The checks compare what was announced with what is stored.
            cluster.RunUntil(cluster.NowUs + 3_000_000);
            Assert.True(cluster.Checks.Highest > before, "blocks go on after the blackout");
        }
    }
}
