namespace Homeostat.Consensus.Tests;

/// <summary>Timeouts grow while views fail, and fall once a view shows that they may.</summary>
public class TimeoutTests
{
    private const int Mute = 0;
    private static readonly ConsensusParameters Parameters =
        new() { HeartbeatMs = 3_000, MaxTimeoutMs = 4_000 };

    [Fact]
    public void Views_that_only_notarize_take_a_silent_leader_s_views_back_to_their_length()
    {
        Cluster cluster = WithLoad();
        SortedDictionary<ulong, long> proposed = ProposalTimes(cluster);
        bool isDark = true;
        Func<ClusterNode, ClusterNode, WireMessage, bool> note = cluster.Intercept!;
        cluster.Intercept = (from, to, message) =>
        {
            bool isProposal = message is ProposalMessage or CompactProposalMessage;
            note(from, to, message);
            return (isProposal && (isDark || from.Index == Mute))
                || message is VoteMessage { Vote.Kind: VoteKind.Finalize };
        };
        cluster.RunFor(20_000);
        Assert.True(Gaps(proposed, first: 0).Max() >= Parameters.MaxTimeoutMs,
            "dark: each view was longer than the one before");
        isDark = false;
        ulong lit = proposed.Keys.Max();
        // One silent view as long as they had grown, two good ones, and the next silent one.
        cluster.RunFor(2 * Parameters.MaxTimeoutMs + 5_000);
        Assert.Single(cluster.Nodes[1].Chain);
        List<long> after = Gaps(proposed, lit + 8);
        Assert.InRange(after.Count, 5, int.MaxValue);
        Assert.InRange(after.Max(), Parameters.LeaderTimeoutMs, 2 * Parameters.LeaderTimeoutMs);
        Assert.Empty(cluster.Violations);
    }

    /// <summary>
    /// Who cannot keep up refuses what the others notarize; with one that never finalizes, no
    /// block is final until the slow one waits long enough.
    /// </summary>
    [Fact]
    public void Who_is_late_for_what_the_others_notarize_waits_longer()
    {
        const int slow = 1;
        Cluster cluster = WithLoad();
        cluster.Intercept = (from, _, message) => from.Index == Mute
            && message is VoteMessage { Vote.Kind: VoteKind.Finalize };
        long lateMs = 2 * Parameters.AdvanceTimeoutMs;
        cluster.Nodes[slow].VerifyMs = lateMs;
        cluster.RunFor(40_000);
        Assert.True(cluster.Nodes[2].Chain.Count > 5, "blocks become final");
        Assert.Empty(cluster.Violations);
    }

    /// <summary>
    /// While an epoch's last block is notarized and not final, each leader proposes it again; it
    /// votes for it in the same step, for nothing else may come to it in that view.
    /// </summary>
    [Fact]
    public void An_epoch_s_last_block_proposed_again_waits_for_nothing_else()
    {
        Cluster cluster = WithLoad(epochBlocks: 4);
        var again = new SortedDictionary<ulong, long>();
        cluster.Intercept = (_, _, message) =>
        {
            if (message is ProposalMessage proposal
                && cluster.Fakes.TryRead(proposal.EncodedBlock, out BlockReference block, out _)
                && block.View < proposal.LeaderVote.View)
            {
                again.TryAdd(proposal.LeaderVote.View.Value, cluster.NowMs);
            }
            return message is VoteMessage { Vote.Kind: VoteKind.Finalize };
        };
        cluster.RunFor(10_000);
        List<long> gaps = Gaps(again, first: 0);
        Assert.InRange(gaps.Count, 20, int.MaxValue);
        Assert.InRange(gaps.Max(), 1, Parameters.RetransmitMs / 2 + 50);
        Assert.Empty(cluster.Violations);
    }

    private static Cluster WithLoad(ulong epochBlocks = 0)
    {
        var cluster = new Cluster(11, 4, parameters: Parameters, epochBlocks: epochBlocks);
        cluster.StartAll();
        for (int i = 0; i < 1_000; i++)
        {
            ulong transaction = 1 + (ulong)i;
            cluster.After(i * 50, () => cluster.SubmitToAll(transaction));
        }
        return cluster;
    }

    /// <summary>When each view's proposal was first sent.</summary>
    private static SortedDictionary<ulong, long> ProposalTimes(Cluster cluster)
    {
        var times = new SortedDictionary<ulong, long>();
        cluster.Intercept = (_, _, message) =>
        {
            if (message is ProposalMessage proposal)
            {
                times.TryAdd(proposal.LeaderVote.View.Value, cluster.NowMs);
            }
            return false;
        };
        return times;
    }

    private static List<long> Gaps(SortedDictionary<ulong, long> times, ulong first) =>
        [.. times.Where(each => each.Key >= first && times.ContainsKey(each.Key + 1))
            .Select(each => times[each.Key + 1] - each.Value)];
}
