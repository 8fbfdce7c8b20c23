using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Makes certificates with the names of all and the signatures of none: some validators are told
/// that the block it votes for is final, the others that its view is nullified, and a block of its
/// own goes to the first only. Whoever believes them has a final block that the rest never had.
/// To nodes that catch up it serves final headers over bodies that are not theirs.
/// </summary>
internal sealed class Forger(SeededRandom random, int validators) : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        if ((WireKind)bytes[0] == WireKind.SyncResponse
            && WireMessage.TryDecode(bytes, out WireMessage? answer) is null)
        {
            byte[] emptied = WithoutBodies((SyncResponseMessage)answer!);
            return targets.Select(target => (target, emptied));
        }
        Vote? vote = NotarizeVoteOf(bytes, out bool isProposal);
        if (vote is null)
        {
            return targets.Select(target => (target, bytes));
        }
        byte[] final = Forge(vote, VoteKind.Finalize, vote.BlockHash);
        byte[] nullified = Forge(vote, VoteKind.Nullify, Hash256.Zero);
        int favoured = random.NextBelow(validators);
        var sent = new List<(int Target, byte[] Bytes)>();
        foreach (int target in targets)
        {
            bool isFavoured = target == favoured;
            if (isFavoured || !isProposal)
            {
                sent.Add((target, bytes));
            }
            sent.Add((target, isFavoured ? final : nullified));
        }
        return sent;
    }

    private static Vote? NotarizeVoteOf(byte[] bytes, out bool isProposal)
    {
        isProposal = (WireKind)bytes[0] == WireKind.Proposal;
        if ((!isProposal && (WireKind)bytes[0] != WireKind.Vote)
            || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return null;
        }
        Vote vote = message is ProposalMessage proposal
            ? proposal.LeaderVote
            : ((VoteMessage)message!).Vote;
        return vote.Kind == VoteKind.Notarize ? vote : null;
    }

    private static byte[] WithoutBodies(SyncResponseMessage answer)
    {
        IEnumerable<byte[]> blocks = answer.Blocks.Select(encoded =>
            BlockCodec.TryReadBlock(encoded, out Block block, out _)
            && new BlockCodec().TryRead(encoded, out _, out ConsensusPayload payload)
                ? BlockCodec.Encode(block with { Transactions = [] }, payload)
                : encoded);
        return (answer with { Blocks = [.. blocks] }).Encode();
    }

    private byte[] Forge(Vote vote, VoteKind kind, in Hash256 block)
    {
        byte[] signers = new byte[(validators + 7) / 8];
        for (int i = 0; i < validators; i++)
        {
            signers[i / 8] |= (byte)(1 << (i % 8));
        }
        var forged = new Certificate(
            kind, vote.Epoch, vote.View, block, signers, new Signature[validators], []);
        return new CertificatesMessage([forged]).Encode();
    }
}
