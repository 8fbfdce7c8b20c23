using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Proposals: the leader's choice of parent and moment, the checks of what another leader
/// proposes, and the rule of the protocol about parents: a notarized block such that every view
/// between it and the proposal is nullified.
/// </summary>
internal sealed class ProposalRules(MachineContext context, CertificateRules certificates)
{
    /// <summary>The vote to count when the message is good and new; null otherwise.</summary>
    public Vote? Receive(PeerId peer, ProposalMessage message)
    {
        Vote vote = message.LeaderVote;
        if (vote.Epoch != context.Epoch || vote.Kind != VoteKind.Notarize
            || vote.View <= context.Finalized.View || vote.View.Value
                > context.Current.Value + ConsensusLimits.ProposalViewsAhead)
        {
            return vote; // Its vote may still show where its sender is.
        }
        Round round = context.RoundOf(vote.View);
        bool isWanted = (round.Proposal ?? vote.BlockHash) == vote.BlockHash
            || round.NotarizedHash == vote.BlockHash;
        if (vote.Signer != round.Leader || !isWanted
            || (round.Proposal == vote.BlockHash && context.Tree.Find(vote.BlockHash) is not null))
        {
            return vote;
        }
        if (context.Verifier.Check(vote) is { } error)
        {
            context.Penalize(peer, 5, error);
            return null;
        }
        BlockEntry? entry = TakeBody(peer, message.EncodedBlock, vote.BlockHash);
        bool isFit = entry is not null && context.Fits(entry.Reference, vote.View)
            && entry.Reference.TimeMs <= context.NowMs + context.Parameters.MaxClockAheadMs;
        if (isFit && round.Proposal is null)
        {
            Consider(round, vote.BlockHash);
        }
        // Anyone can put other bytes beside a leader's vote: only the leader's own word counts.
        round.IsHopeless |= !isFit && round.Proposal is null
            && peer == certificates.PeerOf(round.Leader);
        return vote;
    }

    /// <summary>Takes a block as the view's proposal.</summary>
    public void Consider(Round round, in Hash256 block)
    {
        round.Proposal = block;
        round.ProposalAt = context.Clock;
    }

    /// <summary>
    /// Reads and checks a block's bytes and keeps them; null when they are no use.
    /// </summary>
    public BlockEntry? TakeBody(PeerId peer, byte[] encoded, in Hash256 expected)
    {
        if (context.Tree.Find(expected) is { } known)
        {
            return known;
        }
        if (!context.Blocks.TryRead(encoded, out BlockReference block, out ConsensusPayload payload)
            || block.Hash != expected)
        {
            context.Penalize(peer, 5, "bytes are not the block announced");
            return null;
        }
        if (CheckPayload(block, payload) is { } error)
        {
            context.Penalize(peer, 5, error);
            return null;
        }
        var entry = new BlockEntry(block, payload, encoded);
        context.Tree.Add(entry);
        return entry;
    }

