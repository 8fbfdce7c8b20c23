using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Homeostat.Node.Store;

/// <summary>How far a copy has come, in bytes.</summary>
internal readonly record struct CopyProgress(string Name, long Done, long All);

/// <summary>
/// SQLite's online backup of one file, in steps, so that it can say how far it is. The source is
/// held in one read transaction meanwhile: what a running node writes goes on in its log, and the
/// copy is of one moment.
/// </summary>
internal static class SqliteCopy
{
    private const int StepPages = 512;

    /// <exception cref="StoreException">In words.</exception>
    public static void Copy(string source, string target, Action<CopyProgress> progress)
    {
        try
        {
            using SqliteConnection from = Open(source, SqliteOpenMode.ReadWrite);
            using SqliteConnection to = Open(target, SqliteOpenMode.ReadWriteCreate);
            Run(from, "PRAGMA query_only = ON");
            Run(from, "BEGIN");
            Run(from, "SELECT count(*) FROM sqlite_master");
            Step(from.Handle!, to.Handle!, Path.GetFileName(source), PageSize(from), progress);
            Run(from, "COMMIT");
            // The copy is one file: no log beside it.
            Run(to, "PRAGMA journal_mode = DELETE");
        }
        catch (SqliteException error)
        {
            throw new StoreException($"copying {source} to {target}: {error.Message}", error);
        }
    }

    private static void Step(
        sqlite3 from, sqlite3 to, string name, long pageSize, Action<CopyProgress> progress)
    {
        using sqlite3_backup backup = raw.sqlite3_backup_init(to, "main", from, "main");
        if (backup.IsInvalid)
        {
            throw new SqliteException(raw.sqlite3_errmsg(to).utf8_to_string(), raw.SQLITE_ERROR);
        }
        int code;
        do
        {
            code = raw.sqlite3_backup_step(backup, StepPages);
            long all = raw.sqlite3_backup_pagecount(backup);
            long left = raw.sqlite3_backup_remaining(backup);
            progress(new CopyProgress(name, (all - left) * pageSize, all * pageSize));
        }
        while (code == raw.SQLITE_OK);
        if (code != raw.SQLITE_DONE)
        {
            throw new SqliteException(raw.sqlite3_errstr(code).utf8_to_string(), code);
        }
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        connection.Open();
        return connection;
    }

    private static long PageSize(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA page_size";
        return (long)command.ExecuteScalar()!;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constant text of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
