using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;

namespace Homeostat.Replica.Tests;

/// <summary>
/// A protocol revision comes to seven production replicas under load: each is replaced by a version
/// that knows it, one after another.
/// </summary>
public sealed class RevisionRolloutTests
{
    private const long Second = 1_000_000;
    private const ulong EpochBlocks = 16;
    private const int Validators = 7;

    private static readonly Hash256 Spec = ProtocolRevisions.Find(2)!.Spec;

    private readonly ulong[] _newest = [.. Enumerable.Repeat(1UL, Validators)];
    private readonly List<string> _log = [];
    private readonly SortedDictionary<ulong, FinalizedBlock> _final = [];
    private ChainHead? _head;

    [Fact]
    public void It_rolls_out_over_seven_validators_under_load_without_a_missed_block()
    {
        Cluster cluster = ClusterOf(seed: 41);
        Assert.True(cluster.RunUntil(30 * Second, () => cluster.Checks.Highest.Value > 20));
        for (int node = 0; node < Validators; node++)
        {
            Upgrade(cluster, node);
            cluster.RunUntil(cluster.NowUs + Second / 2);
        }
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second, () => Revision() == 2), $"{_head!.Height}");
        Height first = RevisionStorage.Read(Reader())!.FirstBlock;
        Assert.Equal(1UL, first.Value % EpochBlocks);
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => Enumerable.Range(0, Validators).All(
                node => cluster.Checks.Announced(node).Value > first.Value + 20)));
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
        // Every view gave its block, and none came later than the two before it would have it.
        FinalizedBlock[] blocks = [.. _final.Values];
        ulong failed = blocks[^1].View.Value - blocks[0].View.Value
            - (blocks[^1].Height.Value - blocks[0].Height.Value);
        long longest = blocks.Zip(blocks.Skip(1), (a, b) => b.TimeMs - a.TimeMs).Max();
        Assert.True(failed == 0 && longest < 1_000, $"{failed} views failed, {longest} ms");
        Assert.True(cluster.Checks.Transactions > 100);
    }

    // The last one is late: it stops where it would not know how to go on, and its next version
    // follows from there.
    [Fact]
    public void Who_does_not_know_it_stops_with_what_to_install_and_loses_nothing()
    {
        Cluster cluster = ClusterOf(seed: 42);
        for (int node = 0; node < Validators - 1; node++)
        {
            _newest[node] = 2;
            cluster.Stop(node, losesPower: false);
            cluster.Start(node);
        }
        SimulatedNode late = cluster.Nodes[^1];
        Assert.True(cluster.RunUntil(120 * Second, () => late.HaltReason is not null));
        Height last = late.Disk.Recover(default).LastFinalized!.Height;
        Assert.Equal(0UL, last.Value % EpochBlocks);
        Assert.Contains("install version 0.2.0 or later", late.HaltReason, Ordinal);
        Assert.Contains($"from block {last.Next} on", late.HaltReason, Ordinal);
        Assert.Contains(_log, line => line.Contains("is proposed, and this node", Ordinal));
        Assert.Contains(_log, line => line.Contains("is locked in since block", Ordinal));
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => cluster.Checks.Highest.Value > last.Value + 20));
        // The old version again: it says so at once.
        cluster.Start(late.Index);
        Assert.True(cluster.RunUntil(cluster.NowUs + 5 * Second, () => !late.IsUp));
        _newest[^1] = 2;
        cluster.Start(late.Index);
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => cluster.Checks.Announced(late.Index).Value > last.Value + 30));
    }

    [Fact]
    public void With_too_few_ready_it_does_not_come()
    {
        Cluster cluster = ClusterOf(seed: 43, isLate: true);
        for (int node = 0; node < 4; node++)
        {
            Upgrade(cluster, node);
        }
        Assert.True(cluster.RunUntil(
            240 * Second, () => cluster.Checks.Highest.Value > 6 * EpochBlocks));
        Assert.Equal(1UL, Revision());
        ProposedRevision proposed = RevisionStorage.ReadProposed(Reader())!;
        Assert.Equal(4, (int)proposed.Weight);
        Assert.Null(proposed.LockedAt);
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private void Upgrade(Cluster cluster, int node)
    {
        _newest[node] = 2;
        cluster.Stop(node, losesPower: false);
        cluster.Start(node);
    }

    private ulong Revision() => RevisionStorage.Read(Reader())!.Number;

    private StateReader Reader() => new(_head!.State);

    private Cluster ClusterOf(ulong seed, bool isLate = false)
    {
        var setup = new ClusterSetup(WithProposal(isLate))
        {
            Change = (node, config) => config with { NewestRevision = _newest[node] },
        };
        var cluster = new Cluster(seed, setup) { Watch = See };
        cluster.Shown = head => _head =
            _head is null || head.Height > _head.Height ? head : _head;
        cluster.StartAll();
        cluster.Load(15, 300 * Second);
        return cluster;
    }

    private void See(SimulatedNode node, ReplicaEffect effect)
    {
        if (effect is ReplicaEffect.Log line)
        {
            _log.Add(line.Text);
        }
        else if (effect is ReplicaEffect.Persist persist)
        {
            foreach (FinalizedBlock block in persist.Batch.Finalized)
            {
                _final.TryAdd(block.Height.Value, block);
            }
        }
    }

    /// <summary>Genesis as a vote would have left it, with revision 2 proposed.</summary>
    private static DevelopmentNetwork WithProposal(bool isLate)
    {
        DevelopmentNetwork network = SimulationRunner.Create(Validators, config => config with
        {
            Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
            LeaderTimeoutMs = (ulong)ClusterSetup.ShortTiming.LeaderTimeoutMs,
        });
        ulong now = DevelopmentNetwork.GenesisTimeMs / 1_000;
        var accounts = new SortedDictionary<Address, GenesisAccount>(network.Genesis.Allocations);
        GenesisAccount revisions = accounts[PredeployAddresses.Revisions];
        accounts[PredeployAddresses.Revisions] = revisions with
        {
            Storage = new SortedDictionary<UInt256, UInt256>(revisions.Storage)
            {
                [1] = new UInt256(2, isLate ? now : now + 86_400, 0, 0),
                [2] = UInt256.FromHash256(Spec),
                [3] = UInt256.FromBigEndian([.. "0.2.0"u8, .. new byte[26], 10]),
            },
        };
        return network with
        {
            Genesis = network.Genesis with { Allocations = accounts },
        };
    }

    private sealed class StateReader(WorldSnapshot state) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            state.GetStorage(contract, slot);
    }
}
