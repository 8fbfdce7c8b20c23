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
            return "the block is too old, or not the checkpoint";
        }
        string? error = CheckFinal(offer, block.Header, payload, trust);
        pivot = error is null ? new SnapshotPivot(offer, reference, block.Header) : null;
        return error;
    }

    private static string? CheckFinal(
        SnapshotResponseMessage offer, BlockHeader header, ConsensusPayload payload,
        SnapshotTrust trust)
    {
        BlockHeader last = header;
        bool isTrusted = header.Hash == trust.Checkpoint.Hash;
        foreach (byte[] encoded in offer.Headers)
        {
            if (!BlockHeader.TryDecode(encoded, out BlockHeader next, out _)
                || next.ParentHash != last.Hash || next.Number != last.Number.Next)
            {
                return "headers to the proof are not linked";
            }
            last = next;
            isTrusted |= next.Hash == trust.Checkpoint.Hash;
        }
        if (offer.Finalization is not { Kind: VoteKind.Finalize } proof
            || proof.BlockHash != last.Hash)
        {
            return "no finalization of the block or its descendant";
        }
        ValidatorSet validators = trust.Protocol.GenesisValidators;
        if (payload.ValidatorSetHash == validators.Hash)
        {
            return new CertificateVerifier(
                new VoteDigests(trust.Network), payload.Epoch, validators, trust.Votes)
                .Check(proof);
        }
        // Who they are stands in the very state that is to be fetched: what says that the block is
        // final is the operator's checkpoint, which the headers lead to.
        return isTrusted
            ? null
            : "the block is of validators that are not genesis', and not below the checkpoint";
    }

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
