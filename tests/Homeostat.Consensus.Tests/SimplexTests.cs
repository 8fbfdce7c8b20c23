namespace Homeostat.Consensus.Tests;

public class SimplexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(100)]
    public void A_transaction_to_an_idle_network_is_final_after_a_few_messages(int count)
    {
        var cluster = new Cluster(1, count);
        cluster.StartAll();
        cluster.RunFor(1_000);
        Assert.All(cluster.Nodes, node => Assert.Single(node.Chain));

        long start = cluster.NowMs;
        cluster.SubmitToAll(5);
        Assert.True(cluster.RunUntil(
            () => cluster.Nodes.All(node => node.Included.Contains(5)), 300));
        Assert.InRange(cluster.NowMs - start, 1, 60);
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_busy_network_makes_a_block_an_interval()
    {
        var cluster = new Cluster(2, 4);
        cluster.StartAll();
        for (ulong i = 1; i <= 500; i++)
        {
            ulong transaction = i;
            cluster.After((long)i * 10, () => cluster.SubmitToAll(transaction));
        }
        cluster.RunFor(6_000);
        Assert.All(cluster.Nodes, node =>
        {
            Assert.Equal(500, node.Included.Count);
            Assert.InRange(node.Chain.Count, 20, 30);
        });
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void An_idle_network_makes_few_blocks()
    {
        var cluster = new Cluster(3, 4);
        cluster.StartAll();
        cluster.RunFor(600_000);
        Assert.All(cluster.Nodes, node => Assert.InRange(node.Chain.Count, 4, 12));
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void Weights_decide_not_heads()
    {
        // Nodes 0 and 1 hold 7 of 9: enough without the others.
        var cluster = new Cluster(4, 4, weights: [4, 3, 1, 1]);
        cluster.Dishonest.Add(2);
        cluster.Dishonest.Add(3);
        cluster.Nodes[0].Start();
        cluster.Nodes[1].Start();
        cluster.SubmitToAll(1);
        Assert.True(cluster.RunUntil(() => cluster.Nodes[1].Included.Contains(1), 10_000));
    }

    [Fact]
    public void A_dead_leader_costs_a_timeout_and_later_nothing()
    {
        var cluster = new Cluster(5, 4);
        cluster.Dishonest.Add(3);
        foreach (ClusterNode node in cluster.Honest)
        {
            node.Start();
        }
        for (ulong i = 1; i <= 100; i++)
        {
            ulong transaction = i;
            cluster.After((long)i * 100, () => cluster.SubmitToAll(transaction));
        }
        cluster.RunFor(11_000);
        Assert.All(cluster.Honest, node => Assert.Equal(100, node.Included.Count));
        Assert.All(cluster.Honest, node => Assert.True(node.Chain.Count > 30));
        Assert.Empty(cluster.Violations);
    }
}
