using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;

namespace Homeostat.Replica.Tests;

/// <summary>
/// Every adversary and every fault does to a network what its name says, and the network bears it:
/// a simulation whose faults do nothing would pass for ever.
/// </summary>
public sealed class BiteTests
{
    private const long Second = 1_000_000;
    private const int Bad = 1;

    private readonly ClusterSetup _setup = new(SimulationRunner.Network(4));
    private readonly List<(long AtUs, int From, int To, WireMessage Message)> _wire = [];
    private readonly List<(int Node, ReplicaEffect Effect)> _effects = [];

    private SimulatedSigner Signer => new(_setup.Network.Validators[Bad].Address);

    [Fact]
    public void An_equivocator_votes_for_two_things_in_one_view()
    {
        Suffer(new Equivocator(Signer, _setup.Digests()));
        Assert.Contains(
            From<VoteMessage>(Bad).GroupBy(vote => (vote.Vote.View, vote.Vote.Kind)),
            votes => votes.Select(vote => vote.Vote.BlockHash).Distinct().Count() == 2);
    }

    [Fact]
    public void Twins_propose_two_blocks_in_one_view()
    {
        Cluster cluster = Create();
        cluster.AddTwin(Bad, side: 0b1000);
        Run(cluster);
        Assert.Contains(
            From<ProposalMessage>(Bad).Concat(From<ProposalMessage>(4))
                .GroupBy(proposal => proposal.LeaderVote.View),
            proposals => proposals.Select(x => x.LeaderVote.BlockHash).Distinct().Count() == 2);
    }

    [Fact]
    public void A_silent_validator_is_never_heard()
    {
        Suffer(new SilentValidator());
        Assert.DoesNotContain(_wire, sent => sent.From == Bad);
    }

    [Fact]
    public void A_withholder_never_shows_a_block_to_all_and_keeps_certificates_and_bodies()
    {
        Suffer(new Withholder());
        Assert.All(
            _wire.Where(sent => sent.From == Bad && sent.Message is ProposalMessage)
                .GroupBy(sent => ((ProposalMessage)sent.Message).LeaderVote.View),
            shown => Assert.InRange(shown.Select(sent => sent.To).Distinct().Count(), 1, 2));
        Assert.NotEmpty(From<ProposalMessage>(Bad));
        Assert.Empty(From<CertificatesMessage>(Bad));
        Assert.Empty(From<BlockResponseMessage>(Bad));
        Assert.Contains(_wire, sent => sent.Message is BlockRequestMessage);
    }

    [Fact]
    public void A_nuller_votes_for_nothing_but_nullification()
    {
        Suffer(new Nuller(Signer, _setup.Digests()));
        Assert.NotEmpty(From<VoteMessage>(Bad));
        Assert.All(
            From<VoteMessage>(Bad),
            vote => Assert.Equal(VoteKind.Nullify, vote.Vote.Kind));
    }

    [Fact]
    public void Lies_of_an_observer_stand_in_final_blocks()
    {
        Cluster cluster = Suffer(new LyingObserver(Signer, _setup.Digests()));
        bool isLie = false;
        for (ulong height = 2; height <= cluster.Checks.Highest.Value; height++)
        {
            Assert.True(cluster.Nodes[0].Disk.TryGet(new Height(height), out var block));
            Assert.True(new BlockCodec().TryRead(block.Encoded, out _, out var payload));
            isLie |= payload.ParentNotarization!.Observations.Any(observation =>
                ObservationReport.TryDecode(observation, out var report, out _)
                && report!.Measured.PropagationMs == ushort.MaxValue);
        }
        Assert.True(isLie);
    }

    [Fact]
    public void A_spammer_is_penalized_by_the_others()
    {
        Cluster cluster = Suffer(new Spammer(new SeededRandom(1)));
        PeerId spammer = cluster.Nodes[Bad].Id;
        Assert.Contains(
            _effects, x => x.Effect is ReplicaEffect.Penalize p && p.Peer == spammer);
    }

    [Fact]
    public void A_forger_sends_certificates_that_nobody_signed()
    {
        Cluster cluster = Suffer(new Forger(new SeededRandom(1), 4));
        PeerId forger = cluster.Nodes[Bad].Id;
        Assert.Contains(
            From<CertificatesMessage>(Bad),
            message => message.Certificates.Any(
                certificate => certificate.Signatures.All(x => x == default)));
        Assert.Contains(
            _effects, x => x.Effect is ReplicaEffect.Penalize p && p.Peer == forger);
    }

    [Fact]
    public void A_node_that_catches_up_gets_by_bodies_that_are_not_of_their_headers()
    {
        Cluster cluster = Create();
        cluster.Corrupt(Bad, new Forger(new SeededRandom(1), 4));
        cluster.StartAll();
        cluster.Load(20, 40 * Second);
        cluster.RunUntil(2 * Second);
        cluster.Stop(3, losesPower: false);
        cluster.RunUntil(20 * Second);
        cluster.Start(3);
        Height missed = cluster.Checks.Highest;
        Assert.True(cluster.RunUntil(
            40 * Second, () => cluster.Nodes[3].Disk.TryGet(missed, out _)));
        Assert.Contains(From<SyncResponseMessage>(Bad), answer => answer.Blocks.Count > 0);
        Assert.Contains(
            cluster.Warnings,
            warning => warning.Contains("node 3: sync of block", StringComparison.Ordinal));
        Assert.Contains(_effects, x => x.Node == 3
            && x.Effect is ReplicaEffect.Penalize p && p.Peer == cluster.Nodes[Bad].Id);
    }

    [Fact]
    public void A_forker_proposes_beside_the_notarized_tip()
    {
        Suffer(new Forker(Signer, _setup.Digests(), new ValidatorIndex(Bad)));
        var own = _effects.Where(x => x.Node == Bad).Select(x => x.Effect)
            .OfType<ReplicaEffect.Broadcast>().Select(broadcast => Keccak.Hash(broadcast.Bytes))
            .ToHashSet();
        Assert.Contains(
            From<ProposalMessage>(Bad), proposal => !own.Contains(Keccak.Hash(proposal.Encode())));
    }

    private IEnumerable<T> From<T>(int node)
        where T : WireMessage =>
        _wire.Where(sent => sent.From == node).Select(sent => sent.Message).OfType<T>();

    private Cluster Suffer(IAdversary adversary)
    {
        Cluster cluster = Create();
        cluster.Corrupt(Bad, adversary);
        return Run(cluster);
    }

    private Cluster Create()
    {
        Cluster cluster = null!;
        cluster = new Cluster(9, _setup)
        {
            Watch = (node, effect) => _effects.Add((node.Index, effect)),
            Tap = (from, to, bytes) =>
            {
                if (WireMessage.TryDecode(bytes, out WireMessage? message) is null)
                {
                    _wire.Add((cluster.NowUs, from, to, message!));
                }
            },
        };
        return cluster;
    }

    private static Cluster Run(Cluster cluster)
    {
        cluster.StartAll();
        cluster.Load(20, 15 * Second);
        cluster.RunUntil(20 * Second);
        Assert.True(cluster.Checks.Transactions > 200, $"{cluster.Checks.Transactions}");
        return cluster;
    }
}
