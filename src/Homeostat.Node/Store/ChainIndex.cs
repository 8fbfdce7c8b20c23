using System.Collections.Concurrent;
using Homeostat.Primitives;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// Where transactions and logs are. Derived from the block log and kept in a file of its own, so
/// that its many small random inserts neither wait for nor delay the fsync that votes wait for.
/// A thread writes it behind the chain; what it has not written yet is answered from memory. If
/// the file lags or is lost, it is made again from the block log.
///
/// Logs are found by address and first topic (the two that events are asked by), then by each
/// block's bloom for the rest.
/// </summary>
internal sealed class ChainIndex : IDisposable
{
    private const int QueueBlocks = 1024;
    private const int BatchBlocks = 64;
    private const int RangeStep = 16_384;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS tx(
            key INTEGER NOT NULL, height INTEGER NOT NULL, idx INTEGER NOT NULL,
            PRIMARY KEY(key, height, idx)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS log(
            key INTEGER NOT NULL, height INTEGER NOT NULL,
            PRIMARY KEY(key, height)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS bloom(height INTEGER PRIMARY KEY, bits BLOB NOT NULL);
        """;

    private readonly SqliteFile _file;
    private readonly BlockingCollection<BlockEntries> _queue = new(QueueBlocks);
    private readonly ConcurrentDictionary<Hash256, TransactionPlace> _recent = [];
    private readonly Thread _thread;
    private readonly Action<Exception> _onFailure;
    private long _indexed;

    public ChainIndex(string path, Action<Exception> onFailure)
    {
        _file = new SqliteFile(path, Durability.Normal, Schema);
        _onFailure = onFailure;
        object? indexed = _file.Writer
            .Prepare("SELECT value FROM meta WHERE name = 'indexed'").ExecuteScalar();
        _indexed = indexed is long height ? height : 0;
        _thread = new Thread(Run) { Name = "index", IsBackground = true };
    }

    /// <summary>All blocks to this height are in the file.</summary>
    public ulong Indexed => (ulong)Volatile.Read(ref _indexed);

    public void Start() => _thread.Start();

    /// <summary>From here on the block's transactions are found. In order of heights.</summary>
    public void Add(BlockEntries entries)
    {
        for (int i = 0; i < entries.TransactionHashes.Count; i++)
        {
            _recent[entries.TransactionHashes[i]] = new TransactionPlace(entries.Height, i);
        }
        _queue.Add(entries);
    }

    /// <summary>Places the transaction may have; the caller compares the hash.</summary>
    public IReadOnlyList<TransactionPlace> FindTransaction(in Hash256 hash)
    {
        if (_recent.TryGetValue(hash, out TransactionPlace place))
        {
            return [place];
        }
        object key = BlockEntries.KeyOf(hash);
        return _file.Read(session =>
        {
            var places = new List<TransactionPlace>();
            using SqliteDataReader rows = session
                .Prepare("SELECT height, idx FROM tx WHERE key = $1", key).ExecuteReader();
            while (rows.Read())
            {
                places.Add(new TransactionPlace(new((ulong)rows.GetInt64(0)), rows.GetInt32(1)));
            }
            return places;
        });
    }

    /// <summary>As <see cref="IChainArchive.FindLogBlocks"/>.</summary>
    public IEnumerable<Height> FindLogBlocks(ulong first, ulong last, LogQuery query)
    {
        var wanted = new BloomQuery(query);
        for (ulong from = first; from <= last;)
        {
            ulong indexed = Indexed;
            if (from > indexed)
            {
                // Not written yet: a few newest blocks, each of which may match.
                yield return new Height(from++);
                continue;
            }
            ulong to = Math.Min(Math.Min(last, indexed), from + RangeStep - 1);
            foreach (ulong height in FindInFile(from, to, query, wanted))
            {
                yield return new Height(height);
            }
            from = to + 1;
        }
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

    private List<ulong> FindInFile(ulong first, ulong last, LogQuery query, BloomQuery wanted) =>
        _file.Read(session =>
        {
            SortedSet<ulong>? heights = null;
            if (query.Addresses.Count > 0)
            {
                heights = Heights(
                    session, first, last,
                    query.Addresses.Select(x => BlockEntries.KeyOfEmitter(x)));
            }
            if (query.Topics.Count > 0 && query.Topics[0].Count > 0)
            {
                var keys = query.Topics[0].Select(x => BlockEntries.KeyOfFirstTopic(x));
                SortedSet<ulong> byTopic = Heights(session, first, last, keys);
                heights?.IntersectWith(byTopic);
                heights ??= byTopic;
            }
            return heights is null
                ? AllWithBloom(session, first, last, wanted)
                : heights.Where(x => MayMatch(session, x, wanted)).ToList();
        });

    private static SortedSet<ulong> Heights(
        SqliteSession session, ulong first, ulong last, IEnumerable<long> keys)
    {
        var heights = new SortedSet<ulong>();
        foreach (long key in keys)
        {
            using SqliteDataReader rows = session.Prepare(
                "SELECT height FROM log WHERE key = $1 AND height BETWEEN $2 AND $3",
                key, (long)first, (long)last).ExecuteReader();
            while (rows.Read())
            {
                heights.Add((ulong)rows.GetInt64(0));
            }
        }
        return heights;
    }

    private static List<ulong> AllWithBloom(
        SqliteSession session, ulong first, ulong last, BloomQuery wanted)
    {
        var heights = new List<ulong>();
        using SqliteDataReader rows = session.Prepare(
            "SELECT height, bits FROM bloom WHERE height BETWEEN $1 AND $2 ORDER BY height",
            (long)first, (long)last).ExecuteReader();
        while (rows.Read())
        {
            if (wanted.MayMatch(rows.GetFieldValue<byte[]>(1)))
            {
                heights.Add((ulong)rows.GetInt64(0));
            }
        }
        return heights;
    }

    private static bool MayMatch(SqliteSession session, ulong height, BloomQuery wanted) =>
        wanted.IsTrivial
        || (session.Prepare("SELECT bits FROM bloom WHERE height = $1", (long)height)
            .ExecuteScalar() is byte[] bits && wanted.MayMatch(bits));

    private void Run()
    {
#pragma warning disable CA1031 // Handed to the node, which stops with the message.
        try
        {
            var batch = new List<BlockEntries>();
            foreach (BlockEntries entries in _queue.GetConsumingEnumerable())
            {
                batch.Add(entries);
                while (batch.Count < BatchBlocks && _queue.TryTake(out BlockEntries? next))
                {
                    batch.Add(next);
                }
                Write(batch);
                batch.Clear();
            }
        }
        catch (Exception error)
        {
            _onFailure(error);
        }
#pragma warning restore CA1031
    }

    private void Write(List<BlockEntries> batch)
    {
        long last = (long)batch[^1].Height.Value;
        // In the order of the tree: neighbours share pages.
        var transactions = batch
            .SelectMany(x => x.TransactionHashes.Select((hash, i) =>
                (Key: BlockEntries.KeyOf(hash), Height: (long)x.Height.Value, Index: (long)i)))
            .Order().ToList();
        _file.Write(session =>
        {
            foreach (var (key, height, index) in transactions)
            {
                session.Prepare(
                    "INSERT OR IGNORE INTO tx VALUES($1, $2, $3)", key, height, index)
                    .ExecuteNonQuery();
            }
            foreach (BlockEntries block in batch)
            {
                object height = (long)block.Height.Value;
                session.Prepare("INSERT OR REPLACE INTO bloom VALUES($1, $2)", height, block.Bloom)
                    .ExecuteNonQuery();
                foreach (long key in block.LogKeys)
                {
                    session.Prepare("INSERT OR IGNORE INTO log VALUES($1, $2)", key, height)
                        .ExecuteNonQuery();
                }
            }
            session.Prepare("INSERT OR REPLACE INTO meta VALUES('indexed', $1)", last)
                .ExecuteNonQuery();
        });
        Volatile.Write(ref _indexed, last);
        foreach (Hash256 hash in batch.SelectMany(x => x.TransactionHashes))
        {
            _recent.TryRemove(hash, out _);
        }
    }
}
