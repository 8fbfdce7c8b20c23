using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Answers one request for a piece of state out of the disk. What the disk lacks is an empty
/// answer: the state asked for may be too old, or never have been here.
/// </summary>
internal sealed record ServeSnapshotWork(
    RecoveredState Disk, Height Finalized, ReplicaLimits Limits, Protocol Protocol,
    SnapshotMessage Request) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => 200;

    public WorkResult Run() => new Served(Request switch
    {
        SnapshotRequestMessage request => Offer(request),
        HeadersRequestMessage request => new HeadersResponseMessage(
            request.RequestId, Headers(request.Last, request.Count)),
        RangesRequestMessage request => new RangesResponseMessage(
            request.RequestId, Ranges(request)),
        CodesRequestMessage request => new CodesResponseMessage(
            request.RequestId, Codes(request)),
        _ => null,
    });

    /// <summary>
    /// Checkpoints of all nodes stand at the multiples of a number of blocks, so that many can
    /// serve the same state.
    /// </summary>
    private SnapshotResponseMessage Offer(SnapshotRequestMessage request)
    {
        ulong step = (ulong)Limits.CheckpointBlocks;
        ulong last = Finalized.Value;
        ulong height = last - (last % step);
        ulong oldest = Math.Max(1, last - Math.Min(last, SnapshotLimits.OldestOffered));
        for (; height >= oldest && height >= request.From.Value; height -= step)
        {
            if (Disk.BlockLog.TryGet(new Height(height), out FinalizedBlock block)
                && Disk.State.TryGetNode(block.StateRoot, out _)
                && TryProve(block, out List<byte[]> headers, out Certificate? proof)
                && ValidatorsOf(block) is { } validators
                && WithEpochs(
                    new SnapshotResponseMessage(
                        request.RequestId, block.Encoded, block.Receipts, headers, proof,
                        validators.Validators, []),
                    block.Height, request.Checkpoint) is { } offer)
            {
                return offer;
            }
            if (height < step)
            {
                break;
            }
        }
        return new SnapshotResponseMessage(request.RequestId, [], [], [], null, [], []);
    }

    /// <summary>
    /// The offer with what leads from the checkpoint's validators to the block's; null where that
    /// is not here, or too much.
    /// </summary>
    private SnapshotResponseMessage? WithEpochs(
        SnapshotResponseMessage offer, Height height, Height checkpoint)
    {
        if (height <= checkpoint)
        {
            return offer;
        }
        if (!Disk.BlockLog.TryGet(checkpoint, out FinalizedBlock trusted))
        {
            return null;
        }
        offer = offer with { CheckpointPayload = BlockCodec.PayloadBytes(trusted.Encoded) };
        var ends = new List<EpochEnd>();
        Height last = EpochWalk.LastOf(checkpoint, Protocol.Epochs);
        for (int bytes = 0; last < height; last = EpochWalk.LastOf(last.Next, Protocol.Epochs))
        {
            if (!Disk.BlockLog.TryGet(last, out FinalizedBlock end)
                || CertificateCodec.TryDecode(end.Certificate) is not { } proof
                || (bytes += end.Receipts.Length) > EpochWalk.MostReceiptBytes
                || ends.Count == WireLimits.MaxEpochEnds)
            {
                return null;
            }
            ends.Add(new EpochEnd(BlockCodec.HeaderBytes(end.Encoded), end.Receipts, proof));
        }
        return ends.Count == 0
            ? offer
            : VotersOf(checkpoint) is { } first
                ? offer with { FirstValidators = first.Validators, Epochs = ends }
                : null;
    }

    /// <summary>
    /// Who votes in the epoch of this height, by receipts of the log alone, as the states of that
    /// time are gone: of the last regular end before it that named a set, or of genesis; then the
    /// recoveries since.
    /// </summary>
    private ValidatorSet? VotersOf(Height height)
    {
        ulong length = Protocol.Epochs.Blocks;
        ValidatorSet? named = null;
        for (ulong end = length == 0 ? 0 : (height.Value - 1) / length * length;
            end > 0 && named is null; end -= length)
        {
            if (!Disk.BlockLog.TryGet(new Height(end), out FinalizedBlock last))
            {
                return null;
            }
            named = EpochWalk.Named(last.Receipts);
        }
        return Protocol.VotersAfter(
            new Height(height.Value - 1), named ?? Protocol.GenesisValidators);
    }

    /// <summary>Who made the block final; null when its state is not whole any more.</summary>
    private ValidatorSet? ValidatorsOf(FinalizedBlock block)
    {
        try
        {
            WorldSnapshot state = WorldSnapshot.Open(
                block.StateRoot, new StoredState(Disk.State));
            return Protocol.VotersOf(block.Height, state);
        }
        catch (StateUnavailable)
        {
            return null;
        }
    }

    /// <summary>The first finalization from the block on, and the headers that lead to it.
    /// </summary>
    private bool TryProve(FinalizedBlock block, out List<byte[]> headers, out Certificate? proof)
    {
        headers = [];
        FinalizedBlock at = block;
        while (true)
        {
            proof = CertificateCodec.TryDecode(at.Certificate);
            if (proof?.BlockHash == at.Hash)
            {
                return true;
            }
            if (headers.Count == SnapshotLimits.MostHeadersToProof
                || !Disk.BlockLog.TryGet(at.Height.Next, out at))
            {
                return false;
            }
            headers.Add(BlockCodec.HeaderBytes(at.Encoded));
        }
    }

    private List<byte[]> Headers(Height last, int count)
    {
        var headers = new List<byte[]>();
        for (ulong height = last.Value; headers.Count < count && height > 0; height--)
        {
            if (!Disk.BlockLog.TryGet(new Height(height), out FinalizedBlock block))
            {
                break;
            }
            headers.Add(BlockCodec.HeaderBytes(block.Encoded));
        }
        return headers;
    }

    private List<StateRange> Ranges(RangesRequestMessage request)
    {
        var source = new StoredState(Disk.State);
        var ranges = new List<StateRange>();
        int left = Limits.SnapshotAnswerBytes;
        foreach (RangeQuery query in request.Queries)
        {
            if (left <= 0 || TrieRanges.Make(
                query.Root, query.Start, query.End, left, source) is not { } range)
            {
                break;
            }
            left -= range.Entries.Sum(entry => Hash256.Size + entry.Value.Length);
            left -= range.Proof.Sum(node => node.Length) + Hash256.Size;
            ranges.Add(new StateRange(
                [.. range.Entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value))],
                range.Proof));
        }
        return ranges;
    }

    private List<byte[]> Codes(CodesRequestMessage request)
    {
        var codes = new List<byte[]>();
        int left = Limits.SnapshotAnswerBytes;
        foreach (Hash256 hash in request.Hashes)
        {
            if (left <= 0 || !Disk.State.TryGetNode(hash, out byte[] code))
            {
                break;
            }
            left -= code.Length;
            codes.Add(code);
        }
        return codes;
    }

    public sealed record Served(SnapshotMessage? Answer) : WorkResult;
}
