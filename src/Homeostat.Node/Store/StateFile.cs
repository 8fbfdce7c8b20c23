using System.Collections.Concurrent;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// Trie nodes and codes by hash, and which block's state they make whole. A checkpoint may be
/// large, so a thread of its own writes it in parts, the reference last: a crash in between
/// leaves the checkpoint before, and nodes that are the same wherever they are needed. Until
/// it is written, a checkpoint is read from memory. Between checkpoints the thread collects what no
/// state needs any more (<see cref="StateGenerations"/>).
/// </summary>
internal sealed class StateFile : IDisposable
{
    private const int PartEntries = 4096;
    private const int QueueCheckpoints = 4;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS checkpoint(
            id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL,
            block_hash BLOB NOT NULL, state_root BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS snapshot(
            id INTEGER PRIMARY KEY CHECK (id = 1), progress BLOB NOT NULL);
        """;

    private readonly SqliteFile _file;
    private readonly StateGenerations _nodes;
    private readonly BlockingCollection<Pending> _queue = new(QueueCheckpoints);
    private readonly ConcurrentDictionary<long, Pending> _pending = [];
    private readonly Thread _thread;
    private readonly Action<Exception> _onFailure;
    private long _lastPending;

    /// <param name="collectBytes">Size of the nodes below which none are collected.</param>
    public StateFile(string path, long collectBytes, Action<Exception> onFailure)
    {
        _file = new SqliteFile(path, Durability.Full, Schema);
        _nodes = new StateGenerations(_file, collectBytes);
        _onFailure = onFailure;
        _thread = new Thread(Run) { Name = "state", IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>The last checkpoint that is whole on disk.</summary>
    public CheckpointReference? ReadCheckpoint() => _file.Read(session =>
    {
        using SqliteDataReader row = session
            .Prepare("SELECT height, block_hash, state_root FROM checkpoint").ExecuteReader();
        return row.Read()
            ? new CheckpointReference(
                new Height((ulong)row.GetInt64(0)),
                new Hash256(row.GetFieldValue<byte[]>(1)),
                new Hash256(row.GetFieldValue<byte[]>(2)))
            : null;
    });

    /// <summary>What is left of a state that is being fetched; null when none is.</summary>
    public byte[]? ReadSnapshot() => _file.Read(session =>
        session.Prepare("SELECT progress FROM snapshot").ExecuteScalar() as byte[]);

    /// <summary>Readable when this returns; on disk some time later, in order.</summary>
    public void Add(StateCheckpoint checkpoint) => Add(new Pending(checkpoint, null));

    /// <summary>As the checkpoint above: in order with it.</summary>
    public void Add(SnapshotPart part) => Add(new Pending(null, part));

    private void Add(Pending pending)
    {
        _pending[Interlocked.Increment(ref _lastPending)] = pending;
        pending.Number = _lastPending;
        _queue.Add(pending);
    }

    public bool TryGetNode(in Hash256 hash, out byte[] rlp)
    {
        foreach (Pending pending in _pending.Values)
        {
            if (pending.Nodes.TryGetValue(hash, out rlp!))
            {
                return true;
            }
        }
        return _nodes.TryGet(hash, out rlp);
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        if (_thread.HasStarted())
        {
            _thread.Join();
        }
        _file.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
#pragma warning disable CA1031 // Handed to the node, which stops with the message.
        try
        {
            if (ReadCheckpoint() is { } last)
            {
                _nodes.Resume(last.StateRoot);
            }
            while (!_queue.IsCompleted)
            {
                if (_queue.TryTake(out Pending? pending, _nodes.IsCopying ? 0 : Timeout.Infinite))
                {
                    Write(pending);
                }
                else if (_nodes.IsCopying)
                {
                    _nodes.Step();
                }
            }
        }
        catch (Exception error)
        {
            _onFailure(error);
        }
#pragma warning restore CA1031
    }

    private void Write(Pending pending)
    {
        foreach (KeyValuePair<Hash256, byte[]>[] part in
            pending.Entries.OrderBy(x => x.Key).Chunk(PartEntries))
        {
            _file.Write(session => _nodes.Add(session, part));
        }
        if (pending.Part?.Progress is { } progress)
        {
            _file.Write(session => session
                .Prepare("INSERT OR REPLACE INTO snapshot VALUES(1, $1)", progress)
                .ExecuteNonQuery());
        }
        if (pending.Checkpoint is { } checkpoint)
        {
            WriteReference(checkpoint);
            _nodes.CheckpointWritten(checkpoint.Height.Value, checkpoint.StateRoot);
        }
        _pending.TryRemove(pending.Number, out _);
    }

    private void WriteReference(StateCheckpoint checkpoint) => _file.Write(session =>
    {
        session.Prepare(
            "INSERT OR REPLACE INTO checkpoint VALUES(1, $1, $2, $3)",
            (long)checkpoint.Height.Value, checkpoint.BlockHash.ToArray(),
            checkpoint.StateRoot.ToArray()).ExecuteNonQuery();
        session.Prepare("DELETE FROM snapshot").ExecuteNonQuery();
    });

    private sealed class Pending(StateCheckpoint? checkpoint, SnapshotPart? part)
    {
        public long Number { get; set; }

        public StateCheckpoint? Checkpoint => checkpoint;

        public SnapshotPart? Part => part;

        public IReadOnlyList<KeyValuePair<Hash256, byte[]>> Entries =>
            checkpoint?.Nodes ?? part!.Nodes;

        public Dictionary<Hash256, byte[]> Nodes { get; } =
            TableOf(checkpoint?.Nodes ?? part!.Nodes);

        private static Dictionary<Hash256, byte[]> TableOf(
            IReadOnlyList<KeyValuePair<Hash256, byte[]>> entries)
        {
            var table = new Dictionary<Hash256, byte[]>(entries.Count);
            foreach ((Hash256 hash, byte[] value) in entries)
            {
                table[hash] = value;
            }
            return table;
        }
    }
}
