using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Requests and answers by which a node that joins fetches a state, in pieces that prove
/// themselves. Opaque to consensus; an answer repeats its request's number.
/// </summary>
public abstract record SnapshotMessage(ulong RequestId) : WireMessage;

/// <summary>
/// Asks for the newest finalized block at or above a height whose whole state the peer can serve,
/// and that is not after the epoch of a checkpoint.
/// </summary>
public sealed record SnapshotRequestMessage(ulong RequestId, Height From, Height Checkpoint)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.SnapshotRequest;
}

/// <summary>
/// The block as consensus carried it with its receipts, and why it is final: a finalization of it,
/// or of a descendant, to which the headers (RLP, rising from the block's child on) lead, with the
/// validators of its epoch. For a block above the checkpoint also the checkpoint's payload, which
/// names the validators of its epoch, and the ends of the epochs between the two. All empty when
/// there is none.
/// </summary>
public sealed record SnapshotResponseMessage(
    ulong RequestId, byte[] EncodedBlock, byte[] Receipts, IReadOnlyList<byte[]> Headers,
    Certificate? Finalization, IReadOnlyList<Validator> Validators, byte[] CheckpointPayload)
    : SnapshotMessage(RequestId)
{
    /// <summary>
    /// The validators of the checkpoint's epoch; empty where they are those of the block's.
    /// </summary>
    public IReadOnlyList<Validator> FirstValidators { get; init; } = [];

    /// <summary>Rising from the checkpoint's epoch to the one before the block's.</summary>
    public IReadOnlyList<EpochEnd> Epochs { get; init; } = [];

    public override WireKind Kind => WireKind.SnapshotResponse;
}

/// <summary>
/// An epoch's last block: its header and receipts in RLP, of which the first says who votes in the
/// next epoch, and its finalization by the validators of its own.
/// </summary>
public sealed record EpochEnd(byte[] Header, byte[] Receipts, Certificate Finalization);

/// <summary>Asks for headers from a height on downward.</summary>
public sealed record HeadersRequestMessage(ulong RequestId, Height Last, int Count)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.HeadersRequest;
}

/// <summary>Headers in RLP, heights falling by one; empty when the peer has none.</summary>
public sealed record HeadersResponseMessage(ulong RequestId, IReadOnlyList<byte[]> Headers)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.HeadersResponse;
}

/// <summary>A trie by its root, and from which key to which its entries are asked for.</summary>
public readonly record struct RangeQuery(Hash256 Root, Hash256 Start, Hash256 End);

/// <summary>Asks for ranges of tries (of accounts or of storage).</summary>
public sealed record RangesRequestMessage(ulong RequestId, IReadOnlyList<RangeQuery> Queries)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.RangesRequest;
}

/// <summary>Entries in the order of their keys, and the trie nodes that prove the range.</summary>
public sealed record StateRange(
    IReadOnlyList<KeyValuePair<Hash256, byte[]>> Entries, IReadOnlyList<byte[]> Proof);

/// <summary>
/// Ranges for the first queries, as many as fit; none when the peer lacks the first one's trie or
/// has no time.
/// </summary>
public sealed record RangesResponseMessage(ulong RequestId, IReadOnlyList<StateRange> Ranges)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.RangesResponse;
}

/// <summary>Asks for contract code by its Keccak-256.</summary>
public sealed record CodesRequestMessage(ulong RequestId, IReadOnlyList<Hash256> Hashes)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.CodesRequest;
}

/// <summary>Code for the first hashes, as much as fits; none when the peer lacks the first.
/// </summary>
public sealed record CodesResponseMessage(ulong RequestId, IReadOnlyList<byte[]> Codes)
    : SnapshotMessage(RequestId)
{
    public override WireKind Kind => WireKind.CodesResponse;
}
