using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Start from the journal, and what replaces a lost one. The naive answer to a lost journal, to go
/// on voting from the view the others are in, may contradict a vote sent there before the loss. A
/// validator votes in a view only after entering it, which takes a certificate of the view before,
/// made by more than 2/3; of any such set and the set that answers now, more than 1/3 is common, so
/// some honest answerer had voted in the view before, and so had entered it. Hence no vote was sent
/// beyond one past the highest view entered by those who answer, and the validator abstains up to
/// there (docs/spec/consensus.md, Recovery). Those who answer may not know yet that their epoch has
/// ended, while the validator had voted in the next: so it asks once more there.
/// </summary>
internal sealed class RecoveryRules(MachineContext context, CertificateRules certificates)
{
    private readonly SortedDictionary<ValidatorIndex, View> _answers = [];
    private Hash256 _nonce;
    private long _nextAskAt;

    public bool IsAsking => context.AbstainThrough == JournalRecord.AbstainThrough.Unknown;

    public void Restore(StartState start)
    {
        _nonce = start.RecoveryNonce;
        JournalRecord.AbstainThrough? noted = null;
        foreach (JournalRecord record in start.Journal)
        {
            if (record is JournalRecord.AbstainThrough abstain)
            {
                noted = abstain;
            }
            else if (record.View >= context.Finalized.View)
            {
                Restore(record);
            }
        }
        certificates.Enter(context.Current);
        Array.Fill(context.LastHeard, context.Current);
        foreach ((Address address, View heard, View away) in start.Presence ?? [])
        {
            if (context.Validators.TryIndexOf(address, out ValidatorIndex index))
            {
                // Views of the epoch before may go further than this one has come.
                context.LastHeard[index.Value] = heard < context.Current ? heard : context.Current;
                context.AwayThrough[index.Value] = away;
            }
        }
        if (start.Condition == JournalCondition.Lost)
        {
            noted = new JournalRecord.AbstainThrough(
                JournalRecord.AbstainThrough.Unknown, context.Epoch);
        }
        bool isSole = context.Validators.Count == 1 && context.Self is not null;
        if (noted is not null && context.Signer is not null && !isSole)
        {
            Abstain(noted, isNew: start.Condition == JournalCondition.Lost);
        }
    }

    private void Abstain(JournalRecord.AbstainThrough noted, bool isNew)
    {
        bool isKnown = noted.Last != JournalRecord.AbstainThrough.Unknown;
        bool isOver = isKnown && noted.Epoch != context.Epoch && !noted.Again;
        if (isOver)
        {
            return;
        }
        bool asksAgain = isKnown && noted.Epoch != context.Epoch;
        context.AbstainThrough = asksAgain ? JournalRecord.AbstainThrough.Unknown : noted.Last;
        context.AbstainsAgain = noted.Again && !asksAgain;
        if (isNew || asksAgain)
        {
            // A crash while asking must not pass for a whole journal the next time.
            context.Write(Noted!);
            context.AfterWritten(static () => { });
        }
    }

    /// <summary>What is to be known of abstention in a later life or epoch.</summary>
    public JournalRecord.AbstainThrough? Noted => context.AbstainThrough is { } last
        ? new JournalRecord.AbstainThrough(last, context.Epoch, context.AbstainsAgain)
        : null;

    public void Ask()
    {
        if (!IsAsking)
        {
            return;
        }
        if (context.Clock >= _nextAskAt)
        {
            _nextAskAt = context.Clock + Math.Max(1, context.Parameters.RetransmitMs);
            context.Broadcast(new StatusRequestMessage(_nonce));
        }
        context.Wake(_nextAskAt);
    }

    public void Serve(PeerId peer, StatusRequestMessage request)
    {
        if (context.Self is not { } self || IsAsking)
        {
            return;
        }
        Certificate? entered = certificates.EnteredBy();
        if (entered is null && context.Current != FirstView)
        {
            return; // It can't prove where it is; another answer will.
        }
        Certificate? final = context.FinalizedProof;
        Hash256 digest = context.Digests.OfStatus(
            context.Epoch, request.Nonce, context.Current, final?.View ?? View.Genesis);
        context.Emit(new ConsensusEffect.Send(peer, new StatusResponseMessage(
            request.Nonce, self, entered, final, context.Signer!.Sign(digest))));
    }

