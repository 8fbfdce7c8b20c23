using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// A node that catches up by sync while consensus runs on at the tip: both may execute the same
/// block at the same time, and the node stays in step afterwards.
/// </summary>
public sealed class CatchUpTests
{
    private const long Second = 1_000_000;
    private const int Bad = 2;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_slow_node_behind_a_flapping_link_comes_back_into_step(ulong seed)
    {
        var cluster = new Cluster(seed, new ClusterSetup(SimulationRunner.Network(4)));
        // The period is in no ratio to any timeout's.
        IEnumerable<PlannedFault> faults = Enumerable.Range(0, 10).Select(i => new PlannedFault(
            (2 * Second) + (i * 3_170_000),
            new Fault.Partition(1UL << Bad, OneWay: false, Second + (i * Second / 20))));
        new FaultInjector(cluster).Plan(new FaultPlan([.. faults], 36 * Second));
        cluster.StartAll();
        cluster.Nodes[Bad].Timing.SlowBlockUs = Second / 10;
        cluster.Load(20, 45 * Second);
        cluster.RunUntil(45 * Second);
        Assert.DoesNotContain(
            cluster.Warnings, x => x.Contains("sync of block", StringComparison.Ordinal));
        ulong highest = cluster.Checks.Highest.Value;
        Assert.InRange(cluster.Checks.Announced(Bad).Value, highest - 3, highest);
    }
}
