using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>What an offer is judged by.</summary>
internal sealed record SnapshotTrust(
    Protocol Protocol, ConsensusConfig Network, IVoteVerifier Votes, TrustedCheckpoint Checkpoint)
{
    /// <summary>
    /// A block below the checkpoint will do as well, as the headers between lead down to it.
    /// </summary>
    public Height LowestOffer => new(
        Checkpoint.Height.Value
        - Math.Min(Checkpoint.Height.Value, SnapshotLimits.OldestOffered));
}

/// <summary>The final block whose state is fetched; everything about it has been checked.</summary>
internal sealed record SnapshotPivot(
    SnapshotResponseMessage Offer, BlockReference Reference, BlockHeader Header)
{
    private static readonly BlockCodec Codec = new();

    /// <summary>What is wrong with the offer, or null and the block it offers.</summary>
    public static string? Check(
        SnapshotResponseMessage offer, SnapshotTrust trust, out SnapshotPivot? pivot)
    {
        pivot = null;
        if (!Codec.TryRead(
                offer.EncodedBlock, out BlockReference reference, out ConsensusPayload payload)
            || !BlockCodec.TryReadBlock(offer.EncodedBlock, out Block block, out _)
            || !VerifyWork.HasBodyOfHeader(block))
        {
            return "what is offered is no block";
        }
        if (!ReceiptList.TryRoot(offer.Receipts, out Hash256 receipts)
            || receipts != block.Header.ReceiptsRoot)
        {
            return "receipts are not those of the block";
        }
        if (reference.Height < trust.LowestOffer
            || (reference.Height == trust.Checkpoint.Height
                && reference.Hash != trust.Checkpoint.Hash))
        {
            return "the block is too old or not the checkpoint";
        }
        string? error = CheckFinal(offer, block.Header, payload, trust)
            ?? (reference.Height > trust.Checkpoint.Height
                ? EpochWalk.Check(offer, reference.Height, trust)
                : null);
        pivot = error is null ? new SnapshotPivot(offer, reference, block.Header) : null;
        return error;
    }

    private static string? CheckFinal(
        SnapshotResponseMessage offer, BlockHeader header, ConsensusPayload payload,
        SnapshotTrust trust)
    {
        BlockHeader last = header;
        foreach (byte[] encoded in offer.Headers)
        {
            if (!BlockHeader.TryDecode(encoded, out BlockHeader next, out _)
                || next.ParentHash != last.Hash || next.Number != last.Number.Next)
            {
                return "headers to the proof are not linked";
            }
            last = next;
        }
        if (offer.Finalization is not { Kind: VoteKind.Finalize } proof
            || proof.BlockHash != last.Hash)
        {
            return "no finalization of the block or its descendant";
        }
        if (ValidatorSet.TryCreate(offer.Validators, out ValidatorSet? validators) is { } error)
        {
            return error;
        }
        // The payload is the block's own: whoever believes the block believes these.
        return payload.ValidatorSetHash != validators!.Hash
            || payload.Epoch != trust.Protocol.Epochs.Of(header.Number)
            ? "the block is of other validators"
            : new CertificateVerifier(
                new VoteDigests(trust.Network), payload.Epoch, validators, trust.Votes)
                .Check(proof);
    }

    /// <summary>
    /// A block above the checkpoint is believed for its finalization, so its validators must follow
    /// from those that the checkpoint names (<see cref="EpochWalk"/>, from this payload on). One
    /// below it stands by the headers between.
    /// </summary>
    public bool IsBoundTo(BlockHeader checkpoint) =>
        Reference.Height <= checkpoint.Number
        || Keccak.Hash(Offer.CheckpointPayload) == checkpoint.ParentBeaconBlockRoot;

    /// <summary>The first block of this node's log.</summary>
    public FinalizedBlock ToFinalizedBlock() => new()
    {
        Height = Reference.Height,
        View = Reference.View,
        Hash = Reference.Hash,
        ParentHash = Reference.ParentHash,
        StateRoot = Header.StateRoot,
        TimeMs = Reference.TimeMs,
        Encoded = Offer.EncodedBlock,
        Receipts = Offer.Receipts,
        Certificate = CertificateCodec.Encode(Offer.Finalization!),
    };
}