    /// <summary>
    /// The protocol's rule, as a voter sees it: the parent is not below the last final block, is
    /// notarized (its notarization stands in the payload), and no view between may be without a
    /// nullification. What is missing is asked for, of the leader first.
    /// </summary>
    public bool ParentIsProven(BlockEntry entry, Round round)
    {
        if (context.Bugs.UncheckedParent)
        {
            return true;
        }
        BlockReference block = entry.Reference;
        if (block.View != round.View)
        {
            return IsProvenAgain(block, round);
        }
        bool isOnFinal = block.ParentView == context.Finalized.View
            && block.ParentHash == context.Finalized.Hash;
        if (block.ParentView < context.Finalized.View
            || (block.ParentView == context.Finalized.View && !isOnFinal))
        {
            round.IsHopeless = true;
            return false;
        }
        for (View view = block.ParentView.Next; view < block.View; view = view.Next)
        {
            if (context.FindRound(view)?.Nullification is null)
            {
                certificates.Ask(view, new View(block.View.Value - 1), round.Leader);
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// The epoch's last block once more: notarized in an earlier view, and each view since then
    /// nullified. As a child of itself, so to say, that adds nothing to it.
    /// </summary>
    private bool IsProvenAgain(BlockReference block, Round round)
    {
        for (ulong number = round.View.Value - 1; number >= block.View.Value; number--)
        {
            Round? earlier = context.FindRound(new View(number));
            if (earlier?.NotarizedHash == block.Hash)
            {
                return true;
            }
            if (earlier?.Nullification is null)
            {
                certificates.Ask(
                    new View(number), new View(round.View.Value - 1), round.Leader);
                return false;
            }
        }
        return false;
    }

    /// <summary>
    /// Asks for a block when this node leads, has a reason to, and the time is right. True when
    /// that left something to vote on, now: nothing else may come that would bring it up.
    /// </summary>
    public bool Lead()
    {
        Round round = context.CurrentRound;
        (Hash256? proposal, bool isHopeless) = (round.Proposal, round.IsHopeless);
        Lead(round);
        return round.Proposal != proposal || round.IsHopeless != isHopeless;
    }

    private void Lead(Round round)
    {
        if (context.IsClosed || !context.LeadsCurrent || !context.MayVote(round.View)
            || round.WasAskedToPropose || round.Proposal is not null
            || round.OwnNullify is not null || context.IsAway(round.Leader))
        {
            return;
        }
        if (MomentToPropose(round) is not { } moment || FindParent(round) is not { } parent)
        {
            return;
        }
        if (context.EndsEpoch(parent))
        {
            LeadAgain(round, parent, moment);
            return;
        }
        long intervalAt = ClockAt(parent.TimeMs + context.Parameters.BlockIntervalMs);
        moment = Math.Max(moment, intervalAt);
        if (context.Clock < moment)
        {
            context.Wake(moment);
            return;
        }
        round.WasAskedToPropose = true;
        long timeMs = Math.Max(
            context.NowMs, parent.TimeMs + context.Parameters.BlockIntervalMs);
        context.Emit(new ConsensusEffect.Propose(
            round.View, parent, new ConsensusPayload(
                context.Epoch, round.View, parent.View, timeMs, context.Validators.Hash,
                Hash256.Zero, ProofOf(parent))));
    }

    /// <summary>
    /// Nothing can stand on the epoch's last block before it is final, so it is proposed itself.
    /// </summary>
    private void LeadAgain(Round round, BlockReference last, long moment)
    {
        if (context.Clock < moment)
        {
            context.Wake(moment);
            return;
        }
        round.WasAskedToPropose = true;
        Consider(round, last.Hash);
    }

    /// <summary>
    /// The parent's notarization; the finalization where the parent is of the epoch before.
    /// </summary>
    private Certificate? ProofOf(BlockReference parent) =>
        context.Config.Epochs.IsFirst(parent.Height.Next)
            ? context.FinalizedProof
            : context.FindRound(parent.View)?.Notarization;

    public void OnProposed(ConsensusInput.Proposed built)
    {
        if (built.View != context.Current || !context.LeadsCurrent
            || context.CurrentRound is not { Proposal: null, OwnNullify: null } round
            || !context.Blocks.TryRead(built.Encoded, out BlockReference block, out var payload))
        {
            return;
        }
        Invariant.Require(block == built.Block);
        var entry = new BlockEntry(block, payload, built.Encoded)
        {
            Status = BlockStatus.Valid,
            Observation = built.Observation,
        };
        context.Tree.Add(entry);
        Consider(round, block.Hash);
    }

    public void OnFailed(View view)
    {
        if (view == context.Current)
        {
            context.CurrentRound.IsHopeless = true;
        }
    }

    /// <summary>Gives the body to the journal, once, ahead of the vote that needs it.</summary>
    public void StoreBody(BlockEntry entry)
    {
        if (!entry.IsStored && !context.Bugs.BodyNotStored)
        {
            context.Write(new JournalRecord.Body(entry.Reference, entry.Encoded));
        }
        entry.IsStored = true;
    }

    /// <summary>The highest unfinalized notarized view below the current; null when none.</summary>
    public Round? UnfinalizedTip()
    {
        Round? tip = context.RoundsDescending.FirstOrDefault(
            round => round.View < context.Current && round.NotarizedHash is not null);
        return tip is not null && tip.View > context.Finalized.View ? tip : null;
    }

    /// <summary>
    /// Why there should be a block, and from when on: transactions wait; or a notarized block got
    /// no finalization (a child's will do) though it had time to; or too many views were idle.
    /// </summary>
    public long? MomentToPropose(Round round)
    {
        Round? tip = UnfinalizedTip();
        bool endsEpoch = tip?.NotarizedHash is { } hash
            && context.Tree.Find(hash) is { } last && context.EndsEpoch(last.Reference);
        if (context.WorkPending && !endsEpoch)
        {
            return round.EnteredAt;
        }
        if (tip is not null)
        {
            return round.EnteredAt + Math.Max(1, context.Parameters.RetransmitMs / 2);
        }
        ulong run = round.View.Value - context.Finalized.View.Value;
        return run > ConsensusLimits.MaxIdleRun ? round.EnteredAt : null;
    }

    /// <summary>A wall-clock time on the steady clock.</summary>
    public long ClockAt(long wallMs) => context.Clock + (wallMs - context.NowMs);

    private BlockReference? FindParent(Round round)
    {
        for (ulong number = round.View.Value - 1; ; number--)
        {
            var view = new View(number);
            Round? candidate = context.FindRound(view);
            if (view == context.Finalized.View)
            {
                return WithNotarization(context.Finalized, candidate);
            }
            BlockEntry? entry = candidate?.NotarizedHash is { } hash
                ? context.Tree.Find(hash)
                : null;
            if (entry?.Status == BlockStatus.Valid)
            {
                return WithNotarization(entry.Reference, candidate);
            }
            if (candidate?.Nullification is not null)
            {
                continue;
            }
            if (candidate?.NotarizedHash is null)
            {
                certificates.Ask(view, view);
            }
            round.IsHopeless |= entry?.Status == BlockStatus.Invalid;
            return null;
        }
    }

    private BlockReference? WithNotarization(BlockReference parent, Round? round)
    {
        if (context.EndsEpoch(parent))
        {
            return parent; // It will be proposed again, and brings no certificate.
        }
        if (context.Config.Epochs.IsFirst(parent.Height.Next))
        {
            return context.FinalizedProof?.BlockHash == parent.Hash ? parent : null;
        }
        if (parent.View != View.Genesis && round?.Notarization is null)
        {
            certificates.Ask(parent.View, parent.View);
            return null;
        }
        return parent;
    }

    private string? CheckPayload(BlockReference block, ConsensusPayload payload)
    {
        EpochSchedule epochs = context.Config.Epochs;
        if (payload.Epoch != context.Epoch || epochs.Of(block.Height) != context.Epoch
            || payload.View != block.View
            || payload.ParentView != block.ParentView || payload.TimeMs != block.TimeMs
            || payload.ParentView >= payload.View
            || payload.ValidatorSetHash != context.Validators.Hash)
        {
            return "consensus payload does not fit its block";
        }
        if (payload.ParentNotarization is not { } notarization)
        {
            bool isFirst = block.ParentView == View.Genesis
                && block.ParentHash == context.Config.GenesisHash;
            return isFirst ? null : "notarization of the parent is missing";
        }
        if (epochs.IsFirst(block.Height))
        {
            return CheckEpochProof(block, notarization);
        }
        if (context.Bugs.UncheckedParent)
        {
            return null;
        }
        bool isOfParent = notarization.Kind == VoteKind.Notarize
            && notarization.View == block.ParentView
            && notarization.BlockHash == block.ParentHash && block.ParentView != View.Genesis;
        return isOfParent
            ? context.Verifier.Check(notarization, certificates.IsKnownVote)
            : "notarization is not the parent's";
    }

    /// <summary>
    /// An epoch's first block shows that the last one before it is final, by the votes of those who
    /// made it so: what was read from that block can't be undone.
    /// </summary>
    private string? CheckEpochProof(BlockReference block, Certificate proof)
    {
        if (context.Bugs.EpochFromUnfinalized)
        {
            return null;
        }
        bool isOfParent = proof.BlockHash == block.ParentHash && proof.View >= block.ParentView
            && proof.Kind == VoteKind.Finalize;
        return !isOfParent
            ? "the epoch before is not shown to have ended with the parent"
            : context.PreviousVerifier is { } verifier
                ? verifier.Check(proof)
                : "the epoch's first block is final already";
    }
}
