using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>A part of a trie that is still to be fetched.</summary>
internal readonly record struct RangeTask(
    Hash256 Root, Hash256 Start, Hash256 End, bool IsAccounts);

/// <summary>What one request asks for.</summary>
internal abstract record SnapshotTask
{
    /// <summary>The checkpoint's own header, for its age.</summary>
    internal sealed record Anchor : SnapshotTask;

    /// <summary>Headers from the one with this hash down.</summary>
    internal sealed record Link(Height Last, Hash256 Hash, int Count) : SnapshotTask;

    internal sealed record Ranges(IReadOnlyList<RangeTask> Tasks) : SnapshotTask;

    internal sealed record Codes(IReadOnlyList<Hash256> Hashes) : SnapshotTask;
}

/// <summary>
/// What is left to fetch of a state. A task is taken, and comes back either fulfilled (and may
/// leave new ones behind) or not; whatever is not fulfilled stands in <see cref="Encode"/>, from
/// which a node goes on after a restart. Nodes are stored before the plan that no longer asks for
/// them, so a crash in between costs only asking again.
/// </summary>
internal sealed class SnapshotPlan
{
    private readonly Queue<RangeTask> _accounts = new();
    private readonly Queue<RangeTask> _storages = new();
    private readonly Queue<Hash256> _codes = new();
    private readonly List<SnapshotTask> _out = [];
    private readonly LookupSet<Hash256> _remembered = new();
    private bool _hasAnchor;
    private Height _linkAt;
    private Hash256 _linkHash;

    private SnapshotPlan(SnapshotPivot pivot, TrustedCheckpoint checkpoint)
    {
        (Pivot, Checkpoint) = (pivot, checkpoint);
    }

    public SnapshotPivot Pivot { get; }

    public TrustedCheckpoint Checkpoint { get; }

    public long Accounts { get; private set; }

    public long Slots { get; private set; }

    public long Codes { get; private set; }

    public long Bytes { get; set; }

    /// <summary>All headers from the higher of block and checkpoint to the lower are linked.
    /// </summary>
    public bool IsLinked => _linkAt <= LinkTo.Height;

    private bool IsBelow => Pivot.Reference.Height < Checkpoint.Height;

    private TrustedCheckpoint LinkTo => IsBelow ? ThePivot : Checkpoint;

    private TrustedCheckpoint ThePivot => new(Pivot.Reference.Height, Pivot.Reference.Hash);

    public bool IsComplete => _hasAnchor && IsLinked && _out.Count == 0
        && _accounts.Count == 0 && _storages.Count == 0 && _codes.Count == 0;

    public int Waiting => _storages.Count + _codes.Count;

    public int Out => _out.Count;

    public static SnapshotPlan Begin(SnapshotPivot pivot, TrustedCheckpoint checkpoint)
    {
        var plan = new SnapshotPlan(pivot, checkpoint)
        {
            _linkAt = pivot.Reference.Height,
            _linkHash = pivot.Reference.Hash,
        };
        if (plan.IsBelow)
        {
            (plan._linkAt, plan._linkHash) = (checkpoint.Height, checkpoint.Hash);
        }
        for (int i = 0; i < SnapshotLimits.Segments; i++)
        {
            const int Width = 256 / SnapshotLimits.Segments;
            byte[] start = new byte[Hash256.Size];
            byte[] end = TrieRanges.Greatest.ToArray();
            (start[0], end[0]) = ((byte)(i * Width), (byte)((i + 1) * Width - 1));
            plan._accounts.Enqueue(new RangeTask(
                pivot.Header.StateRoot, new Hash256(start), new Hash256(end), true));
        }
        return plan;
    }

    /// <summary>The most urgent task, taken; null when there is none to give out now.</summary>
    public SnapshotTask? Take()
    {
        SnapshotTask? task = TakeHeaders();
        if (task is null && _codes.Count > 0)
        {
            task = new SnapshotTask.Codes(Dequeue(_codes, WireLimits.MaxCodes));
        }
        if (task is null && _storages.Count > 0)
        {
            task = new SnapshotTask.Ranges(Dequeue(_storages, SnapshotLimits.TriesPerRequest));
        }
        if (task is null && _accounts.Count > 0 && Waiting < SnapshotLimits.MostWaiting)
        {
            task = new SnapshotTask.Ranges(Dequeue(_accounts, 1));
        }
        if (task is not null)
        {
            _out.Add(task);
        }
        return task;
    }

    private SnapshotTask? TakeHeaders()
    {
        if (!_hasAnchor && !_out.Any(task => task is SnapshotTask.Anchor))
        {
            return new SnapshotTask.Anchor();
        }
        if (!IsLinked && !_out.Any(task => task is SnapshotTask.Link))
        {
            ulong missing = _linkAt.Value - LinkTo.Height.Value;
            return new SnapshotTask.Link(
                _linkAt, _linkHash, (int)Math.Min(missing, WireLimits.MaxHeaders));
        }
        return null;
    }

    /// <summary>Not fulfilled: to be taken again.</summary>
    public void GiveBack(SnapshotTask task)
    {
        _out.Remove(task);
        switch (task)
        {
            case SnapshotTask.Ranges ranges:
                GiveBack(ranges.Tasks);
                break;
            case SnapshotTask.Codes codes:
                foreach (Hash256 hash in codes.Hashes)
                {
                    _codes.Enqueue(hash);
                }
                break;
        }
    }

    private void GiveBack(IEnumerable<RangeTask> tasks)
    {
        foreach (RangeTask task in tasks)
        {
            (task.IsAccounts ? _accounts : _storages).Enqueue(task);
        }
    }

