using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>What a <see cref="SyncMachine"/> is told.</summary>
public abstract record SyncInput
{
    private SyncInput()
    {
    }

    /// <summary>
    /// The first input, and again whenever a block was committed (synced or voted).
    /// </summary>
    public sealed record Committed(BlockReference Block) : SyncInput;

    public sealed record Tick : SyncInput;

    /// <summary>A peer is there and says (in its Hello) up to which height it can serve.</summary>
    public sealed record PeerConnected(PeerId Peer, Height Finalized) : SyncInput;

    public sealed record PeerDisconnected(PeerId Peer) : SyncInput;

    /// <summary>A message with <see cref="WireMessage.IsSync"/>.</summary>
    public sealed record Received(PeerId Peer, WireMessage Message) : SyncInput;

    /// <summary>From ConsensusEffect.Ahead: the peer may have more than it said.</summary>
    public sealed record PeerAhead(PeerId Peer) : SyncInput;

    /// <summary>
    /// The last block committed ended an epoch: what comes now is certified by these.
    /// </summary>
    public sealed record EpochStarted(Epoch Epoch, ValidatorSet Validators) : SyncInput;

    /// <summary>From ConsensusEffect.CatchUp: a finalization whose block is not here.</summary>
    public sealed record Behind(Certificate Finalization) : SyncInput;

    /// <summary>Answers <see cref="SyncEffect.ReadArchive"/>.</summary>
    public sealed record ArchiveRead(
        PeerId Peer, ulong RequestId, IReadOnlyList<byte[]> Blocks, Certificate? Finalization)
        : SyncInput;

    /// <summary>Answers <see cref="SyncEffect.Apply"/> when the block did not execute.</summary>
    public sealed record ApplyFailed(BlockReference Block, string Reason) : SyncInput;
}

/// <summary>What a <see cref="SyncMachine"/> asks for, in the order to be carried out.</summary>
public abstract record SyncEffect
{
    private SyncEffect()
    {
    }

    public sealed record Send(PeerId Peer, WireMessage Message) : SyncEffect;

    public sealed record SetTimer(long AtMs) : SyncEffect;

    /// <summary>
    /// Execute and commit this block, child of the one before, and give Committed here. It is
    /// final by <paramref name="Proof"/>, as its block (<paramref name="IsProofBlock"/>) or an
    /// ancestor of it; when it is the proof's block, give Adopted(block, proof) to SimplexMachine
    /// as well. A height committed by votes meanwhile is skipped, but not the Adopted.
    /// </summary>
    public sealed record Apply(
        BlockReference Block, ConsensusPayload Payload, byte[] Encoded, Certificate Proof,
        bool IsProofBlock) : SyncEffect;

    /// <summary>
    /// Read finalized blocks From, From + 1, … (at most MaxBlocks and MaxBytes) ending at one whose
    /// finalization certificate is stored, and answer ArchiveRead.
    /// </summary>
    public sealed record ReadArchive(
        PeerId Peer, ulong RequestId, Height From, int MaxBlocks, int MaxBytes) : SyncEffect;

    public sealed record Penalty(PeerId Peer, int Weight, string Reason) : SyncEffect;
}
