using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

public sealed class PhysicalLimitTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(16)]
    public void Equal_distances_give_three_steps(int nodes)
    {
        var limit = new PhysicalLimit(nodes, (from, to) => from == to ? 0 : 10);
        Assert.Equal(30, limit.FinalUs(0, nodes - 1));
        Assert.Equal(30, limit.FinalUs(1, 1));
    }

    [Fact]
    public void Nodes_beyond_a_quorum_do_not_count()
    {
        // Three are near one another, the fourth is far from all.
        var limit = new PhysicalLimit(
            4, (from, to) => from == to ? 0 : from == 3 || to == 3 ? 1_000 : 10);
        Assert.Equal(30, limit.FinalUs(0, 1));
        Assert.Equal(1_020, limit.FinalUs(0, 3));
        Assert.Equal(2_010, limit.FinalUs(3, 3));
    }
}
