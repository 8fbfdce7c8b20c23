using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>The small form of `homeostat sim relay`.</summary>
public sealed class RelayTests
{
    /// <summary>Hears of no transaction but in blocks.</summary>
    private sealed class Deaf : IAdversary
    {
        public bool Takes(byte[] rawTransaction) => false;
    }

    [Fact]
    public void A_node_whose_pool_lacks_them_asks_for_the_transactions()
    {
        int asked = 0;
        var cluster = new Cluster(5, new ClusterSetup(SimulationRunner.Network(4)))
        {
            Watch = (node, effect) => asked += node.Index == 3
                && effect is ReplicaEffect.Send { Bytes: [(byte)WireKind.ProposalPartsRequest, ..] }
                ? 1
                : 0,
        };
        cluster.Corrupt(3, new Deaf());
        cluster.StartAll();
        cluster.Load(20, 12_000_000);
        cluster.RunUntil(12_000_000);
        Assert.True(asked > 5, $"asked {asked} times");
        Assert.True(cluster.Checks.Highest.Value > 15, $"height {cluster.Checks.Highest}");
        Assert.True(
            cluster.Nodes[3].Disk.LastFinalized!.Height.Value + 3 > cluster.Checks.Highest.Value);
    }

    [Fact]
    public void A_block_taken_apart_and_put_together_has_the_same_bytes()
    {
        var chain = new QuickChain(new QuickChainOptions
        {
            Blocks = 3, Accounts = 60, Contracts = 0, EndMs = 1_780_000_000_000,
        });
        foreach (FinalizedBlock block in chain.Make().Select(batch => batch.Finalized[0]))
        {
            var vote = new Vote(
                VoteKind.Notarize, default, block.View, block.Hash, default, [], default);
            CompactProposalMessage compact =
                CompactBlock.Shrink(new ProposalMessage(block.Encoded, vote))!;
            Assert.Equal(
                block.Encoded,
                CompactBlock.PutTogether(compact, CompactBlock.TransactionsOf(block.Encoded)));
            Assert.Equal(20, CompactBlock.IdsOf(compact).Length);
            var key = new SipHash(block.Hash);
            Assert.Equal(
                CompactBlock.IdsOf(compact),
                CompactBlock.TransactionsOf(block.Encoded)
                    .Select(item => CompactBlock.IdOf(key, CompactBlock.HashOf(item))));
        }
    }

    [Fact]
    public void Compact_proposals_take_the_bodies_from_the_pools()
    {
        RelayResult whole = RelayRun.Run(4, compact: false, 100, 5, seed: 3);
        RelayResult compact = RelayRun.Run(4, compact: true, 100, 5, seed: 3);
        Assert.True(whole.Transactions > 300, $"{whole.Transactions} transactions");
        Assert.True(compact.Transactions > 300, $"{compact.Transactions} transactions");
        double before = (double)whole.Proposals / whole.Transactions;
        double after = (double)compact.Proposals / compact.Transactions;
        Assert.True(after < 0.7 * before, $"{before:F0} bytes a transaction, then {after:F0}");
    }
}
