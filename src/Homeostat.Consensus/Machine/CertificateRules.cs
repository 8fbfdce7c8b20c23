using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Certificates: checked, kept, passed on and served; a certificate of the current view or a later
/// one ends the view. Also how a node behind is brought forward: those ahead answer its old votes,
/// and it asks when it hears of later views.
/// </summary>
internal sealed class CertificateRules(MachineContext context)
{
    private readonly LookupTable<PeerId, long> _helpedAt = new();
    private long _nextAskAt;
    private int _askedPeers;

    public void Receive(PeerId peer, CertificatesMessage message)
    {
        foreach (Certificate certificate in message.Certificates)
        {
            if (certificate.Epoch != context.Epoch)
            {
                NoteEpoch(peer, certificate.Epoch);
            }
            else if (IsNews(certificate) && !ReceiveOne(peer, certificate))
            {
                return;
            }
        }
    }

    /// <summary>
    /// What is said in another epoch can't be checked here. Who is in a later one has the blocks
    /// that lead there; who is in an earlier one is shown what ended it.
    /// </summary>
    public void NoteEpoch(PeerId peer, Epoch theirs)
    {
        if (theirs.Value > context.Epoch.Value)
        {
            context.Emit(new ConsensusEffect.Ahead(peer));
        }
        else if (theirs.Value < context.Epoch.Value && MayHelp(peer)
            && (context.EpochProof ?? context.FinalizedProof) is { } proof)
        {
            context.Emit(new ConsensusEffect.Send(peer, new CertificatesMessage([proof])));
        }
    }

    /// <summary>True when the certificate is good; then it has been taken in.</summary>
    public bool ReceiveOne(PeerId peer, Certificate certificate)
    {
        if (context.Verifier.Check(certificate, IsKnownVote) is { } error)
        {
            context.Penalize(peer, 5, error);
            return false;
        }
        Accept(certificate, formedHere: false);
        return true;
    }

    /// <summary>Checked already: whether its votes are ones this node has checked itself.</summary>
    public bool IsKnownVote(Vote vote) =>
        context.FindRound(vote.View)?.TallyOf(vote.Kind)[vote.Signer] is { } known
        && known.Signature == vote.Signature && known.SaysSameAs(vote);

    /// <summary>Takes in a good certificate.</summary>
    public void Accept(Certificate certificate, bool formedHere)
    {
        Witness(certificate, formedHere);
        if (!IsNews(certificate))
        {
            return;
        }
        context.Hear(certificate);
        Round round = context.RoundOf(certificate.View);
        round.Keep(certificate);
        context.Write(new JournalRecord.Seen(certificate));
        int count = context.Validators.Count;
        if (formedHere && count is > 1 and <= ConsensusLimits.MaxBroadcastCertificates)
        {
            context.Broadcast(new CertificatesMessage([certificate]));
        }
        if (certificate.Kind == VoteKind.Nullify)
        {
            context.Emit(new ConsensusEffect.Nullified(round.View, certificate));
        }
        AdaptTimeouts(round, certificate.Kind);
        if (certificate.Kind == VoteKind.Finalize
            && certificate.View > context.Finalized.View
            && !(context.PendingFinalization?.View >= certificate.View))
        {
            context.PendingFinalization = certificate;
        }
        if (certificate.View >= context.Current)
        {
            Enter(certificate.View.Next);
        }
    }

    /// <summary>
    /// A vote in a certificate is as good as one that came by itself: what its signer told others
    /// may contradict what it told this node.
    /// </summary>
    private void Witness(Certificate certificate, bool formedHere)
    {
        if (formedHere || context.Bugs.UncheckedCertificate
            || context.FindRound(certificate.View) is not { } round)
        {
            return;
        }
        int position = 0;
        foreach (ValidatorIndex signer in certificate.SignerIndexes())
        {
            context.Accuse(round, CertificateVerifier.VoteAt(certificate, signer, position++));
        }
    }

    public void Enter(View view)
    {
        context.Current = view;
        Round round = context.CurrentRound;
        round.EnteredAt = context.Clock;
        round.ProposalAt = round.Proposal is null ? null : context.Clock;
        round.NextRetransmitAt = context.Clock + context.Parameters.RetransmitMs;
        Address leader = context.Validators[round.Leader].Address;
        context.Emit(new ConsensusEffect.EnteredView(view, leader));
    }

    public void Serve(PeerId peer, CertificateRequestMessage request)
    {
        var found = new List<Certificate>();
        if (request.From <= context.Finalized.View
            && context.FinalizedProof is { } proof && proof.Epoch == context.Epoch)
        {
            found.Add(proof);
        }
        foreach (Round round in context.RoundsAscending
            .SkipWhile(round => round.View < request.From)
            .TakeWhile(round => round.View <= request.To))
        {
            Certificate?[] held = [round.Notarization, round.Nullification];
            found.AddRange(held.OfType<Certificate>());
            if (round.NotarizedHash is not null && round.Notarization is null)
            {
                found.Add(round.Finalization!);
            }
            if (found.Count > WireLimits.MaxCertificates - 2)
            {
                break;
            }
        }
        if (found.Count > 0)
        {
            context.Emit(new ConsensusEffect.Send(peer, new CertificatesMessage(found)));
        }
    }

