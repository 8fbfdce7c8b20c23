using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>What became of a block's execution at this node.</summary>
public enum VerificationResult
{
    Valid,

    /// <summary>
    /// The block is valid, but this node does not vote for it: it leaves out what it owed a place.
    /// It is kept, for others may know no better and make it final.
    /// </summary>
    Unwanted,

    /// <summary>The block breaks a rule; the refusal is signed and told to all.</summary>
    Invalid,

    /// <summary>
    /// The bytes are not the body the header commits to: another peer may have it.
    /// </summary>
    BodyMismatch,
}

/// <summary>
/// What a <see cref="SimplexMachine"/> is told; the only way anything reaches it.
/// </summary>
public abstract record ConsensusInput
{
    private ConsensusInput()
    {
    }

    /// <summary>The first input, once.</summary>
    public sealed record Start(StartState State) : ConsensusInput;

    /// <summary>
    /// Time has come to (at least) the last <see cref="ConsensusEffect.SetTimer"/>.
    /// </summary>
    public sealed record Tick : ConsensusInput;

    /// <summary>
    /// A decoded consensus message (<see cref="WireMessage.IsConsensus"/>) of a peer.
    /// </summary>
    public sealed record Received(PeerId Peer, WireMessage Message) : ConsensusInput;

    /// <summary>
    /// Answers <see cref="ConsensusEffect.Propose"/>: the block built and executed, and the
    /// observation for the leader's own notarize vote.
    /// </summary>
    public sealed record Proposed(
        View View, BlockReference Block, byte[] Encoded, byte[] Observation) : ConsensusInput;

    /// <summary>Answers Propose when no block can be built; the view is nullified.</summary>
    public sealed record ProposalFailed(View View) : ConsensusInput;

    /// <summary>
    /// Answers <see cref="ConsensusEffect.Verify"/>. If valid, <paramref name="Observation"/> goes
    /// into the vote; if not, <paramref name="Reason"/> and <paramref name="OwnStateRoot"/> go into
    /// the signed advisory.
    /// </summary>
    public sealed record Verified(
        View View,
        Hash256 BlockHash,
        VerificationResult Result,
        byte[] Observation,
        string Reason,
        Hash256 OwnStateRoot) : ConsensusInput;

    /// <summary>All records of this ticket and of those before are on disk.</summary>
    public sealed record Persisted(ulong Ticket) : ConsensusInput;

    /// <summary>
    /// Whether there are transactions a block on the notarized tip could include. Given at each
    /// change; giving it again does no harm.
    /// </summary>
    public sealed record WorkArrived(bool IsPending = true) : ConsensusInput;

    /// <summary>
    /// This node is about to stop: it leads no more, and tells the others not to wait for it.
    /// </summary>
    public sealed record Leaving : ConsensusInput;

    /// <summary>A peer has (again) said hello, so it is there.</summary>
    public sealed record Met(PeerId Peer) : ConsensusInput;

    public sealed record ParametersChanged(ConsensusParameters Parameters) : ConsensusInput;

    /// <summary>
    /// Blocks up to this one were fetched by <see cref="SyncMachine"/>, executed and committed.
    /// </summary>
    public sealed record Adopted(BlockReference Block, Certificate Finalization) : ConsensusInput;
}

/// <summary>What is known of the journal at start.</summary>
public enum JournalCondition
{
    /// <summary>
    /// Everything this validator ever sent is in it (a new validator's is empty).
    /// </summary>
    Intact,

    /// <summary>Lost, torn or of doubtful origin: the validator must abstain for a while.</summary>
    Lost,
}

/// <summary>
/// What the shell read at start. Records may be of views already final; they are skipped.
/// <paramref name="FinalizedCertificate"/> proves <paramref name="Finalized"/> or a descendant, and
/// is null only at genesis. <paramref name="RecoveryNonce"/> is fresh entropy for a lost journal.
/// <paramref name="PreviousValidators"/> are those of the epoch before, needed where
/// <paramref name="Finalized"/> is that epoch's last block: its finalization is theirs.
/// <paramref name="Presence"/> is what the machine of the epoch before knew of each.
/// </summary>
public sealed record StartState(
    Epoch Epoch,
    ValidatorSet Validators,
    ConsensusParameters Parameters,
    BlockReference Finalized,
    Certificate? FinalizedCertificate,
    JournalCondition Condition,
    IReadOnlyList<JournalRecord> Journal,
    Hash256 RecoveryNonce,
    ValidatorSet? PreviousValidators = null,
    IReadOnlyList<LastSeen>? Presence = null);

/// <summary>
/// In which view a validator was last heard, and up to which it said that it would be away.
/// </summary>
public readonly record struct LastSeen(Address Validator, View Heard, View AwayThrough);
