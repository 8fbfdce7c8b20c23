using System.Collections.Concurrent;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// Trie nodes and codes by hash, and which block's state they make whole. A checkpoint may be
/// large, so a thread of its own writes it in parts, the reference last: a crash in between
/// leaves the checkpoint before, and nodes that are the same wherever they are needed. Until
/// it is written, a checkpoint is read from memory.
/// </summary>
internal sealed class StateFile : IDisposable
{
    private const int PartEntries = 4096;
    private const int QueueCheckpoints = 4;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS node(hash BLOB PRIMARY KEY, rlp BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS checkpoint(
            id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL,
            block_hash BLOB NOT NULL, state_root BLOB NOT NULL);
        """;

    private readonly SqliteFile _file;
    private readonly BlockingCollection<Pending> _queue = new(QueueCheckpoints);
    private readonly ConcurrentDictionary<long, Pending> _pending = [];
    private readonly Thread _thread;
    private readonly Action<Exception> _onFailure;

    public StateFile(string path, Action<Exception> onFailure)
    {
        _file = new SqliteFile(path, Durability.Full, Schema);
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

    /// <summary>Readable when this returns; on disk some time later, in order.</summary>
    public void Add(StateCheckpoint checkpoint)
    {
        var pending = new Pending(checkpoint);
        _pending[(long)checkpoint.Height.Value] = pending;
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
        return TryRead("SELECT rlp FROM node WHERE hash = $1", hash, out rlp);
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        if (_thread.ThreadState != ThreadState.Unstarted)
        {
            _thread.Join();
        }
        _file.Dispose();
        _queue.Dispose();
    }

    private bool TryRead(string sql, in Hash256 hash, out byte[] value)
    {
        object key = hash.ToArray();
        byte[]? found = _file.Read(
            session => session.Prepare(sql, key).ExecuteScalar() as byte[]);
        value = found ?? [];
        return found is not null;
    }

    private void Run()
    {
#pragma warning disable CA1031 // Handed to the node, which stops with the message.
        try
        {
            foreach (Pending pending in _queue.GetConsumingEnumerable())
            {
                Write("INSERT OR IGNORE INTO node VALUES($1, $2)", pending.Checkpoint.Nodes);
                WriteReference(pending.Checkpoint);
                _pending.TryRemove((long)pending.Checkpoint.Height.Value, out _);
            }
        }
        catch (Exception error)
        {
            _onFailure(error);
        }
#pragma warning restore CA1031
    }

    private void Write(string sql, IReadOnlyList<KeyValuePair<Hash256, byte[]>> entries)
    {
        foreach (KeyValuePair<Hash256, byte[]>[] part in
            entries.OrderBy(x => x.Key).Chunk(PartEntries))
        {
            _file.Write(session =>
            {
                foreach ((Hash256 hash, byte[] value) in part)
                {
                    session.Prepare(sql, hash.ToArray(), value).ExecuteNonQuery();
                }
            });
        }
    }

    private void WriteReference(StateCheckpoint checkpoint) => _file.Write(session =>
        session.Prepare(
            "INSERT OR REPLACE INTO checkpoint VALUES(1, $1, $2, $3)",
            (long)checkpoint.Height.Value, checkpoint.BlockHash.ToArray(),
            checkpoint.StateRoot.ToArray()).ExecuteNonQuery());

    private sealed class Pending(StateCheckpoint checkpoint)
    {
        public StateCheckpoint Checkpoint => checkpoint;

        public Dictionary<Hash256, byte[]> Nodes { get; } = TableOf(checkpoint.Nodes);

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
