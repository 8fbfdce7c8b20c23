using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>How much a commit promises.</summary>
internal enum Durability
{
    /// <summary>fsync before the commit returns: survives power loss.</summary>
    Full,

    /// <summary>
    /// fsync at checkpoints of the log: never corrupt, may lose the newest commits.
    /// </summary>
    Normal,
}

/// <summary>
/// One SQLite file in WAL mode: one writer connection, and readers that never wait for it, each
/// taken from a pool and used by one thread at a time. Statements are prepared once a connection.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    private const int DiskFull = 13;
    private const int IoError = 10;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;
    private const int PooledReaders = 16;

    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly string _connectionString;

    public SqliteFile(string path, Durability durability, string schema)
    {
        Path = path;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString();
        try
        {
            Writer = new SqliteSession(_connectionString);
            string mode = durability == Durability.Full ? "FULL" : "NORMAL";
            // A 16 MiB log before its pages move home: fewer, larger moves; bounded disk.
            Writer.Run(
                $"""
                PRAGMA page_size = 8192;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = {mode};
                PRAGMA wal_autocheckpoint = 2048;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -32768;
                """);
            Writer.Run(schema);
        }
        catch (SqliteException error)
        {
            Writer?.Dispose();
            throw Explain(error);
        }
    }

    public string Path { get; }

    /// <summary>For the one thread that writes.</summary>
    public SqliteSession Writer { get; }

    /// <summary>Runs the read on a connection that no other thread uses meanwhile.</summary>
    public T Read<T>(Func<SqliteSession, T> read)
    {
        try
        {
            if (!_readers.TryTake(out SqliteSession? session))
            {
                session = new SqliteSession(_connectionString);
                session.Run("PRAGMA query_only = ON; PRAGMA cache_size = -4096;");
            }
            try
            {
                return read(session);
            }
            finally
            {
                if (_readers.Count < PooledReaders)
                {
                    _readers.Add(session);
                }
                else
                {
                    session.Dispose();
                }
            }
        }
        catch (SqliteException error)
        {
            throw Explain(error);
        }
    }

    /// <summary>Runs the writes in one transaction: all of them or none.</summary>
    public void Write(Action<SqliteSession> write)
    {
        try
        {
            Writer.Prepare("BEGIN IMMEDIATE").ExecuteNonQuery();
            try
            {
                write(Writer);
                Writer.Prepare("COMMIT").ExecuteNonQuery();
            }
            catch
            {
                TryRollback();
                throw;
            }
        }
        catch (SqliteException error)
        {
            throw Explain(error);
        }
    }

    /// <summary>SQLite's own structure check; null when it finds nothing.</summary>
    public string? FindDamage()
    {
        string result = Read(session => (string)session.Prepare("PRAGMA quick_check(1)")
            .ExecuteScalar()!);
        return result == "ok" ? null : result;
    }

    public void Dispose()
    {
        while (_readers.TryTake(out SqliteSession? session))
        {
            session.Dispose();
        }
        Writer.Dispose();
    }

    /// <summary>The same failure in words that say what to do.</summary>
    public StoreException Explain(SqliteException error)
    {
        string what = error.SqliteErrorCode switch
        {
            DiskFull => $"disk full while writing {Path}: nothing that was acknowledged is lost; "
                + "free some space and start again",
            IoError => $"the disk failed under {Path} ({error.Message}); nothing that was "
                + "acknowledged is lost unless the disk lost it; check it, then start again",
            Corrupt or NotADatabase => $"{Path} is corrupted ({error.Message}); move the data "
                + "folder away and start again: the node then fetches the chain from its peers "
                + "and abstains from voting until it is safe",
            _ => $"{Path}: {error.Message}",
        };
        bool isDamage = error.SqliteErrorCode is Corrupt or NotADatabase;
        return new StoreException(what, error, isDamage ? Path : null);
    }

    private void TryRollback()
    {
        try
        {
            Writer.Prepare("ROLLBACK").ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (a full disk does that).
        }
    }
}

/// <summary>A connection and its prepared statements, for one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    public SqliteSession(string connectionString)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
    }

    /// <summary>Statements without results or parameters.</summary>
    public void Run(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Constant text of this folder.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// The statement, prepared at its first use, with its parameters ($1, $2, …) set. Valid until
    /// the next call with the same text.
    /// </summary>
    public SqliteCommand Prepare(string sql, params ReadOnlySpan<object> values)
    {
        if (!_prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = _connection.CreateCommand();
#pragma warning disable CA2100 // Constant text of this folder.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter($"${i + 1}", values[i]));
            }
            _prepared.Add(sql, command);
        }
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
        return command;
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in _prepared.Values)
        {
            command.Dispose();
        }
        _connection.Dispose();
    }
}
