using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Votes: received and counted, conflicting ones kept as evidence, own ones cast.
/// </summary>
internal sealed class VoteRules(
    MachineContext context, CertificateRules certificates, ProposalRules proposals)
{
    public void Receive(PeerId peer, Vote vote)
    {
        if (vote.Epoch != context.Epoch)
        {
            certificates.NoteEpoch(peer, vote.Epoch);
            return;
        }
        if (!context.Validators.Contains(vote.Signer))
        {
            return;
        }
        if (vote.View <= context.Finalized.View)
        {
            if (context.Validators[vote.Signer].Address == peer.Address)
            {
                context.Hear(vote.Signer, vote.View); // The connection proves who says it.
            }
            certificates.HelpIfBehind(peer, vote.View);
            return;
        }
        if (vote.View.Value > context.Current.Value + ConsensusLimits.VoteViewsAhead)
        {
            HearFromAfar(vote);
            return;
        }
        Round round = context.RoundOf(vote.View);
        Vote? known = round.TallyOf(vote.Kind)[vote.Signer];
        bool isAccused = round.AccusedSigners.Contains(vote.Signer.Value);
        if (known is not null && (isAccused || known.SaysSameAs(vote)))
        {
            certificates.HelpIfBehind(peer, vote.View);
            return;
        }
        if (context.Verifier.Check(vote) is { } error)
        {
            context.Penalize(peer, 5, error);
            return;
        }
        certificates.HelpIfBehind(peer, vote.View);
        Count(vote);
    }

    /// <summary>
    /// Counts a vote whose signature is good; the own ones once they are on disk.
    /// </summary>
    public void Count(Vote vote)
    {
        if (vote.View < context.Finalized.View)
        {
            return;
        }
        Round round = context.RoundOf(vote.View);
        context.Hear(vote.Signer, vote.View);
        context.Accuse(round, vote);
        VoteTally tally = round.TallyOf(vote.Kind);
        if (tally[vote.Signer] is not null)
        {
            return;
        }
        ulong weight = tally.Add(vote);
        if (round.CertificateOf(vote.Kind) is null && context.Verifier.IsQuorum(weight))
        {
            List<Vote> votes = tally.For(vote.BlockHash);
            Certificate formed = CertificateVerifier.Assemble(votes, context.Validators.Count);
            certificates.Accept(formed, formedHere: true);
        }
    }

    /// <summary>All own votes that the facts now call for.</summary>
    public void Cast()
    {
        if (context.Self is null)
        {
            return;
        }
        CastNotarize(context.CurrentRound);
        CastNullify(context.CurrentRound);
        foreach (Round round in context.RoundsAscending.ToArray())
        {
            CastFinalize(round);
        }
    }

    private void CastNotarize(Round round)
    {
        if (round.OwnNotarize is not null || !context.MayVote(round.View)
            || round.Proposal is not { } hash
            || context.Tree.Find(hash) is not { Status: BlockStatus.Valid } entry
            || (entry.IsUnwanted && entry.Reference.View == round.View)
            || !proposals.ParentIsProven(entry, round))
        {
            return;
        }
        long aheadMs = entry.Reference.TimeMs - context.NowMs;
        if (aheadMs > 0)
        {
            context.Wake(context.Clock + aheadMs);
            return;
        }
        proposals.StoreBody(entry);
        Cast(round, VoteKind.Notarize, hash, entry.Observation);
    }

    /// <summary>Never after a finalize vote: the two together would be evidence.</summary>
    private void CastNullify(Round round)
    {
        if ((round.HasTimedOut || round.IsHopeless) && round.OwnNullify is null
            && round.OwnFinalize is null && context.MayVote(round.View))
        {
            Cast(round, VoteKind.Nullify, Hash256.Zero, []);
        }
    }

    /// <summary>
    /// For a notarized block in a view this validator did not nullify and, having left it, never
    /// will. A block found invalid here gets no finalize vote.
    /// </summary>
    private void CastFinalize(Round round)
    {
        bool nullified = round.OwnNullify is not null && !context.Bugs.FinalizeAfterNullify;
        if (round.View <= context.Finalized.View || round.Notarization is not { } notarization
            || round.OwnFinalize is not null || nullified || !context.MayVote(round.View)
            || context.Tree.Find(notarization.BlockHash)?.Status == BlockStatus.Invalid)
        {
            return;
        }
        Cast(round, VoteKind.Finalize, notarization.BlockHash, []);
    }

    private void Cast(Round round, VoteKind kind, in Hash256 block, byte[] observation)
    {
        var unsigned = new Vote(
            kind, context.Epoch, round.View, block, context.Self!.Value, observation, default);
        Hash256 digest = context.Digests.Of(unsigned);
        Vote vote = unsigned with { Signature = context.Signer!.Sign(digest) };
        round.KeepOwn(vote);
        context.Write(new JournalRecord.OwnVote(vote));
        context.AfterWritten(() =>
        {
            context.Broadcast(MessageOf(round, vote));
            Count(vote);
        });
    }

    /// <summary>The leader's notarize vote leaves with its block.</summary>
    private WireMessage MessageOf(Round round, Vote vote)
    {
        bool leads = vote.Kind == VoteKind.Notarize && round.Leader == vote.Signer;
        return leads && context.Tree.Find(vote.BlockHash) is { } entry
            ? new ProposalMessage(entry.Encoded, vote)
            : new VoteMessage(vote);
    }

    /// <summary>A view too far ahead to count in still says that this node may be behind.</summary>
    private void HearFromAfar(Vote vote)
    {
        bool isNew = vote.View > context.LastHeard[vote.Signer.Value];
        if (isNew && context.LastHeard[vote.Signer.Value] <= context.Current
            && context.Verifier.Check(vote) is null)
        {
            context.Hear(vote.Signer, vote.View);
        }
    }
}
