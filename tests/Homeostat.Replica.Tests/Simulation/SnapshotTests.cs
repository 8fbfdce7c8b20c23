using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>A node with an empty disk joins by a snapshot, whoever tries to mislead it.</summary>
public sealed class SnapshotTests
{
    private const long Second = 1_000_000;
    private const int Newcomer = 3;
    private const int Liar = 1;

    private readonly List<string> _lines = [];
    private readonly List<(PeerId Peer, int Weight)> _penalties = [];
    private readonly List<PeerId> _asked = [];
    private TrustedCheckpoint? _checkpoint;
    private long _ageMs = 86_400_000;

    [Fact]
    public void A_newcomer_has_the_state_and_follows_the_chain()
    {
        Cluster cluster = RunningCluster(21, liar: null);
        Join(cluster);
        Assert.True(Follows(cluster));
        Assert.Contains(_lines, line => line.Contains("the state of block", Ordinal));
        Assert.DoesNotContain(_penalties, penalty => penalty.Weight >= 10);
        Height first = cluster.Nodes[Newcomer].Disk.LastFinalized!.Height;
        Assert.False(cluster.Nodes[Newcomer].Disk.TryGet(new Height(1), out _));
        Assert.True(first > _checkpoint!.Height);
        // Each for its offer once: more would be of the budget for the pieces.
        Assert.Equal(_asked.Distinct(), _asked);
    }

    [Fact]
    public void A_newcomer_joins_epochs_above_a_checkpoint()
    {
        Cluster cluster = RunningCluster(28, liar: null, hasEpochs: true);
        Join(cluster); // Of epoch 0; states are offered of epoch 2 and later.
        Assert.True(Follows(cluster));
        Assert.DoesNotContain(_penalties, penalty => penalty.Weight >= 10);
        Assert.False(cluster.Nodes[Newcomer].Disk.TryGet(new Height(33), out _));
    }

    [Theory]
    [InlineData("receipts", "are not those of its header")]
    [InlineData("missing", "are missing")]
    [InlineData("surplus", "more epochs")]
    [InlineData("certificate", "the last of its epoch")]
    [InlineData("validators", "not those of the checkpoint's payload")]
    [InlineData("first", "not those of the checkpoint's payload")]
    public void A_lie_about_an_epoch_between_is_found_out(string what, string reason)
    {
        Cluster cluster = RunningCluster(28, liar: null, hasEpochs: true, lie: what);
        Join(cluster);
        Assert.True(Follows(cluster));
        Assert.Contains(_lines, line => line.Contains(reason, Ordinal));
        PeerId liarId = cluster.Nodes[Liar].Id;
        Assert.Contains(_penalties, penalty => penalty.Peer == liarId && penalty.Weight >= 10);
        Assert.DoesNotContain(
            _penalties, penalty => penalty.Peer != liarId && penalty.Weight >= 10);
    }

    /// <summary>Changes what leads from the checkpoint's validators to the block's.</summary>
    private sealed class EpochLiar(string what) : IAdversary
    {
        IEnumerable<(int Target, byte[] Bytes)> IAdversary.Send(int[] targets, byte[] bytes)
        {
            if (WireMessage.TryDecode(bytes, out WireMessage? message) is null
                && message is SnapshotResponseMessage { Epochs.Count: > 0 } offer)
            {
                bytes = Changed(offer).Encode();
            }
            return targets.Select(target => (target, bytes));
        }

        private SnapshotResponseMessage Changed(SnapshotResponseMessage offer)
        {
            EpochEnd first = offer.Epochs[0];
            EpochEnd lie = what switch
            {
                "receipts" => first with { Receipts = offer.Receipts },
                "certificate" => first with
                {
                    Finalization = first.Finalization with
                    {
                        Signatures = [.. first.Finalization.Signatures.Reverse()],
                    },
                },
                _ => first,
            };
            return offer with
            {
                Epochs = what switch
                {
                    "missing" => [.. offer.Epochs.SkipLast(1)],
                    "surplus" => [.. offer.Epochs, offer.Epochs[^1]],
                    _ => [lie, .. offer.Epochs.Skip(1)],
                },
                CheckpointPayload = what == "validators" ? [] : offer.CheckpointPayload,
                FirstValidators = what == "first"
                    ? [.. offer.FirstValidators.Select(v => v with { Weight = v.Weight + 1 })]
                    : offer.FirstValidators,
            };
        }
    }

    [Fact]
    public void A_newcomer_joins_below_a_checkpoint_across_epochs()
    {
        Cluster cluster = RunningCluster(27, liar: null, hasEpochs: true);
        Join(cluster, height: cluster.Checks.Highest.Value - 1);
        Assert.True(Follows(cluster));
        Assert.Contains(_lines, line => line.StartsWith("the state of block", Ordinal));
    }

    [Fact]
    public void A_state_below_the_checkpoint_will_do_as_headers_lead_to_it()
    {
        Cluster cluster = RunningCluster(26, liar: null);
        Join(cluster, height: cluster.Checks.Highest.Value - 1);
        Assert.True(Follows(cluster));
        Height fetched = cluster.Nodes[Newcomer].Disk.Recover(default).Checkpoint!.Height;
        Assert.Contains(
            _lines, line => line.StartsWith("the state of block 40", Ordinal));
        Assert.True(fetched.Value >= 40);
    }

