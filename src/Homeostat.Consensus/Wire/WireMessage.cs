using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>The first byte of each message on the wire.</summary>
public enum WireKind : byte
{
    Hello = 0,
    Proposal = 1,
    Vote = 2,
    Certificates = 3,
    Refusal = 4,
    BlockRequest = 5,
    BlockResponse = 6,
    CertificateRequest = 7,
    StatusRequest = 8,
    StatusResponse = 9,
    Farewell = 10,
    SyncRequest = 16,
    SyncResponse = 17,
    SnapshotRequest = 18,
    SnapshotResponse = 19,
    HeadersRequest = 20,
    HeadersResponse = 21,
    RangesRequest = 22,
    RangesResponse = 23,
    CodesRequest = 24,
    CodesResponse = 25,
    Transactions = 32,
    TransactionHashes = 33,
    TransactionRequest = 34,
    BlockBody = 48,
    CompactProposal = 49,
    ProposalPartsRequest = 50,
    ProposalParts = 51,
    Evidence = 64,
}

/// <summary>
/// All that nodes say to each other: a kind byte and an RLP list. Sizes are bounded by
/// <see cref="WireLimits"/>; decoding returns what is wrong and never throws.
/// </summary>
public abstract record WireMessage
{
    public abstract WireKind Kind { get; }

    /// <summary>True for messages of <see cref="SimplexMachine"/>.</summary>
    public bool IsConsensus => Kind is >= WireKind.Proposal and <= WireKind.Farewell;

    /// <summary>True for messages of <see cref="SyncMachine"/>.</summary>
    public bool IsSync => Kind is WireKind.SyncRequest or WireKind.SyncResponse;

    public byte[] Encode() => WireCodec.Encode(this);

    /// <summary>Why the bytes are no message, or null and the message.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> bytes, out WireMessage? message) =>
        WireCodec.TryDecode(bytes, out message);
}

/// <summary>
/// First message of both sides; a peer of another version, chain or genesis is dropped.
/// </summary>
public sealed record HelloMessage(
    uint Version, ChainId ChainId, Hash256 GenesisHash, Address Node, Height Finalized)
    : WireMessage
{
    public const uint CurrentVersion = 4;
    public override WireKind Kind => WireKind.Hello;

    /// <summary>Why its sender is none to talk with in this network, or null.</summary>
    public string? MismatchWith(ConsensusConfig network) =>
        Version != CurrentVersion
            ? $"of protocol version {Version}, this node is of {CurrentVersion}"
            : ChainId != network.ChainId || GenesisHash != network.GenesisHash
                ? $"of chain {ChainId} with genesis {GenesisHash}"
                : null;
}

/// <summary>A leader's block with its own notarize vote, which signs the proposal.</summary>
public sealed record ProposalMessage(byte[] EncodedBlock, Vote LeaderVote) : WireMessage
{
    public override WireKind Kind => WireKind.Proposal;
}

public sealed record VoteMessage(Vote Vote) : WireMessage
{
    public override WireKind Kind => WireKind.Vote;
}

/// <summary>Certificates, in no order; one new, or those a peer asked for or lacks.</summary>
public sealed record CertificatesMessage(IReadOnlyList<Certificate> Certificates) : WireMessage
{
    public override WireKind Kind => WireKind.Certificates;
}

public sealed record RefusalMessage(RefusalAdvisory Advisory) : WireMessage
{
    public override WireKind Kind => WireKind.Refusal;
}

/// <summary>Asks for the body of an unfinalized (or the last finalized) block.</summary>
public sealed record BlockRequestMessage(Hash256 BlockHash) : WireMessage
{
    public override WireKind Kind => WireKind.BlockRequest;
}

public sealed record BlockResponseMessage(byte[] EncodedBlock) : WireMessage
{
    public override WireKind Kind => WireKind.BlockResponse;
}

