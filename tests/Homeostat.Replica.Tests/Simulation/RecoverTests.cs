using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;

namespace Homeostat.Replica.Tests;

/// <summary>More than a third of the weight is gone for good; operators go on without it.</summary>
public sealed class RecoverTests
{
    private const long Second = 1_000_000;

    private readonly List<ValidatorRecovery> _recoveries = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_of_four_go_on_after_an_agreed_block_and_a_third_follows(bool hasShortEpochs)
    {
        Cluster cluster = ClusterOf(31, hasShortEpochs);
        Height stalled = Stall(cluster);
        ChainHead? head = null;
        cluster.Shown = shown => head = shown;
        Recover(cluster, stalled);
        Assert.True(
            cluster.RunUntil(
                cluster.NowUs + 40 * Second,
                () => cluster.Checks.Highest.Value >= stalled.Value + 40),
            $"height {cluster.Checks.Highest} after {stalled}");
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
        if (hasShortEpochs)
        {
            ContractAgrees(cluster, stalled);
            // Those left out have no turns to fail in, and nobody's record changes meanwhile.
            Assert.All(
                ValidatorStanding.ReadAll(new SnapshotStorage(head!.State)),
                one => Assert.Equal(0UL, one.Led + one.Failed + one.LedBefore + one.FailedBefore));
        }
        // One that lost all, and is left out, follows the recovered chain from genesis.
        cluster.LoseDisk(3);
        cluster.Start(3);
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => cluster.Checks.Announced(3).Value >= stalled.Value + 40));
    }

    [Fact]
    public void A_recovery_of_another_block_or_too_low_is_refused_in_words()
    {
        Cluster cluster = ClusterOf(32, hasShortEpochs: false);
        Height stalled = Stall(cluster);
        cluster.Nodes[0].Disk.TryGet(new Height(stalled.Value - 2), out FinalizedBlock low);
        Assert.Contains("too low", HaltOf(cluster, 0, low.Height, low.Hash), Ordinal);
        Assert.Contains(
            "compare the records", HaltOf(cluster, 1, low.Height, Keccak.Hash([1])), Ordinal);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private Cluster ClusterOf(ulong seed, bool hasShortEpochs)
    {
        var setup = new ClusterSetup(
            hasShortEpochs ? SimulationRunner.Network(4) : SimulationRunner.LongNetwork(4))
        {
            Change = (_, config) => config with { Recoveries = [.. _recoveries] },
        };
        var cluster = new Cluster(seed, setup);
        cluster.StartAll();
        cluster.Load(10, 300 * Second);
        return cluster;
    }

    /// <summary>Two of four are gone; the height at which the others stand.</summary>
    private static Height Stall(Cluster cluster)
    {
        Assert.True(cluster.RunUntil(60 * Second, () => cluster.Checks.Highest.Value > 25));
        cluster.Stop(2, losesPower: false);
        cluster.Stop(3, losesPower: false);
        cluster.RunUntil(cluster.NowUs + 10 * Second);
        Height stalled = cluster.Checks.Highest;
        cluster.RunUntil(cluster.NowUs + 5 * Second);
        Assert.Equal(stalled, cluster.Checks.Highest);
        return stalled;
    }

    private void Recover(Cluster cluster, Height height)
    {
        SimulatedNode best = cluster.Nodes[0].Disk.TryGet(height, out _)
            ? cluster.Nodes[0]
            : cluster.Nodes[1];
        Assert.True(best.Disk.TryGet(height, out FinalizedBlock block));
        cluster.Stop(0, losesPower: false);
        cluster.Stop(1, losesPower: false);
        _recoveries.Add(new ValidatorRecovery(
            height, block.Hash,
            [cluster.Nodes[2].Id.Address, cluster.Nodes[3].Id.Address]));
        cluster.Start(0);
        cluster.Start(1);
    }

    /// <summary>
    /// The contract begins epochs under the numbers that consensus goes on to vote under.
    /// </summary>
    private static void ContractAgrees(Cluster cluster, Height recovered)
    {
        int begun = 0;
        for (ulong height = recovered.Value + 1; height <= recovered.Value + 32; height++)
        {
            Assert.True(cluster.Nodes[0].Disk.TryGet(new Height(height), out FinalizedBlock block));
            foreach (EpochBegunEvent epoch in ReceiptList.FirstLogs(block.Receipts)
                .Select(log =>
                    EpochBegunEvent.TryDecode(log.Topics, log.Data, out var e) ? e : null)
                .OfType<EpochBegunEvent>())
            {
                begun++;
                Assert.True(cluster.Nodes[0].Disk.TryGet(new Height(height + 1), out var next));
                Assert.True(new BlockCodec().TryRead(
                    next.Encoded, out _, out ConsensusPayload payload));
                Assert.Equal(payload.Epoch.Value, epoch.Epoch);
                Assert.Equal(height + 1, epoch.FirstBlock);
                // Two of the four it names are left out.
                Assert.Equal(4, epoch.Validators.Count);
                Assert.NotEqual(payload.ValidatorSetHash, epoch.SetHash);
            }
        }
        Assert.True(begun > 0);
    }

    private string? HaltOf(Cluster cluster, int node, Height height, Hash256 hash)
    {
        cluster.Stop(node, losesPower: false);
        _recoveries.Clear();
        _recoveries.Add(new ValidatorRecovery(height, hash, [cluster.Nodes[2].Id.Address]));
        cluster.Start(node);
        cluster.RunUntil(cluster.NowUs + Second);
        return cluster.Nodes[node].HaltReason;
    }
}