    /// <summary>
    /// A vote for a view long left says that its sender lacks what ended the view. Votes that
    /// merely come after the quorum are no such sign, hence the wait; once a while a peer.
    /// </summary>
    public void HelpIfBehind(PeerId peer, View theirView)
    {
        long pause = Math.Max(1, context.Parameters.RetransmitMs / 4);
        bool isLate = theirView.Value + 2 < context.Current.Value
            || context.Clock - context.CurrentRound.EnteredAt > pause;
        if (theirView >= context.Current || !isLate || !MayHelp(peer))
        {
            return;
        }
        List<Certificate> news = [.. Newest().Where(certificate => certificate.View >= theirView)];
        if (news.Count > 0)
        {
            context.Emit(new ConsensusEffect.Send(peer, new CertificatesMessage(news)));
        }
    }

    /// <summary>Once a while and peer.</summary>
    private bool MayHelp(PeerId peer)
    {
        if (context.Clock < _helpedAt.GetValueOrDefault(peer))
        {
            return false;
        }
        if (_helpedAt.Count >= ConsensusLimits.MaxPeerBudgets)
        {
            _helpedAt.Clear();
        }
        _helpedAt[peer] = context.Clock + Math.Max(1, context.Parameters.RetransmitMs / 4);
        return true;
    }

    /// <summary>
    /// What shows a peer where this node is: how its view was entered, what is final.
    /// </summary>
    public IEnumerable<Certificate> Newest()
    {
        if (EnteredBy() is { } entered)
        {
            yield return entered;
        }
        Certificate? final = context.PendingFinalization ?? context.FinalizedProof;
        if (final is not null && final.Epoch == context.Epoch && final != EnteredBy())
        {
            yield return final;
        }
    }

    /// <summary>
    /// A certificate of the view before the current; null in the epoch's first view.
    /// </summary>
    public Certificate? EnteredBy()
    {
        var before = new View(context.Current.Value - 1);
        Round? round = context.FindRound(before);
        return round?.Notarization ?? round?.Nullification ?? round?.Finalization
            ?? (context.FinalizedProof is { } proof && proof.View == before
                && proof.Epoch == context.Epoch ? proof : null);
    }

    /// <summary>
    /// Asks one validator after another, first the preferred one, until it is there.
    /// </summary>
    public void Ask(View from, View to, ValidatorIndex? preferred = null)
    {
        if (context.Clock >= _nextAskAt)
        {
            _nextAskAt = context.Clock + Math.Max(1, context.Parameters.RetransmitMs / 2);
            bool usesPreferred = preferred is { } wish && wish != context.Self
                && _askedPeers++ % 2 == 0;
            PeerId? peer = usesPreferred ? PeerOf(preferred!.Value) : NextPeer();
            if (peer is { } target)
            {
                context.Emit(new ConsensusEffect.Send(
                    target, new CertificateRequestMessage(from, to)));
            }
        }
        context.Wake(_nextAskAt);
    }

    public PeerId PeerOf(ValidatorIndex index) => new(context.Validators[index].Address);

    /// <summary>Another validator, in turn; null when there is none.</summary>
    public PeerId? NextPeer()
    {
        int count = context.Validators.Count;
        for (int i = 0; i < 2; i++)
        {
            var index = new ValidatorIndex(_askedPeers++ % count);
            if (index != context.Self)
            {
                return PeerOf(index);
            }
        }
        return null;
    }

    /// <summary>
    /// More than a third of the weight, so somebody honest, is in a later view: ask what ended
    /// this one, should it not come by itself.
    /// </summary>
    public void AskIfBehind()
    {
        ulong ahead = 0;
        for (int i = 0; i < context.Validators.Count; i++)
        {
            bool isAhead = context.LastHeard[i] > context.Current;
            ahead += isAhead ? context.Validators[new ValidatorIndex(i)].Weight : 0;
        }
        if (!context.Validators.HasHonest(ahead))
        {
            return;
        }
        long dueAt = context.CurrentRound.EnteredAt + context.Parameters.RetransmitMs / 4;
        if (context.Clock < dueAt)
        {
            context.Wake(dueAt);
            return;
        }
        View highest = context.LastHeard.Max();
        Ask(context.Current, highest);
    }

    /// <summary>
    /// Timeouts grow where a view ended after its time had run out here, and fall where a block
    /// was notarized in the time that would be given had nothing failed: the view says what the
    /// network needs now, whether its block becomes final or not.
    /// </summary>
    private void AdaptTimeouts(Round round, VoteKind kind)
    {
        bool isNotarized = kind == VoteKind.Notarize;
        if (round.View != context.Current || kind == VoteKind.Finalize
            || context.IsAway(round.Leader))
        {
            return;
        }
        bool ranOut = isNotarized ? context.Clock >= round.Deadline : round.HasTimedOut;
        if (ranOut && round.WorkSince is not null)
        {
            int growth = context.TimeoutGrowth + 1;
            context.TimeoutGrowth = Math.Min(growth, ConsensusLimits.MaxTimeoutGrowth);
        }
        else if (isNotarized && context.Clock < round.DueAt)
        {
            context.TimeoutGrowth /= 2;
        }
    }

    private bool IsNews(Certificate certificate) =>
        certificate.View >= context.Finalized.View
        && certificate.Epoch == context.Epoch
        && certificate.View.Value is > 0 and < long.MaxValue
        && context.FindRound(certificate.View)?.CertificateOf(certificate.Kind) is null;
}
