namespace Homeostat.Consensus.Tests;

/// <summary>Who stops by intention costs no timeout; who comes back is waited for again.</summary>
public class FarewellTests
{
    private const int Leaver = 2;

    [Fact]
    public void A_leaver_is_not_waited_for_as_one_that_crashes_is()
    {
        long timeoutMs = new ConsensusParameters().LeaderTimeoutMs;
        long crashed = LongestGapMs(saysFarewell: false);
        long left = LongestGapMs(saysFarewell: true);
        Assert.InRange(crashed, timeoutMs, 10 * timeoutMs);
        long interval = new ConsensusParameters().BlockIntervalMs;
        Assert.InRange(left, interval, interval + timeoutMs / 4);
    }

    [Fact]
    public void One_that_says_hello_again_leads_again()
    {
        var cluster = new Cluster(3, 4);
        cluster.StartAll();
        var proposed = new List<int>();
        cluster.Intercept = (from, _, message) =>
        {
            if (message is ProposalMessage)
            {
                proposed.Add(from.Index);
            }
            return false;
        };
        Load(cluster, 200);
        cluster.RunFor(2_000);
        Assert.Contains(Leaver, proposed);
        cluster.Nodes[Leaver].Step(new ConsensusInput.Leaving());
        proposed.Clear();
        cluster.RunFor(2_000);
        Assert.DoesNotContain(Leaver, proposed);
        cluster.Nodes[Leaver].Crash(losesJournal: false);
        cluster.Nodes[Leaver].Start();
        foreach (ClusterNode other in cluster.Nodes)
        {
            other.Step(new ConsensusInput.Met(cluster.Nodes[Leaver].Id));
        }
        cluster.RunFor(3_000);
        Assert.Contains(Leaver, proposed);
        Assert.Empty(cluster.Violations);
    }

    /// <summary>A farewell without end is cut to the views that votes are kept for.</summary>
    [Fact]
    public void A_lie_costs_its_teller_alone_and_ends()
    {
        var cluster = new Cluster(4, 4);
        cluster.StartAll();
        Load(cluster, 400);
        cluster.Deliver(cluster.Nodes[Leaver], null, new FarewellMessage(new(ulong.MaxValue)));
        cluster.RunFor(1_000);
        int before = cluster.Nodes[0].Chain.Count;
        Assert.True(before > 1, "blocks go on");
        var proposed = new List<int>();
        cluster.Intercept = (from, _, message) =>
        {
            if (message is ProposalMessage)
            {
                proposed.Add(from.Index);
            }
            return false;
        };
        cluster.RunFor(25_000);
        Assert.Contains(Leaver, cluster.Nodes[0].Chain
            .Skip(before).Select(entry => (int)(entry.Block.View.Value % 4)));
        Assert.Contains(Leaver, proposed);
        Assert.Empty(cluster.Violations);
    }

    private static long LongestGapMs(bool saysFarewell)
    {
        var cluster = new Cluster(9, 4);
        cluster.StartAll();
        Load(cluster, 100);
        cluster.RunFor(1_000);
        if (saysFarewell)
        {
            cluster.Nodes[Leaver].Step(new ConsensusInput.Leaving());
            cluster.RunFor(250);
        }
        cluster.Nodes[Leaver].Crash(losesJournal: false);
        int first = cluster.Nodes[0].Chain.Count - 1;
        cluster.RunFor(4_000);
        List<long> times = [.. cluster.Nodes[0].Chain.Skip(first).Select(x => x.Block.TimeMs)];
        Assert.Empty(cluster.Violations);
        return times.Zip(times.Skip(1), (one, next) => next - one).Max();
    }

    private static void Load(Cluster cluster, int transactions)
    {
        for (int i = 0; i < transactions; i++)
        {
            ulong transaction = 1 + (ulong)i;
            cluster.After(i * 50, () => cluster.SubmitToAll(transaction));
        }
    }
}
