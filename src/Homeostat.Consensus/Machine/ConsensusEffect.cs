using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>What a <see cref="SimplexMachine"/> asks for, in the order to be carried out.</summary>
public abstract record ConsensusEffect
{
    private ConsensusEffect()
    {
    }

    /// <summary>
    /// Build a block on <paramref name="Parent"/> and answer Proposed or ProposalFailed. The parent
    /// was verified or proposed here. The payload is ready but for the randomness reveal, and its
    /// time may be raised (never lowered): it is max(now, parent's time + block interval).
    /// </summary>
    public sealed record Propose(View View, BlockReference Parent, ConsensusPayload Payload)
        : ConsensusEffect;

    /// <summary>
    /// Execute the block and answer Verified. Its parent was verified valid (or proposed) before.
    /// </summary>
    public sealed record Verify(
        BlockReference Block, ConsensusPayload Payload, BlockReference Parent, byte[] Encoded)
        : ConsensusEffect;

    /// <summary>
    /// Append to the journal and answer Persisted(ticket) when it is on disk. Tickets ascend; an
    /// answer covers all tickets before it, so several may share one fsync. Records of views below
    /// <paramref name="KeepFrom"/> may be dropped once the block final at that view is durable.
    /// <paramref name="Urgent"/> is false when nothing waits for the answer.
    /// </summary>
    public sealed record Persist(
        ulong Ticket, IReadOnlyList<JournalRecord> Records, View KeepFrom, bool Urgent)
        : ConsensusEffect;

    public sealed record Send(PeerId Peer, WireMessage Message) : ConsensusEffect;

    /// <summary>To all connected peers, validators or not.</summary>
    public sealed record Broadcast(WireMessage Message) : ConsensusEffect;

    /// <summary>
    /// Give a Tick at this time (of the clock given to Step); replaces the last one.
    /// </summary>
    public sealed record SetTimer(long AtMs) : ConsensusEffect;

    /// <summary>A view was entered; transactions go to its leader.</summary>
    public sealed record EnteredView(View View, Address Leader) : ConsensusEffect;

    /// <summary>
    /// A block was notarized and is valid here: the new tip, if its view is the highest.
    /// </summary>
    public sealed record Notarized(BlockReference Block, Certificate Certificate) : ConsensusEffect;

    public sealed record Nullified(View View, Certificate Certificate) : ConsensusEffect;

    /// <summary>
    /// This block is final: the child of the last block given (or of StartState.Finalized),
    /// verified valid here. <paramref name="Proof"/> finalizes it or a descendant of it.
    /// </summary>
    public sealed record Finalized(BlockReference Block, Certificate Proof) : ConsensusEffect;

    /// <summary>
    /// A block this node found invalid was finalized by the others: this node's state or software
    /// differs. It no longer votes.
    /// </summary>
    public sealed record Diverged(BlockReference Block, Certificate Proof) : ConsensusEffect;

    /// <summary>Two signed votes that no honest validator gives.</summary>
    public sealed record Misbehaviour(Evidence Evidence) : ConsensusEffect;

    /// <summary>A validator's signed refusal of a block (also the own one).</summary>
    public sealed record Refused(RefusalAdvisory Advisory) : ConsensusEffect;

    /// <summary>
    /// The block final by this certificate is out of reach of single fetches: give it to
    /// <see cref="SyncMachine"/>.
    /// </summary>
    public sealed record CatchUp(Certificate Finalization) : ConsensusEffect;

    /// <summary>
    /// The peer speaks of a later epoch: it can serve the blocks that end this one. Whether it can
    /// is seen when <see cref="SyncMachine"/> asks it.
    /// </summary>
    public sealed record Ahead(PeerId Peer) : ConsensusEffect;

    /// <summary>
    /// The peer sent what no honest node sends; weight says how bad (10 is a ban).
    /// </summary>
    public sealed record Penalty(PeerId Peer, int Weight, string Reason) : ConsensusEffect;
}

/// <summary>
/// Two votes of one signer, same epoch and view, that together break the protocol: two notarize
/// or two finalize votes that differ in block or observation, or nullify with finalize.
/// </summary>
public sealed record Evidence(Vote First, Vote Second);

/// <summary>
/// A validator's signed word that it found a block invalid, and what it found instead.
/// </summary>
public sealed record RefusalAdvisory(
    Epoch Epoch,
    View View,
    Hash256 BlockHash,
    Hash256 OwnStateRoot,
    string Reason,
    ValidatorIndex Signer,
    Signature Signature);