    [Fact]
    public void A_liar_is_found_out_and_the_others_serve()
    {
        var liar = new SnapshotLiar(new SeededRandom(7));
        Cluster cluster = RunningCluster(22, liar);
        Join(cluster);
        Assert.True(Follows(cluster));
        PeerId liarId = cluster.Nodes[Liar].Id;
        Assert.True(liar.Lies > 2, $"{liar.Lies} lies");
        Assert.Contains(_penalties, penalty => penalty.Peer == liarId && penalty.Weight >= 10);
        Assert.DoesNotContain(
            _penalties, penalty => penalty.Peer != liarId && penalty.Weight >= 10);
    }

    [Fact]
    public void A_newcomer_that_dies_goes_on_where_it_was()
    {
        Cluster cluster = RunningCluster(23, liar: null);
        Join(cluster);
        int parts = 0;
        for (int life = 0; life < 3; life++)
        {
            cluster.RunUntil(
                cluster.NowUs + 20 * Second,
                () => cluster.Nodes[Newcomer].Disk.Recover(default).Snapshot is not null);
            cluster.RunUntil(cluster.NowUs + Second / 50);
            cluster.Stop(Newcomer, losesPower: life == 1);
            parts += cluster.Nodes[Newcomer].Disk.Recover(default).Snapshot is null ? 0 : 1;
            cluster.Start(Newcomer);
        }
        Assert.True(parts > 0, "it never died between the beginning and the end");
        Assert.True(Follows(cluster));
        Assert.Contains(_lines, line => line.Contains("going on to fetch", Ordinal));
    }

    [Fact]
    public void A_checkpoint_older_than_unbonding_is_refused_in_words()
    {
        Cluster cluster = RunningCluster(24, liar: null);
        _ageMs = 1_000;
        Join(cluster);
        cluster.RunUntil(
            cluster.NowUs + 20 * Second, () => cluster.Nodes[Newcomer].HaltReason is not null);
        Assert.Contains("Take a newer final block", cluster.Nodes[Newcomer].HaltReason, Ordinal);
        Assert.Null(cluster.Nodes[Newcomer].Disk.LastFinalized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checkpoint_of_another_chain_is_never_joined_from(bool isAbove)
    {
        Cluster cluster = RunningCluster(25, liar: null);
        Join(
            cluster, hash => Keccak.Hash(hash.Bytes),
            isAbove ? cluster.Checks.Highest.Value - 1 : 13);
        cluster.RunUntil(cluster.NowUs + 15 * Second);
        Assert.Null(cluster.Nodes[Newcomer].Disk.LastFinalized);
        Assert.Null(cluster.Nodes[Newcomer].HaltReason);
        // It may be the checkpoint that is wrong: all are named, and nobody is banned.
        foreach (SimulatedNode other in cluster.Nodes.Where(node => node.Index != Newcomer))
        {
            Assert.Contains(
                _lines, line => line.StartsWith($"peer {other.Id} has another block", Ordinal)
                    && line.Contains("a source you trust", Ordinal));
        }
        Assert.DoesNotContain(_penalties, penalty => penalty.Weight >= 10);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private Cluster RunningCluster(
        ulong seed, SnapshotLiar? liar, bool hasEpochs = false, string? lie = null)
    {
        var setup = new ClusterSetup(
            hasEpochs ? SimulationRunner.Network(4) : SimulationRunner.LongNetwork(4))
        {
            Change = (index, config) => config with
            {
                Checkpoint = index == Newcomer ? _checkpoint : null,
                CheckpointAgeMs = _ageMs,
                Limits = config.Limits with { SnapshotAnswerBytes = 600 },
            },
        };
        var cluster = new Cluster(seed, setup)
        {
            Watch = (node, effect) =>
            {
                if (node.Index == Newcomer && effect is ReplicaEffect.Log line)
                {
                    _lines.Add(line.Text);
                }
                else if (node.Index == Newcomer && effect is ReplicaEffect.Penalize penalty)
                {
                    _penalties.Add((penalty.Peer, penalty.Weight));
                }
                else if (node.Index == Newcomer && effect is ReplicaEffect.Send send
                    && send.Bytes[0] == (byte)WireKind.SnapshotRequest)
                {
                    _asked.Add(send.Peer);
                }
            },
        };
        if (liar is not null || lie is not null)
        {
            cluster.Corrupt(Liar, liar is not null ? liar : new EpochLiar(lie!));
        }
        cluster.StartAll();
        cluster.Load(10, 200 * Second);
        Assert.True(cluster.RunUntil(90 * Second, () => cluster.Checks.Highest.Value > 45));
        return cluster;
    }

    private void Join(
        Cluster cluster, Func<Hash256, Hash256>? change = null, ulong height = 13)
    {
        Assert.True(cluster.Nodes[0].Disk.TryGet(new Height(height), out FinalizedBlock block));
        _checkpoint = new TrustedCheckpoint(
            block.Height, change is null ? block.Hash : change(block.Hash));
        cluster.LoseDisk(Newcomer);
        _lines.Clear();
        _penalties.Clear();
        _asked.Clear();
        cluster.Start(Newcomer);
    }

    private static bool Follows(Cluster cluster)
    {
        ulong goal = cluster.Checks.Highest.Value + 10;
        return cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => cluster.Checks.Announced(Newcomer).Value >= goal);
    }
}
