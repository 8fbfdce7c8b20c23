using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// One node's disk. A written batch sits in the operating system's cache until a sync completes:
/// a killed process loses only what it had not yet written, a power loss all that was not synced
/// but for a prefix that the disk happened to take (a batch is on disk whole or not at all, as
/// the store's transactions promise).
/// </summary>
internal sealed class VirtualDisk : IBlockLog, IStateStore
{
    /// <summary>Blocks kept for those who were away: more than any run's faults last.</summary>
    private const int KeptBlocks = 8_192;

    /// <summary>A record of a block, its four arrays' headers, its place in the list.</summary>
    private const int LogEntryBytes = 288;

    private readonly List<(long Ticket, PersistBatch Batch)> _unsynced = [];
    private readonly List<JournalEntry> _journal = [];
    /// <summary>The last blocks of the log; longer runs than this serve no whole history.</summary>
    private readonly List<FinalizedBlock> _log = [];
    private VirtualState _state = new();
    private FinalizedBlock? _last;
    private CheckpointReference? _checkpoint;
    private byte[]? _snapshot;
    private bool _journalIntact = true;

    public int Unsynced => _unsynced.Count;

    /// <summary>While true every write fails, and the process with it.</summary>
    public bool IsFull { get; set; }

    public FinalizedBlock? LastFinalized => _last;

    /// <summary>All that was ever appended to the log: blocks, receipts, certificates.</summary>
    public long LogBytes { get; private set; }

    /// <summary>Trie nodes and codes by hash, as they are on the disk.</summary>
    public long StateBytes => _state.Bytes;

    public long JournalBytes => _journal.Sum(record => (long)record.Bytes.Length);

    /// <summary>About what this object itself holds in memory.</summary>
    public long HeapBytes =>
        _state.HeapBytes + JournalBytes
        + _log.Sum(block => BytesOf(block) + LogEntryBytes);

    public void Write(long ticket, PersistBatch batch) => _unsynced.Add((ticket, batch));

    /// <summary>All batches up to the ticket are safe from now on.</summary>
    public void Sync(long ticket)
    {
        int count = 0;
        while (count < _unsynced.Count && _unsynced[count].Ticket <= ticket)
        {
            Apply(_unsynced[count++].Batch);
        }
        _unsynced.RemoveRange(0, count);
    }

    /// <summary>The process ends: the operating system writes out what it was given.</summary>
    public void Kill()
    {
        foreach ((_, PersistBatch batch) in _unsynced)
        {
            Apply(batch);
        }
        _unsynced.Clear();
    }

    /// <summary>
    /// The power goes: of what was not synced a prefix of the given length stays.
    /// </summary>
    public void LosePower(int survivors)
    {
        foreach ((_, PersistBatch batch) in _unsynced.Take(survivors))
        {
            Apply(batch);
        }
        _unsynced.Clear();
    }

    /// <summary>
    /// The power goes in the middle of a write, and the store finds the tail torn: half a record
    /// follows the prefix that stays.
    /// </summary>
    public void TearJournal(int survivors)
    {
        JournalEntry torn = _unsynced.Skip(survivors).SelectMany(write => write.Batch.Journal)
            .FirstOrDefault() ?? new JournalEntry(View.Genesis, [0xff, 0xff]);
        LosePower(survivors);
        _journal.Add(torn with { Bytes = torn.Bytes[..(torn.Bytes.Length / 2)] });
    }

    /// <summary>A new, empty disk in the place of a broken one.</summary>
    public void Wipe()
    {
        _unsynced.Clear();
        _journal.Clear();
        _log.Clear();
        _state = new VirtualState();
        LogBytes = 0;
        _last = null;
        _checkpoint = null;
        _snapshot = null;
        _journalIntact = false;
    }

    public RecoveredState Recover(Hash256 nonce) => new()
    {
        JournalIntact = _journalIntact,
        Journal = [.. _journal],
        Nonce = nonce,
        Checkpoint = _checkpoint,
        LastFinalized = LastFinalized,
        BlockLog = this,
        Snapshot = _snapshot,
        State = this,
    };

    public bool TryGet(Height height, out FinalizedBlock block)
    {
        ulong last = _last?.Height.Value ?? 0;
        bool known = height.Value <= last && height.Value + (ulong)_log.Count > last;
        block = known ? _log[^(int)(last - height.Value + 1)] : null!;
        return known;
    }

    public bool TryGetNode(in Hash256 hash, out byte[] bytes) =>
        _state.TryGet(hash, out bytes);

    private void Apply(PersistBatch batch)
    {
        _journal.AddRange(batch.Journal);
        if (batch.Snapshot is { } part)
        {
            _state.Write(part.Nodes);
            _snapshot = batch.Checkpoint is null ? part.Progress ?? _snapshot : null;
        }
        foreach (FinalizedBlock block in batch.Finalized)
        {
            Invariant.Require(
                block.Height.Value == (_last?.Height.Value ?? 0) + 1
                || (_last is null && batch.Snapshot is not null));
            // As on a real disk: bytes, and not the state that the block was executed to.
            Append(block with { Executed = null, Changes = null });
        }
        if (batch.Checkpoint is { } checkpoint)
        {
            Apply(checkpoint);
        }
        if (batch.PruneBelow.Value > 0)
        {
            _journal.RemoveAll(record => record.View < batch.PruneBelow);
        }
    }

    private void Append(FinalizedBlock block)
    {
        _last = block;
        _log.Add(block);
        LogBytes += BytesOf(block);
        if (_log.Count > 2 * KeptBlocks)
        {
            _log.RemoveRange(0, KeptBlocks);
        }
    }

    private static long BytesOf(FinalizedBlock block) =>
        block.Encoded.Length + block.Receipts.Length + block.Certificate.Length;

    private void Apply(StateCheckpoint checkpoint)
    {
        _state.Write(checkpoint);
        _checkpoint = new CheckpointReference(
            checkpoint.Height, checkpoint.BlockHash, checkpoint.StateRoot);
    }
}