    public void Receive(PeerId peer, StatusResponseMessage answer)
    {
        if (!IsAsking || answer.Nonce != _nonce || answer.Signer == context.Self
            || !context.Validators.Contains(answer.Signer) || _answers.ContainsKey(answer.Signer)
            || answer.Entered?.View.Value >= long.MaxValue)
        {
            return;
        }
        if (answer.Entered is { } proof && proof.Epoch != context.Epoch)
        {
            certificates.NoteEpoch(peer, proof.Epoch);
            return;
        }
        if ((answer.Entered?.View.Next ?? FirstView) is not { } entered)
        {
            return; // How the epoch began is not known here; they will have moved on.
        }
        Hash256 digest = context.Digests.OfStatus(
            context.Epoch, _nonce, entered, answer.Finalization?.View ?? View.Genesis);
        if (!context.Verifier.Signed(digest, answer.Signature, answer.Signer))
        {
            context.Penalize(peer, 5, "status with a wrong signature");
            return;
        }
        Certificate?[] proofs = [answer.Finalization, answer.Entered];
        foreach (Certificate each in proofs.OfType<Certificate>()
            .Where(each => each.Epoch == context.Epoch))
        {
            if (!certificates.ReceiveOne(peer, each))
            {
                return;
            }
        }
        _answers.Add(answer.Signer, entered);
        Conclude();
    }

    private void Conclude()
    {
        ulong weight = 0;
        View highest = View.Genesis;
        foreach ((ValidatorIndex signer, View entered) in _answers)
        {
            weight += context.Validators[signer].Weight;
            highest = entered > highest ? entered : highest;
        }
        if (context.Validators.IsQuorum(weight))
        {
            context.AbstainThrough = highest.Next;
            context.Write(Noted!);
        }
    }

    /// <summary>Entered without a certificate of this epoch.</summary>
    private View? FirstView =>
        context.FirstView ?? (context.Epoch.Value == 0 ? View.Genesis.Next : null);

    private void Restore(JournalRecord record)
    {
        switch (record)
        {
            case JournalRecord.OwnVote { Vote: var vote }:
                RestoreVote(vote);
                break;
            case JournalRecord.Body { Block: var block, Encoded: var encoded }
                when block.View > context.Finalized.View
                    && context.Blocks.TryRead(encoded, out _, out ConsensusPayload payload)
                    && payload.Epoch == context.Epoch:
                context.Tree.Add(new BlockEntry(block, payload, encoded) { IsStored = true });
                break;
            case JournalRecord.Seen { Certificate: var certificate }:
                RestoreCertificate(certificate);
                break;
        }
    }

    private void RestoreVote(Vote vote)
    {
        if (vote.Epoch != context.Epoch || vote.Signer != context.Self)
        {
            return;
        }
        Round round = context.RoundOf(vote.View);
        round.KeepOwn(vote);
        if (round.TallyOf(vote.Kind)[vote.Signer] is null)
        {
            round.TallyOf(vote.Kind).Add(vote);
        }
        if (vote.Kind == VoteKind.Notarize)
        {
            round.Proposal = vote.BlockHash;
        }
        if (vote.Kind != VoteKind.Finalize && vote.View > context.Current)
        {
            context.Current = vote.View;
        }
    }

    private void RestoreCertificate(Certificate certificate)
    {
        if (certificate.Epoch != context.Epoch)
        {
            return;
        }
        context.RoundOf(certificate.View).Keep(certificate);
        if (certificate.View >= context.Current)
        {
            context.Current = certificate.View.Next;
        }
        if (certificate.Kind == VoteKind.Finalize && certificate.View > context.Finalized.View
            && !(context.PendingFinalization?.View >= certificate.View))
        {
            context.PendingFinalization = certificate;
        }
    }
}