    public void Anchored(SnapshotTask.Anchor task)
    {
        _out.Remove(task);
        _hasAnchor = true;
    }

    /// <summary>
    /// The headers from the task's on down are linked; next is the parent of the last. False when
    /// that should be the lower of checkpoint and block and is not.
    /// </summary>
    public bool Linked(SnapshotTask.Link task, int count, in Hash256 parentHash)
    {
        _out.Remove(task);
        _linkAt = new Height(task.Last.Value - (ulong)count);
        _linkHash = parentHash;
        return !IsLinked || _linkHash == LinkTo.Hash;
    }

    public void Fulfilled(SnapshotTask.Ranges task, CheckRangesWork.Found found)
    {
        _out.Remove(task);
        GiveBack(task.Tasks.Skip(found.Checked));
        GiveBack(found.Rest);
        (Accounts, Slots) = (Accounts + found.Accounts, Slots + found.Slots);
        foreach (Hash256 root in found.Storages)
        {
            if (Remember(root))
            {
                _storages.Enqueue(
                    new RangeTask(root, Hash256.Zero, TrieRanges.Greatest, false));
            }
        }
        foreach (Hash256 hash in found.Codes)
        {
            if (Remember(hash))
            {
                _codes.Enqueue(hash);
            }
        }
    }

    public void Fulfilled(SnapshotTask.Codes task, int count)
    {
        _out.Remove(task);
        Codes += count;
        foreach (Hash256 hash in task.Hashes.Skip(count))
        {
            _codes.Enqueue(hash);
        }
    }

    /// <summary>Of the accounts, by the keys that are passed: those are spread evenly.</summary>
    public int PerMille
    {
        get
        {
            ulong left = 0;
            IEnumerable<RangeTask> all = _out.OfType<SnapshotTask.Ranges>()
                .SelectMany(task => task.Tasks).Concat(_accounts);
            foreach (RangeTask task in all.Where(task => task.IsAccounts))
            {
                left += First(task.End) - First(task.Start) + 1;
            }
            return 1_000 - (int)(left * 1_000 >> 32);
        }
    }

    private static ulong First(in Hash256 key) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(key.Bytes);

    private bool Remember(in Hash256 hash)
    {
        if (_remembered.Count >= SnapshotLimits.MostRemembered)
        {
            _remembered.Clear();
        }
        return _remembered.Add(hash);
    }

    private static List<T> Dequeue<T>(Queue<T> queue, int most)
    {
        var items = new List<T>();
        while (items.Count < most && queue.TryDequeue(out T? item))
        {
            items.Add(item);
        }
        return items;
    }

    /// <summary>RLP of all that is not fulfilled, and of the block it belongs to.</summary>
    public byte[] Encode()
    {
        var writer = new RlpWriter(64 * 1024);
        int list = writer.StartList();
        writer.Write(Checkpoint.Height.Value);
        writer.Write(Checkpoint.Hash);
        writer.Write(Pivot.Offer.Encode());
        writer.Write(_hasAnchor ? 1UL : 0);
        writer.Write(_linkAt.Value);
        writer.Write(_linkHash);
        writer.Write((ulong)Accounts);
        writer.Write((ulong)Slots);
        writer.Write((ulong)Codes);
        writer.Write((ulong)Bytes);
        int ranges = writer.StartList();
        foreach (RangeTask task in _out.OfType<SnapshotTask.Ranges>()
            .SelectMany(task => task.Tasks).Concat(_storages).Concat(_accounts))
        {
            writer.Write(task.Root);
            writer.Write(task.Start);
            writer.Write(task.End);
            writer.Write(task.IsAccounts ? 1UL : 0);
        }
        writer.EndList(ranges);
        int codes = writer.StartList();
        foreach (Hash256 hash in _out.OfType<SnapshotTask.Codes>()
            .SelectMany(task => task.Hashes).Concat(_codes))
        {
            writer.Write(hash);
        }
        writer.EndList(codes);
        writer.EndList(list);
        return writer.ToArray();
    }

    /// <summary>
    /// The plan that was written, its block checked again; null when the bytes are none or belong
    /// to another checkpoint.
    /// </summary>
    public static SnapshotPlan? TryDecode(byte[] encoded, SnapshotTrust trust)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        var checkpoint = new TrustedCheckpoint(
            new Height(list.ReadUInt64()), list.ReadHash256());
        if (checkpoint != trust.Checkpoint
            || WireMessage.TryDecode(list.ReadBytes(), out WireMessage? message) is not null
            || message is not SnapshotResponseMessage offer
            || SnapshotPivot.Check(offer, trust, out SnapshotPivot? pivot) is not null)
        {
            return null;
        }
        var plan = new SnapshotPlan(pivot!, checkpoint)
        {
            _hasAnchor = list.ReadUInt64() != 0,
            _linkAt = new Height(list.ReadUInt64()),
            _linkHash = list.ReadHash256(),
            Accounts = (long)list.ReadUInt64(),
            Slots = (long)list.ReadUInt64(),
            Codes = (long)list.ReadUInt64(),
            Bytes = (long)list.ReadUInt64(),
        };
        RlpReader ranges = list.ReadList();
        while (ranges.HasMore)
        {
            plan.GiveBack([new RangeTask(
                ranges.ReadHash256(), ranges.ReadHash256(), ranges.ReadHash256(),
                ranges.ReadUInt64() != 0)]);
        }
        list.Close(ranges);
        RlpReader codes = list.ReadList();
        while (codes.HasMore)
        {
            plan._codes.Enqueue(codes.ReadHash256());
        }
        list.Close(codes);
        reader.Close(list);
        return reader.Finished ? plan : null;
    }
}
