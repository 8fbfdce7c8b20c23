using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>All that is known of one view. Exists for views from the last final one on.</summary>
internal sealed class Round(View view, ValidatorIndex leader, ValidatorSet validators)
{
    public View View { get; } = view;
    public ValidatorIndex Leader { get; } = leader;

    public VoteTally NotarizeVotes { get; } = new(validators);
    public VoteTally NullifyVotes { get; } = new(validators);
    public VoteTally FinalizeVotes { get; } = new(validators);

    public Certificate? Notarization { get; set; }
    public Certificate? Nullification { get; set; }
    public Certificate? Finalization { get; set; }

    /// <summary>What the leader proposed first, as far as this node heard.</summary>
    public Hash256? Proposal { get; set; }

    /// <summary>No use to wait for this view: its proposal is bad, or none can be built.</summary>
    public bool IsHopeless { get; set; }

    /// <summary>Own votes, signed; on disk or on the way there.</summary>
    public Vote? OwnNotarize { get; set; }
    public Vote? OwnNullify { get; set; }
    public Vote? OwnFinalize { get; set; }

    public bool WasAskedToPropose { get; set; }
    public bool NotarizedGiven { get; set; }
    public LookupSet<int> AccusedSigners { get; } = new();
    public LookupSet<int> RefusedSigners { get; } = new();

    /// <summary>Steady-clock times; null before they apply.</summary>
    public long EnteredAt { get; set; }
    public long? WorkSince { get; set; }
    public long? ProposalAt { get; set; }
    public bool HasTimedOut { get; set; }

    /// <summary>When its time runs out; what that would be had no view before failed.</summary>
    public long? Deadline { get; set; }
    public long? DueAt { get; set; }
    public long NextRetransmitAt { get; set; }
    public int Retransmissions { get; set; }

    /// <summary>
    /// The block notarized here; a finalization proves it as well as a notarization.
    /// </summary>
    public Hash256? NotarizedHash => Notarization?.BlockHash ?? Finalization?.BlockHash;

    public VoteTally TallyOf(VoteKind kind) => kind switch
    {
        VoteKind.Notarize => NotarizeVotes,
        VoteKind.Nullify => NullifyVotes,
        _ => FinalizeVotes,
    };

    public Certificate? CertificateOf(VoteKind kind) => kind switch
    {
        VoteKind.Notarize => Notarization,
        VoteKind.Nullify => Nullification,
        _ => Finalization,
    };

    public void Keep(Certificate certificate)
    {
        switch (certificate.Kind)
        {
            case VoteKind.Notarize:
                Notarization = certificate;
                break;
            case VoteKind.Nullify:
                Nullification = certificate;
                break;
            default:
                Finalization = certificate;
                break;
        }
    }

    public Vote? OwnVote(VoteKind kind) => kind switch
    {
        VoteKind.Notarize => OwnNotarize,
        VoteKind.Nullify => OwnNullify,
        _ => OwnFinalize,
    };

    public void KeepOwn(Vote vote)
    {
        switch (vote.Kind)
        {
            case VoteKind.Notarize:
                OwnNotarize = vote;
                break;
            case VoteKind.Nullify:
                OwnNullify = vote;
                break;
            default:
                OwnFinalize = vote;
                break;
        }
    }
}