/// <summary>Asks for the certificates of views From to To (inclusive).</summary>
public sealed record CertificateRequestMessage(View From, View To) : WireMessage
{
    public override WireKind Kind => WireKind.CertificateRequest;
}

/// <summary>A validator without a journal asks where the others are.</summary>
public sealed record StatusRequestMessage(Hash256 Nonce) : WireMessage
{
    public override WireKind Kind => WireKind.StatusRequest;
}

/// <summary>
/// The answer, signed over the nonce: the certificate by which the signer entered its view (null
/// in view 1) and the last finalization it knows (null at genesis).
/// </summary>
public sealed record StatusResponseMessage(
    Hash256 Nonce,
    ValidatorIndex Signer,
    Certificate? Entered,
    Certificate? Finalization,
    Signature Signature) : WireMessage
{
    public override WireKind Kind => WireKind.StatusResponse;
}

/// <summary>
/// Its sender is about to stop: where it leads, up to this view, nobody need wait for it. A hint,
/// good for the validator that the connection belongs to, and until that connects again.
/// </summary>
public sealed record FarewellMessage(View Through) : WireMessage
{
    public override WireKind Kind => WireKind.Farewell;
}

/// <summary>Asks for finalized blocks from a height on.</summary>
public sealed record SyncRequestMessage(ulong RequestId, Height From, int MaxBlocks) : WireMessage
{
    public override WireKind Kind => WireKind.SyncRequest;
}

/// <summary>
/// Consecutive finalized blocks and a certificate that finalizes the last of them; empty with a
/// null certificate when the peer has none from that height.
/// </summary>
public sealed record SyncResponseMessage(
    ulong RequestId, IReadOnlyList<byte[]> Blocks, Certificate? Finalization) : WireMessage
{
    public override WireKind Kind => WireKind.SyncResponse;
}

/// <summary>Transactions in their network encoding; opaque here.</summary>
public sealed record TransactionsMessage(IReadOnlyList<byte[]> Transactions) : WireMessage
{
    public override WireKind Kind => WireKind.Transactions;
}

public sealed record TransactionHashesMessage(IReadOnlyList<Hash256> Hashes) : WireMessage
{
    public override WireKind Kind => WireKind.TransactionHashes;
}

public sealed record TransactionRequestMessage(IReadOnlyList<Hash256> Hashes) : WireMessage
{
    public override WireKind Kind => WireKind.TransactionRequest;
}

/// <summary>
/// A block's body in a form the Replica knows (compact relay later); opaque here.
/// </summary>
public sealed record BlockBodyMessage(Hash256 BlockHash, byte[] Body) : WireMessage
{
    public override WireKind Kind => WireKind.BlockBody;
}

/// <summary>
/// A proposal whose transactions but the first stand as short ids (docs/spec/consensus.md,
/// Relaying). Parts are items of the block's own RLP, opaque here.
/// </summary>
public sealed record CompactProposalMessage(
    byte[] Header, byte[] First, byte[] ShortIds, byte[] Rest, byte[] Payload, Vote LeaderVote)
    : WireMessage
{
    public override WireKind Kind => WireKind.CompactProposal;
}

/// <summary>Asks for transactions of a proposal by their places after the first.</summary>
public sealed record ProposalPartsRequestMessage(Hash256 BlockHash, IReadOnlyList<int> Indexes)
    : WireMessage
{
    public override WireKind Kind => WireKind.ProposalPartsRequest;
}

/// <summary>What was asked for, in its order, as items of the block's list.</summary>
public sealed record ProposalPartsMessage(
    Hash256 BlockHash, IReadOnlyList<byte[]> Transactions) : WireMessage
{
    public override WireKind Kind => WireKind.ProposalParts;
}

/// <summary>Proof of misbehaviour, for whoever proposes next.</summary>
public sealed record EvidenceMessage(Evidence Evidence) : WireMessage
{
    public override WireKind Kind => WireKind.Evidence;
}
