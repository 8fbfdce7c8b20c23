using System.Security.Cryptography;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// The journal and the block log: all that must be on disk before a vote leaves or a block is
/// called final. Few large appends and one fsync a commit. Each row carries a checksum, since
/// SQLite's pages do not, and a disk that lies should be named and not believed.
/// </summary>
internal sealed class ChainFile : IDisposable
{
    private const long QuickCheckBytes = 64L * 1024 * 1024;
    private const long RestartLogBytes = 128L * 1024 * 1024;
    private const int BackgroundMoveMs = 2000;

    private const string Schema =
        """
        PRAGMA wal_autocheckpoint = 0;
        CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS journal(
            seq INTEGER PRIMARY KEY, view INTEGER NOT NULL, bytes BLOB NOT NULL,
            sum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS block(
            height INTEGER PRIMARY KEY, view INTEGER NOT NULL, hash BLOB NOT NULL,
            parent BLOB NOT NULL, root BLOB NOT NULL, time_ms INTEGER NOT NULL,
            encoded BLOB NOT NULL, receipts BLOB NOT NULL, certificate BLOB NOT NULL,
            sum INTEGER NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS block_hash ON block(hash);
        CREATE TABLE IF NOT EXISTS difference(height INTEGER PRIMARY KEY, body BLOB NOT NULL);
        """;

    /// <summary>Newest blocks whose checksums are looked at when the file is opened.</summary>
    private const long CheckedAtStart = 256;

    /// <summary>Blocks between two looks for differences that are too old.</summary>
    private const ulong PruneBlocks = 64;

    private readonly SqliteFile _file;
    private readonly Timer _mover;
    private readonly ulong _historyBlocks;
    private long _nextSequence;
    private long _first = 1;

    /// <param name="historyBlocks">Blocks whose reverse differences are kept.</param>
    public ChainFile(string path, ulong historyBlocks)
    {
        _historyBlocks = historyBlocks;
        _file = new SqliteFile(path, Durability.Full, Schema);
        _nextSequence = 1 + (_file.Writer.Prepare("SELECT max(seq) FROM journal").ExecuteScalar()
            as long? ?? 0);
        if (ReadMeta("first") is { } first)
        {
            _first = BitConverter.ToInt64(first);
        }
        // Pages move from the log home on a thread of their own: a commit then costs an append.
        _mover = new Timer(_ => MovePages(), null, BackgroundMoveMs, Timeout.Infinite);
    }

    public string Path => _file.Path;

    public byte[]? ReadMeta(string name) => _file.Read(session =>
        session.Prepare("SELECT value FROM meta WHERE name = $1", name).ExecuteScalar() as byte[]);

    public void WriteMeta(string name, byte[] value) => _file.Write(session =>
        session.Prepare("INSERT OR REPLACE INTO meta VALUES($1, $2)", name, value)
            .ExecuteNonQuery());

