using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Proposals on their way out and in: they leave without what others have in their pools, and are
/// put together here from the own pool before consensus sees them. What is missing is asked of who
/// sent the proposal. Consensus knows nothing of it; if a proposal can't be put together, it is to
/// consensus as if the message had been lost.
/// </summary>
internal sealed class CompactRelay(
    ReplicaLimits limits, Outbox outbox, Mailbox mail, StepClock clock, BlockTree tree,
    TransactionPool pool)
{
    /// <summary>Proposals that wait for missing transactions; the oldest makes room.</summary>
    private const int MostWaiting = 4;

    private readonly PeerBudgets _budgets = new();
    private readonly List<Waiting> _waiting = [];

    /// <summary>What is sent in the place of the message.</summary>
    public WireMessage Outgoing(WireMessage message) =>
        limits.CompactBodies && message is ProposalMessage proposal
            ? CompactBlock.Shrink(proposal) ?? message
            : message;

    public void Receive(PeerId peer, CompactProposalMessage compact)
    {
        Hash256 block = compact.LeaderVote.BlockHash;
        if (Keccak.Hash(compact.Header) != block
            || compact.ShortIds.Length % CompactBlock.ShortIdBytes != 0)
        {
            outbox.Add(new ReplicaEffect.Penalize(peer, 5, "a proposal's parts do not fit"));
            return;
        }
        if (tree.TryGet(block, out TreeBlock known) && known.Encoded.Length > 0)
        {
            Give(peer, known.Encoded, compact.LeaderVote);
            return;
        }
        var key = new SipHash(block);
        RecoveredTransaction?[] pooled = pool.Match(
            CompactBlock.IdsOf(compact), hash => CompactBlock.IdOf(key, hash));
        if (pooled.Sum(x => (long)(x?.Transaction.Encoded.Length ?? 0)) > WireLimits.MaxBlockBytes)
        {
            outbox.Add(new ReplicaEffect.Penalize(peer, 5, "a proposal of too many bytes"));
            return;
        }
        byte[]?[] found =
        [
            .. pooled.Select(x => x is { } transaction
                ? CompactBlock.ItemOf(transaction.Transaction.Encoded)
                : null),
        ];
        int[] missing =
            [.. Enumerable.Range(0, found.Length).Where(i => found[i] is null)];
        if (missing.Length == 0)
        {
            Complete(new Waiting(peer, compact, found));
            return;
        }
        _waiting.RemoveAll(x => x.Compact.LeaderVote.BlockHash == block);
        if (_waiting.Count >= MostWaiting)
        {
            _waiting.RemoveAt(0);
        }
        _waiting.Add(new Waiting(peer, compact, found));
        outbox.Send(peer, new ProposalPartsRequestMessage(block, missing));
    }

    /// <summary>Another lacks some transactions of a block that this node proposed.</summary>
    public void Receive(PeerId peer, ProposalPartsRequestMessage request)
    {
        if (!_budgets.TryTake(peer, clock.NowMs))
        {
            outbox.Add(new ReplicaEffect.Penalize(peer, 1, "too many requests for transactions"));
            return;
        }
        if (!tree.TryGet(request.BlockHash, out TreeBlock block))
        {
            return;
        }
        IReadOnlyList<byte[]> all = CompactBlock.TransactionsOf(block.Encoded);
        if (request.Indexes.All(index => index < all.Count))
        {
            outbox.Send(peer, new ProposalPartsMessage(
                request.BlockHash, [.. request.Indexes.Select(index => all[index])]));
        }
    }

    public void Receive(PeerId peer, ProposalPartsMessage parts)
    {
        int at = _waiting.FindIndex(
            x => x.Peer == peer && x.Compact.LeaderVote.BlockHash == parts.BlockHash);
        if (at < 0)
        {
            return; // Too late, or not asked for.
        }
        Waiting waiting = _waiting[at];
        _waiting.RemoveAt(at);
        int next = 0;
        for (int i = 0; i < waiting.Transactions.Length; i++)
        {
            if (waiting.Transactions[i] is null && next < parts.Transactions.Count)
            {
                waiting.Transactions[i] = parts.Transactions[next++];
            }
        }
        if (next != parts.Transactions.Count || waiting.Transactions.Any(x => x is null))
        {
            outbox.Add(new ReplicaEffect.Penalize(
                peer, 5, "other transactions than were asked for"));
            return;
        }
        Complete(waiting);
    }

    public void Forget(PeerId peer) => _waiting.RemoveAll(x => x.Peer == peer);

    private void Complete(Waiting waiting) => Give(
        waiting.Peer, CompactBlock.PutTogether(waiting.Compact, waiting.Transactions!),
        waiting.Compact.LeaderVote);

    private void Give(PeerId peer, byte[] encoded, Vote vote) => mail.Post(
        new ConsensusInput.Received(peer, new ProposalMessage(encoded, vote)));

    private sealed record Waiting(
        PeerId Peer, CompactProposalMessage Compact, byte[]?[] Transactions);
}
