using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// When a view is given up, and when what may have been lost is sent again. All times are of the
/// steady clock; every rule that waits says so with Wake, and the earliest becomes the timer.
/// </summary>
internal sealed class TimerRules(
    MachineContext context, CertificateRules certificates, ProposalRules proposals)
{
    public void Run()
    {
        Round round = context.CurrentRound;
        NoteWork(round);
        Expire(round);
        Retransmit(round);
        certificates.AskIfBehind();
    }

    /// <summary>
    /// What a validator says of its own leading; no further ahead than votes are kept, so that a
    /// lie costs its teller alone, and not for long.
    /// </summary>
    public void Note(PeerId peer, View awayThrough)
    {
        if (context.Validators.TryIndexOf(peer.Address, out ValidatorIndex validator))
        {
            context.AwayThrough[validator.Value] =
                awayThrough < FarewellThrough ? awayThrough : FarewellThrough;
        }
    }

    /// <summary>
    /// Who has just connected is waited for as if it had voted in this view, and told what this
    /// node's votes are: it may have lost them, or have come back with all others at once.
    /// </summary>
    public void Meet(PeerId peer)
    {
        Note(peer, View.Genesis);
        if (context.Validators.TryIndexOf(peer.Address, out ValidatorIndex validator))
        {
            context.Hear(validator, context.Current);
        }
        foreach (WireMessage message in Unanswered(context.CurrentRound))
        {
            context.Emit(new ConsensusEffect.Send(peer, message));
        }
    }

    public void Leave()
    {
        if (context.Self is { } self && context.Validators.Count > 1)
        {
            context.AwayThrough[self.Value] = FarewellThrough;
            context.Broadcast(new FarewellMessage(FarewellThrough));
        }
    }

    private View FarewellThrough =>
        new(context.Current.Value + ConsensusLimits.VoteViewsAhead);

    /// <summary>
    /// Timeouts grow by half for each view that timed out with work, up to a bound.
    /// </summary>
    private long Scaled(long baseMs, int growth)
    {
        long scaled = baseMs;
        for (int i = 0; i < growth && scaled < context.Parameters.MaxTimeoutMs; i++)
        {
            scaled += scaled / 2;
        }
        return Math.Min(scaled, Math.Max(baseMs, context.Parameters.MaxTimeoutMs));
    }

    private void NoteWork(Round round)
    {
        if (proposals.MomentToPropose(round) is not { } moment)
        {
            round.WorkSince = null;
            return;
        }
        long since = Math.Max(moment, context.Clock);
        round.WorkSince = Math.Min(round.WorkSince ?? since, since);
    }

    private void Expire(Round round)
    {
        // More than a third gave the view up, so somebody honest did: waiting longer is no use.
        ulong givenUp = round.NullifyVotes.WeightOf(Hash256.Zero);
        round.HasTimedOut |= context.Validators.HasHonest(givenUp);
        round.Deadline = DeadlineOf(round, context.TimeoutGrowth);
        round.DueAt = round.ProposalAt is null && round.WorkSince is null
            ? null
            : DeadlineOf(round, 0);
        if (round.HasTimedOut || round.Deadline is not { } deadline)
        {
            return;
        }
        round.HasTimedOut = context.Clock >= deadline;
        if (!round.HasTimedOut)
        {
            context.Wake(deadline);
        }
    }

    private long? DeadlineOf(Round round, int growth)
    {
        if (round.ProposalAt is { } proposalAt)
        {
            return proposalAt + Scaled(context.Parameters.AdvanceTimeoutMs, growth);
        }
        if (round.WorkSince is { } since)
        {
            long tipMs = TipTimeMs() + context.Parameters.BlockIntervalMs;
            long startAt = Math.Max(since, proposals.ClockAt(tipMs));
            return IsSilent(round.Leader) || context.IsAway(round.Leader)
                ? startAt
                : startAt + Scaled(context.Parameters.LeaderTimeoutMs, growth);
        }
        return context.Parameters.HeartbeatMs > 0
            ? round.EnteredAt + context.Parameters.HeartbeatMs
            : null;
    }

    /// <summary>
    /// The notarized tip's time; the last final block's where the tip's is not here.
    /// </summary>
    private long TipTimeMs()
    {
        Hash256? tip = proposals.UnfinalizedTip()?.NotarizedHash;
        BlockEntry? entry = tip is { } hash ? context.Tree.Find(hash) : null;
        long timeMs = (entry?.Reference ?? context.Finalized).TimeMs;
        // A time far ahead (a clock was set back) must not keep the view open for as long.
        return Math.Min(timeMs, context.NowMs + context.Parameters.MaxClockAheadMs);
    }

    private bool IsSilent(ValidatorIndex leader)
    {
        View heard = context.LastHeard[leader.Value];
        ulong patience =
            (ulong)context.Parameters.SilentRounds * (ulong)context.Validators.Count;
        return patience > 0 && leader != context.Self && heard < context.Current
            && context.Current.Value - heard.Value > patience;
    }

    private void Retransmit(Round round)
    {
        List<WireMessage> messages = Unanswered(round);
        if (messages.Count == 0 && round.WorkSince is null)
        {
            return;
        }
        if (context.Clock >= round.NextRetransmitAt)
        {
            int doublings = Math.Min(
                round.Retransmissions++, ConsensusLimits.MaxRetransmitDoublings);
            long firstMs = Math.Max(1, context.Parameters.RetransmitMs);
            long mostMs = Math.Max(
                firstMs,
                ConsensusLimits.MaxRetransmitTimeouts * context.Parameters.LeaderTimeoutMs);
            round.NextRetransmitAt =
                context.Clock + Math.Min(firstMs << doublings, mostMs);
            foreach (WireMessage message in messages)
            {
                context.Broadcast(message);
            }
            if (messages.Count > 0 && certificates.EnteredBy() is { } entered)
            {
                context.Broadcast(new CertificatesMessage([entered]));
            }
        }
        context.Wake(round.NextRetransmitAt);
    }

    /// <summary>
    /// Own votes on disk that have not done their work: those of the current view, and finalize
    /// votes of the latest notarized views that are not final.
    /// </summary>
    private List<WireMessage> Unanswered(Round round)
    {
        var messages = new List<WireMessage>();
        if (context.Self is not { } self)
        {
            return messages;
        }
        if (round.NotarizeVotes[self] is { } notarize)
        {
            BlockEntry? entry = context.Tree.Find(notarize.BlockHash);
            messages.Add(round.Leader == self && entry is not null
                ? new ProposalMessage(entry.Encoded, notarize)
                : new VoteMessage(notarize));
        }
        if (round.NullifyVotes[self] is { } nullify)
        {
            messages.Add(new VoteMessage(nullify));
        }
        messages.AddRange(context.RoundsDescending
            .Where(each => each.View > context.Finalized.View && each.Finalization is null)
            .Select(each => each.FinalizeVotes[self])
            .OfType<Vote>()
            .Take(ConsensusLimits.FinalizeVotesResent)
            .Select(vote => new VoteMessage(vote)));
        return messages;
    }
}