    /// <summary>All batches in one transaction and one fsync.</summary>
    public void Append(IReadOnlyList<PersistBatch> batches)
    {
        _file.Write(session =>
        {
            foreach (PersistBatch batch in batches)
            {
                foreach (JournalEntry entry in batch.Journal)
                {
                    AppendJournal(session, entry);
                }
                if (batch is { Snapshot: not null, Finalized: [var start, ..] })
                {
                    BeginAt(session, start.Height);
                }
                foreach (FinalizedBlock block in batch.Finalized)
                {
                    AppendBlock(session, block);
                }
            }
            ulong pruneBelow = batches.Max(x => x.PruneBelow.Value);
            if (pruneBelow > 0)
            {
                session.Prepare("DELETE FROM journal WHERE view < $1", (long)pruneBelow)
                    .ExecuteNonQuery();
            }
        });
        long logBytes = new FileInfo(Path + "-wal") is { Exists: true } log ? log.Length : 0;
        if (logBytes > RestartLogBytes)
        {
            // The mover can't keep up with appends that never pause: wait for it once.
            _file.Writer.Run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    /// <summary>The journal in its order; false when a row is not what was written.</summary>
    public bool TryReadJournal(out List<JournalEntry> journal)
    {
        var entries = new List<JournalEntry>();
        bool intact = _file.Read(session =>
        {
            using SqliteDataReader rows = session
                .Prepare("SELECT view, bytes, sum FROM journal ORDER BY seq").ExecuteReader();
            bool good = true;
            while (rows.Read())
            {
                byte[] bytes = rows.GetFieldValue<byte[]>(1);
                if (Sum(bytes) == rows.GetInt64(2))
                {
                    entries.Add(new JournalEntry(new View((ulong)rows.GetInt64(0)), bytes));
                }
                else
                {
                    good = false;
                }
            }
            return good;
        });
        journal = entries;
        return intact;
    }

    /// <summary>
    /// Height of the log's first block: 1, unless the node joined by a snapshot.
    /// </summary>
    public ulong First => (ulong)Volatile.Read(ref _first);

    /// <summary>
    /// Leaves in the journal's place a row whose checksum does not hold: it reads as torn, however
    /// often the node starts, until what the node writes after it is past pruning.
    /// </summary>
    public void TearJournal(string why)
    {
        _file.Write(session =>
        {
            session.Prepare("DELETE FROM journal").ExecuteNonQuery();
            session.Prepare(
                "INSERT INTO journal VALUES(1, 0, $1, 0)",
                System.Text.Encoding.UTF8.GetBytes(why)).ExecuteNonQuery();
        });
        _nextSequence = 2;
    }

    public Height? ReadLast() => _file.Read(session =>
        session.Prepare("SELECT max(height) FROM block").ExecuteScalar() is long height
            ? new Height((ulong)height)
            : (Height?)null);

    public bool TryGetBlock(Height height, out FinalizedBlock block)
    {
        FinalizedBlock? found = _file.Read(session =>
        {
            using SqliteDataReader row = session.Prepare(
                "SELECT view, hash, parent, root, time_ms, encoded, receipts, certificate, sum "
                + "FROM block WHERE height = $1", (long)height.Value).ExecuteReader();
            return row.Read() ? ReadBlock(height, row) : null;
        });
        block = found!;
        return found is not null;
    }

    /// <summary>The block's reverse difference; null when it is not kept.</summary>
    public byte[]? ReadDifference(Height height) => _file.Read(session => session
        .Prepare("SELECT body FROM difference WHERE height = $1", (long)height.Value)
        .ExecuteScalar() as byte[]);

    public bool TryGetHeight(in Hash256 hash, out Height height)
    {
        object key = hash.ToArray();
        object? found = _file.Read(session =>
            session.Prepare("SELECT height FROM block WHERE hash = $1", key).ExecuteScalar());
        height = new Height(found is long value ? (ulong)value : 0);
        return found is not null;
    }

    /// <summary>
    /// What is wrong with the file, or null: structure, and that no height is missing.
    /// </summary>
    public string? FindDamage()
    {
        if (new FileInfo(Path).Length <= QuickCheckBytes && _file.FindDamage() is { } damage)
        {
            return damage;
        }
        long missing = _file.Read(session => session
            .Prepare("SELECT coalesce(max(height) + 1 - $1 - count(*), 0) FROM block", _first)
            .ExecuteScalar() as long? ?? 0);
        return missing == 0
            ? FindDamagedRow(CheckedAtStart)
            : $"{missing} heights are missing from the block log";
    }

    /// <summary>
    /// The first of the newest rows whose checksum does not hold, in words, or null. SQLite's own
    /// check sees a page's structure, not a bit that turned inside a row.
    /// </summary>
    /// <param name="newest">How many rows; a negative number is all.</param>
    public string? FindDamagedRow(long newest) => _file.Read(session =>
    {
        using SqliteDataReader rows = session.Prepare(
            "SELECT height, encoded, receipts, certificate, sum FROM block "
            + "ORDER BY height DESC LIMIT $1", newest).ExecuteReader();
        while (rows.Read())
        {
            byte[] encoded = rows.GetFieldValue<byte[]>(1);
            byte[] receipts = rows.GetFieldValue<byte[]>(2);
            byte[] certificate = rows.GetFieldValue<byte[]>(3);
            if (Sum(encoded, receipts, certificate) != rows.GetInt64(4))
            {
                return $"block {rows.GetInt64(0)} fails its checksum";
            }
        }
        return null;
    });

    public void Dispose()
    {
        using var stopped = new ManualResetEvent(false);
        if (_mover.Dispose(stopped))
        {
            stopped.WaitOne();
        }
        _file.Dispose();
    }

    private static FinalizedBlock ReadBlock(Height height, SqliteDataReader row)
    {
        byte[] encoded = row.GetFieldValue<byte[]>(5);
        byte[] receipts = row.GetFieldValue<byte[]>(6);
        byte[] certificate = row.GetFieldValue<byte[]>(7);
        if (Sum(encoded, receipts, certificate) != row.GetInt64(8))
        {
            throw new StoreException($"block {height} in the block log fails its checksum");
        }
        return new FinalizedBlock
        {
            Height = height,
            View = new View((ulong)row.GetInt64(0)),
            Hash = new Hash256(row.GetFieldValue<byte[]>(1)),
            ParentHash = new Hash256(row.GetFieldValue<byte[]>(2)),
            StateRoot = new Hash256(row.GetFieldValue<byte[]>(3)),
            TimeMs = row.GetInt64(4),
            Encoded = encoded,
            Receipts = receipts,
            Certificate = certificate,
        };
    }

    private static long Sum(params ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] part in parts)
        {
            hash.AppendData(part);
        }
        return BitConverter.ToInt64(hash.GetHashAndReset());
    }

