using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>What one validator of the cluster does wrong; node 0 is it.</summary>
internal enum Adversary
{
    None,
    Silent,
    Equivocator,
    DoubleVoter,
    Withholder,
    Nuller,
    Forger,
    Forker,
}

/// <summary>
/// Puts an adversary in node 0's place. Each is a few lines over the honest machine.
/// </summary>
internal static class Adversaries
{
    public static void Install(Cluster cluster, Adversary adversary, SeededRandom random)
    {
        ClusterNode node = cluster.Nodes[0];
        if (adversary == Adversary.None)
        {
            return;
        }
        cluster.Dishonest.Add(0);
        var signer = new FakeSigner(FakeSigner.AddressAt(0));
        var seen = new LookupSet<(VoteKind, View, Hash256)>();
        switch (adversary)
        {
            case Adversary.Silent:
                node.SendOverride = (_, _, _) => { };
                break;
            case Adversary.Withholder:
                // Bodies, votes and certificates reach one other node only.
                node.SendOverride = (self, _, message) => cluster.Deliver(self, 1, message);
                break;
            case Adversary.Equivocator:
                node.SendOverride = (self, target, message) =>
                    Equivocate(cluster, self, target, message, signer);
                break;
            case Adversary.DoubleVoter:
                Listen(cluster, (to, message) => VoteForAll(cluster, node, message, signer, seen));
                break;
            case Adversary.Nuller:
                Listen(cluster, (to, message) => Nullify(cluster, node, message, signer, seen));
                break;
            case Adversary.Forger:
                Listen(cluster, (to, message) => Forge(cluster, node, message, random, seen));
                break;
            case Adversary.Forker:
                var bodies = new LookupTable<Hash256, byte[]>();
                Listen(cluster, (to, message) => Remember(message, bodies));
                node.SendOverride = (self, target, message) =>
                    Fork(cluster, self, target, message, signer, bodies);
                break;
        }
    }

    private static void Listen(Cluster cluster, Action<ClusterNode, WireMessage> act) =>
        cluster.Intercept = (from, to, message) =>
        {
            if (to.Index == 0 && from.Index != 0)
            {
                act(to, message);
            }
            return false;
        };

    /// <summary>One block for the odd, another for the even.</summary>
    private static void Equivocate(
        Cluster cluster, ClusterNode self, int? target, WireMessage message, FakeSigner signer)
    {
        if (message is not ProposalMessage proposal || target is not null)
        {
            cluster.Deliver(self, target, message);
            return;
        }
        ProposalMessage twin = Twin(cluster, proposal, signer, 999_000);
        for (int i = 1; i < cluster.Nodes.Count; i++)
        {
            cluster.Deliver(self, i, i % 2 == 0 ? proposal : twin);
            VoteForBoth(cluster, self, i, [proposal, twin], signer);
        }
    }

    private static void VoteForBoth(
        Cluster cluster, ClusterNode self, int to, ProposalMessage[] both, FakeSigner signer)
    {
        foreach (ProposalMessage proposal in both)
        {
            Vote vote = proposal.LeaderVote;
            Vote final = Sign(signer, vote with { Kind = VoteKind.Finalize, Observation = [] });
            cluster.Deliver(self, to, new VoteMessage(vote));
            cluster.Deliver(self, to, new VoteMessage(final));
        }
    }

    private static ProposalMessage Twin(
        Cluster cluster, ProposalMessage proposal, FakeSigner signer, ulong mark)
    {
        cluster.Fakes.TryRead(proposal.EncodedBlock, out BlockReference block, out var payload);
        var parent = new BlockReference(
            new Height(block.Height.Value - 1), block.ParentView, default, block.ParentHash,
            default, 0);
        byte[] encoded = FakeChain.Encode(parent, payload, [mark + block.View.Value]);
        Vote vote = proposal.LeaderVote with { BlockHash = Keccak.Hash(encoded) };
        return new ProposalMessage(encoded, Sign(signer, vote));
    }

