using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>One fault at a time, each told apart from the rest.</summary>
public class FaultTests
{
    [Fact]
    public void A_validator_that_was_away_catches_up_by_sync()
    {
        var cluster = new Cluster(1, 4);
        cluster.StartAll();
        cluster.Nodes[2].Crash(losesJournal: false);
        Load(cluster, 300, everyMs: 100);
        cluster.RunFor(31_000);
        Assert.InRange(cluster.Nodes[0].Chain.Count, 60, 200);
        Assert.InRange(cluster.Steps, 1, 12_000);
        cluster.Nodes[2].Start();
        cluster.RunFor(3_000);
        Assert.Equal(
            cluster.Nodes[0].Chain[^1].Block.Hash, cluster.Nodes[2].Chain[^1].Block.Hash);
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void All_crash_at_once_and_nothing_final_is_missing()
    {
        var cluster = new Cluster(2, 4);
        cluster.StartAll();
        Load(cluster, 100, everyMs: 20);
        cluster.RunFor(1_537);
        foreach (ClusterNode node in cluster.Nodes)
        {
            node.Crash(losesJournal: false);
        }
        cluster.RunFor(500);
        cluster.StartAll();
        cluster.SubmitToAll(9_999);
        Assert.True(cluster.RunUntil(
            () => cluster.Nodes.All(node => node.Included.Contains(9_999)), 5_000));
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_lost_journal_makes_a_validator_abstain_and_come_back()
    {
        var cluster = new Cluster(3, 4);
        cluster.StartAll();
        Load(cluster, 50, everyMs: 50);
        cluster.RunFor(1_000);
        cluster.Nodes[3].Crash(losesJournal: true);
        cluster.Nodes[3].Start();
        Assert.True(cluster.Nodes[3].Machine!.IsAbstaining);
        cluster.RunFor(3_000);
        Assert.False(cluster.Nodes[3].Machine!.IsAbstaining);
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_block_that_all_refuse_is_nullified_and_one_who_accepts_alone_goes_on()
    {
        var cluster = new Cluster(4, 4);
        cluster.StartAll();
        cluster.RunFor(100);
        // Only the leader of view 1 has it, and believes in it.
        cluster.Believers.Add(1);
        cluster.Nodes[1].Submit(Cluster.Poison);
        cluster.RunFor(2_000);
        cluster.Nodes[1].Pool.Remove(Cluster.Poison);
        cluster.SubmitToAll(3);
        Assert.True(cluster.RunUntil(
            () => cluster.Nodes.All(node => node.Included.Contains(3)), 10_000));
        Assert.Contains(cluster.Nodes[2].Log, effect =>
            effect is ConsensusEffect.Refused { Advisory: { Reason: "poison", View.Value: 1 } });
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void One_who_refuses_alone_is_named_outvoted_and_stops_voting()
    {
        var cluster = new Cluster(5, 4);
        cluster.StartAll();
        cluster.Believers.Add(0);
        cluster.Believers.Add(1);
        cluster.Believers.Add(3);
        cluster.SubmitToAll(Cluster.Poison);
        cluster.RunFor(2_000);
        cluster.SubmitToAll(3);
        ClusterNode[] others = [cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[3]];
        Assert.True(cluster.RunUntil(
            () => others.All(node => node.Included.Contains(3)), 10_000));
        Assert.Contains(
            cluster.Nodes[2].Log, effect => effect is ConsensusEffect.Diverged);
        Assert.True(cluster.Nodes[2].Machine!.IsAbstaining);
        Assert.Contains(others[0].Log, effect =>
            effect is ConsensusEffect.Refused { Advisory.Signer.Value: 2 });
    }

    [Theory]
    [InlineData(nameof(Adversary.Equivocator))]
    [InlineData(nameof(Adversary.DoubleVoter))]
    public void Contradictions_become_evidence(string adversary)
    {
        var cluster = new Cluster(6, 4);
        Adversaries.Install(cluster, Enum.Parse<Adversary>(adversary), new SeededRandom(1));
        var found = new List<Evidence>();
        cluster.Accusations = found;
        cluster.StartAll();
        Load(cluster, 50, everyMs: 50);
        cluster.RunFor(5_000);
        Assert.NotEmpty(found);
        Assert.All(found, evidence =>
        {
            Assert.Equal(0, evidence.First.Signer.Value);
            Assert.Equal(evidence.First.View, evidence.Second.View);
            Assert.False(evidence.First.SaysSameAs(evidence.Second));
        });
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_clock_set_back_an_hour_stops_nothing()
    {
        var signer = new FakeSigner(FakeSigner.AddressAt(0));
        ValidatorSet set = ValidatorSet.Create(
            Enumerable.Range(0, 4).Select(i => new Validator(FakeSigner.AddressAt(i), 1)));
        var fakes = new FakeChain();
        var machine = new SimplexMachine(
            FakeChain.Config, signer, fakes, fakes, new RoundRobin());
        var parameters = new ConsensusParameters();
        machine.Step(10_000_000, new ConsensusInput.Start(new StartState(
            default, set, parameters, FakeChain.Genesis, null, JournalCondition.Intact, [],
            Hash256.Zero)));
        machine.Step(10_000_000, new ConsensusInput.WorkArrived());
        IReadOnlyList<ConsensusEffect> effects = machine.Step(
            6_400_000, new ConsensusInput.Tick());
        long timer = effects.OfType<ConsensusEffect.SetTimer>().Single().AtMs;
        Assert.InRange(timer, 6_400_001, 6_400_000 + parameters.LeaderTimeoutMs);
        effects = machine.Step(
            6_400_000 + parameters.LeaderTimeoutMs, new ConsensusInput.Tick());
        Assert.Contains(effects, effect => effect is ConsensusEffect.Persist
        {
            Records: [JournalRecord.OwnVote { Vote.Kind: VoteKind.Nullify }],
        });
    }

    /// <summary>Numbers at the end of their range must overflow nothing.</summary>
    [Fact]
    public void The_greatest_views_and_heights_are_only_numbers()
    {
        var cluster = new Cluster(7, 4);
        cluster.Dishonest.Add(0);
        cluster.StartAll();
        cluster.RunFor(100);
        var signer = new FakeSigner(FakeSigner.AddressAt(0));
        var last = new View(ulong.MaxValue);
        var digests = new VoteDigests(FakeChain.Config);
        foreach (VoteKind kind in Enum.GetValues<VoteKind>())
        {
            var vote = new Vote(
                kind, default, last, Hash256.Zero, new ValidatorIndex(0), [], default);
            vote = vote with { Signature = signer.Sign(digests.Of(vote)) };
            cluster.Deliver(cluster.Nodes[0], null, new VoteMessage(vote));
            cluster.Deliver(cluster.Nodes[0], null, new CertificatesMessage(
            [
                new Certificate(kind, default, last, Hash256.Zero, [1], [vote.Signature], [[]]),
            ]));
        }
        cluster.Deliver(cluster.Nodes[0], null, new CertificateRequestMessage(last, last));
        cluster.Deliver(cluster.Nodes[0], null, new SyncRequestMessage(
            1, new Height(ulong.MaxValue), 5));
        cluster.SubmitToAll(1);
        Assert.True(cluster.RunUntil(
            () => cluster.Honest.All(node => node.Included.Contains(1)), 10_000));
        Load(cluster, 50, everyMs: 100);
        cluster.RunFor(6_000);
        Assert.Empty(cluster.Violations);
    }

    [Fact]
    public void A_message_leaves_only_after_its_ticket()
    {
        var signer = new FakeSigner(FakeSigner.AddressAt(0));
        var fakes = new FakeChain();
        ValidatorSet set = ValidatorSet.Create(new Validator(signer.Address, 1));
        var machine = new SimplexMachine(
            FakeChain.Config, signer, fakes, fakes, new RoundRobin());
        machine.Step(1_000, new ConsensusInput.Start(new StartState(
            default, set, new ConsensusParameters(), FakeChain.Genesis, null,
            JournalCondition.Intact, [], Hash256.Zero)));
        var propose = machine.Step(1_000, new ConsensusInput.WorkArrived())
            .OfType<ConsensusEffect.Propose>().Single();
        byte[] encoded = FakeChain.Encode(propose.Parent, propose.Payload, [1]);
        fakes.TryRead(encoded, out BlockReference block, out _);
        ConsensusEffect[] voted = [.. machine.Step(
            1_001, new ConsensusInput.Proposed(propose.View, block, encoded, [1]))];
        var persist = Assert.Single(voted.OfType<ConsensusEffect.Persist>());
        Assert.IsType<JournalRecord.Body>(persist.Records[0]);
        Assert.IsType<JournalRecord.OwnVote>(persist.Records[1]);
        Assert.DoesNotContain(voted, effect => effect is ConsensusEffect.Broadcast);
        ConsensusEffect[] sent = [.. machine.Step(
            1_002, new ConsensusInput.Persisted(persist.Ticket))];
        Assert.Contains(sent, effect =>
            effect is ConsensusEffect.Broadcast { Message: ProposalMessage });
    }

    private static void Load(Cluster cluster, int count, long everyMs)
    {
        for (int i = 1; i <= count; i++)
        {
            ulong transaction = (ulong)i;
            cluster.After(i * everyMs, () => cluster.SubmitToAll(transaction));
        }
    }
}