    private void BeginAt(SqliteSession session, Height height)
    {
        long first = (long)height.Value;
        session.Prepare(
            "INSERT OR REPLACE INTO meta VALUES($1, $2)", "first", BitConverter.GetBytes(first))
            .ExecuteNonQuery();
        // Of an earlier attempt that ended before its state was whole.
        session.Prepare("DELETE FROM block WHERE height < $1", first).ExecuteNonQuery();
        Volatile.Write(ref _first, first);
    }

    private void AppendJournal(SqliteSession session, JournalEntry entry) => session.Prepare(
        "INSERT INTO journal VALUES($1, $2, $3, $4)",
        // Abstentions are of the greatest view there is, which is past SQLite's integers.
        _nextSequence++, (long)Math.Min(entry.View.Value, long.MaxValue), entry.Bytes,
        Sum(entry.Bytes)).ExecuteNonQuery();

    private void AppendBlock(SqliteSession session, FinalizedBlock block)
    {
        session.Prepare(
            "INSERT OR IGNORE INTO block VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            (long)block.Height.Value, (long)block.View.Value, block.Hash.ToArray(),
            block.ParentHash.ToArray(), block.StateRoot.ToArray(), block.TimeMs, block.Encoded,
            block.Receipts, block.Certificate,
            Sum(block.Encoded, block.Receipts, block.Certificate)).ExecuteNonQuery();
        if (block.Changes is { } changes && _historyBlocks > 0)
        {
            session.Prepare(
                "INSERT OR IGNORE INTO difference VALUES($1, $2)", (long)block.Height.Value,
                EarlierState.Encode(changes)).ExecuteNonQuery();
        }
        if (block.Height.Value % PruneBlocks == 0 && block.Height.Value > _historyBlocks)
        {
            session.Prepare(
                "DELETE FROM difference WHERE height <= $1",
                (long)(block.Height.Value - _historyBlocks)).ExecuteNonQuery();
        }
    }

    private void MovePages()
    {
        try
        {
            _file.Read(session =>
            {
                session.Run("PRAGMA query_only = OFF; PRAGMA wal_checkpoint(PASSIVE)");
                session.Run("PRAGMA query_only = ON");
                return true;
            });
        }
        catch (StoreException)
        {
            // The next append meets the same fault, on the thread that must answer for it.
        }
        try
        {
            _mover.Change(BackgroundMoveMs, Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // Closing.
        }
    }
}