    /// <summary>Votes for and against everything it hears of.</summary>
    private static void VoteForAll(
        Cluster cluster, ClusterNode self, WireMessage message, FakeSigner signer,
        LookupSet<(VoteKind, View, Hash256)> seen)
    {
        Vote? heard = (message as VoteMessage)?.Vote ?? (message as ProposalMessage)?.LeaderVote;
        if (heard is null || heard.BlockHash.IsZero)
        {
            return;
        }
        foreach (VoteKind kind in (VoteKind[])[VoteKind.Notarize, VoteKind.Finalize])
        {
            Cast(cluster, self, signer, seen, kind, heard.View, heard.BlockHash);
        }
        Cast(cluster, self, signer, seen, VoteKind.Nullify, heard.View, Hash256.Zero);
    }

    private static void Nullify(
        Cluster cluster, ClusterNode self, WireMessage message, FakeSigner signer,
        LookupSet<(VoteKind, View, Hash256)> seen)
    {
        Vote? heard = (message as VoteMessage)?.Vote ?? (message as ProposalMessage)?.LeaderVote;
        if (heard is not null)
        {
            Cast(cluster, self, signer, seen, VoteKind.Nullify, heard.View, Hash256.Zero);
            Cast(cluster, self, signer, seen, VoteKind.Nullify, heard.View.Next, Hash256.Zero);
        }
    }

    /// <summary>
    /// Certificates of every kind with the names of all and the signatures of none.
    /// </summary>
    private static void Forge(
        Cluster cluster, ClusterNode self, WireMessage message, SeededRandom random,
        LookupSet<(VoteKind, View, Hash256)> seen)
    {
        if (message is not ProposalMessage { LeaderVote: var vote }
            || !seen.Add((vote.Kind, vote.View, vote.BlockHash)))
        {
            return;
        }
        VoteKind kind = random.Chance(1, 2) ? VoteKind.Finalize : VoteKind.Nullify;
        Hash256 block = kind == VoteKind.Nullify ? Hash256.Zero : vote.BlockHash;
        var forged = new Certificate(
            kind, default, vote.View, block, [0x0f], [default, default, default, default], []);
        cluster.Deliver(self, random.NextBelow(3) + 1, new CertificatesMessage([forged]));
    }

    private static void Remember(WireMessage message, LookupTable<Hash256, byte[]> bodies)
    {
        if (message is ProposalMessage proposal)
        {
            bodies[proposal.LeaderVote.BlockHash] = proposal.EncodedBlock;
        }
    }

    /// <summary>Proposes on the tip's parent, as if the tip had not been notarized.</summary>
    private static void Fork(
        Cluster cluster, ClusterNode self, int? target, WireMessage message, FakeSigner signer,
        LookupTable<Hash256, byte[]> bodies)
    {
        if (message is ProposalMessage proposal
            && cluster.Fakes.TryRead(proposal.EncodedBlock, out var block, out var payload)
            && bodies.TryGetValue(block.ParentHash, out byte[]? tip)
            && cluster.Fakes.TryRead(tip, out var tipBlock, out ConsensusPayload tipPayload))
        {
            var parent = new BlockReference(
                new Height(tipBlock.Height.Value - 1), tipBlock.ParentView, default,
                tipBlock.ParentHash, default, 0);
            ConsensusPayload forked = payload with
            {
                ParentView = tipBlock.ParentView,
                ParentNotarization = tipPayload.ParentNotarization,
            };
            byte[] encoded = FakeChain.Encode(parent, forked, [777_000 + payload.View.Value]);
            Vote vote = proposal.LeaderVote with { BlockHash = Keccak.Hash(encoded) };
            message = new ProposalMessage(encoded, Sign(signer, vote));
        }
        cluster.Deliver(self, target, message);
    }

    private static void Cast(
        Cluster cluster, ClusterNode self, FakeSigner signer,
        LookupSet<(VoteKind, View, Hash256)> seen, VoteKind kind, View view, Hash256 block)
    {
        if (seen.Add((kind, view, block)))
        {
            Vote vote = Sign(signer, new Vote(
                kind, default, view, block, new ValidatorIndex(0), [], default));
            cluster.Deliver(self, null, new VoteMessage(vote));
        }
    }

    private static Vote Sign(FakeSigner signer, Vote vote) => vote with
    {
        Signature = signer.Sign(new VoteDigests(FakeChain.Config).Of(vote)),
    };
}
