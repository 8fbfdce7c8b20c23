using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>What a node that is behind does about answers that do not come.</summary>
public class SyncTests
{
    /// <summary>
    /// All lines lose what is asked for, for a while: when they carry it again, the next peer is
    /// asked soon, however long has been waited before.
    /// </summary>
    [Theory]
    [InlineData(2_500)]
    [InlineData(9_000)]
    public void A_lost_answer_is_made_up_for_soon_after_the_healing(int lostForMs)
    {
        var cluster = new Cluster(11, 4);
        cluster.StartAll();
        cluster.Nodes[2].Crash(losesJournal: false);
        for (int i = 0; i < 600; i++)
        {
            ulong transaction = 1 + (ulong)i;
            cluster.After(i * 50, () => cluster.SubmitToAll(transaction));
        }
        cluster.RunFor(15_000);
        bool isLossy = true;
        cluster.Intercept = (_, to, message) =>
            isLossy && to.Index == 2 && message is SyncResponseMessage;
        cluster.Nodes[2].Start();
        cluster.RunFor(lostForMs);
        Assert.Single(cluster.Nodes[2].Chain);
        isLossy = false;
        Assert.True(cluster.RunUntil(() => cluster.Nodes[2].Chain.Count > 10, 1_000));
        Assert.Empty(cluster.Violations);
    }

    /// <summary>A slow answer is waited for: nobody else is asked for the same.</summary>
    [Fact]
    public void A_slow_answer_is_not_asked_for_twice()
    {
        const int lineMs = 700;
        var fakes = new FakeChain();
        ValidatorSet set = ValidatorSet.Create(
            Enumerable.Range(0, 4).Select(i => new Validator(FakeSigner.AddressAt(i), 1)));
        var sync = new SyncMachine(FakeChain.Config, default, set, fakes, fakes);
        PeerId[] peers = [new(FakeSigner.AddressAt(0)), new(FakeSigner.AddressAt(1))];
        var asked = new List<SyncRequestMessage>();
        long now = 1_000;
        Step(new SyncInput.Committed(FakeChain.Genesis));
        Step(new SyncInput.PeerConnected(peers[0], new Height(9)));
        Step(new SyncInput.PeerConnected(peers[1], new Height(9)));
        SyncRequestMessage first = Assert.Single(asked);
        for (; now < 1_000 + lineMs; now += 25)
        {
            Step(new SyncInput.Tick());
        }
        Assert.DoesNotContain(asked.Skip(1), request => request.MaxBlocks > 0);
        Assert.InRange(asked.Count, 3, 8); // Probes, an eighth of a second apart.
        // On one line the answer to the request comes before those to the probes.
        Step(new SyncInput.Received(peers[0], new SyncResponseMessage(first.RequestId, [], null)));
        Assert.Equal(2, asked.Count(request => request.MaxBlocks > 0));

        void Step(SyncInput input)
        {
            foreach (SyncEffect.Send send in sync.Step(now, input).OfType<SyncEffect.Send>())
            {
                asked.Add((SyncRequestMessage)send.Message);
            }
        }
    }
}
