using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Homeostat.Primitives;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>What a backup holds, as its manifest says.</summary>
/// <param name="Network">Chain id and genesis in words, as the data folder has them.</param>
/// <param name="Height">The last block in it.</param>
/// <param name="BlockHash">That block's hash.</param>
/// <param name="StateRoot">The state after it.</param>
internal sealed record BackupManifest(
    string Network, ulong Height, string BlockHash, string StateRoot, string TakenAt,
    IReadOnlyList<BackupFile> Files)
{
    public const string Name = "backup.json";
}

/// <param name="Sha256">Of the whole file, in hexadecimal.</param>
internal sealed record BackupFile(string Name, long Bytes, string Sha256);

/// <summary>
/// A copy of a node's data folder, taken while the node runs or not, and put back elsewhere. Each
/// file is read in one snapshot by SQLite's online backup. They are taken in the order index,
/// state, chain: the log of the copy then ends at or after what the others speak of.
///
/// A copy's journal is of the past: a validator that believed it could vote twice in one view.
/// So restoring leaves a record that is no journal in its place, and the node abstains until the
/// others have told it from which view on it may vote (docs/spec/consensus.md, "Recovery").
/// </summary>
internal static class NodeBackup
{
    private const string ChainName = "chain.db";
    private static readonly string[] Names = ["index.db", "state.db", ChainName];
    private static readonly JsonSerializerOptions Layout =
        new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Copies the folder into a new one and says what is in the copy.</summary>
    /// <exception cref="StoreException">Why not, in words.</exception>
    public static BackupManifest Take(string folder, string target, Action<CopyProgress> progress)
    {
        RequireFile(folder, ChainName, "give the node's --datadir");
        RequireNew(target, BackupManifest.Name);
        Directory.CreateDirectory(target);
        foreach (string name in Names)
        {
            RequireFile(folder, name, "start the node once, so that it makes it");
            SqliteCopy.Copy(Path.Combine(folder, name), Path.Combine(target, name), progress);
        }
        BackupManifest manifest = Describe(target);
        // Last: a folder with a manifest is a whole backup.
        File.WriteAllText(
            Path.Combine(target, BackupManifest.Name),
            JsonSerializer.Serialize(manifest, Layout) + "\n");
        return manifest;
    }

    /// <summary>Checks a backup and makes a data folder of it.</summary>
    /// <exception cref="StoreException">Why not, in words.</exception>
    public static BackupManifest Restore(
        string source, string folder, Action<CopyProgress> progress)
    {
        BackupManifest manifest = ReadManifest(source);
        RequireNew(folder, ChainName);
        Directory.CreateDirectory(folder);
        foreach (BackupFile file in manifest.Files)
        {
            CopyChecked(file, source, folder, progress);
        }
        File.WriteAllText(
            Path.Combine(folder, "started"), "This node has voted. Keep this file.\n");
        string arriving = Path.Combine(folder, ChainName + Arriving);
        ForgetJournal(arriving);
        File.Move(arriving, Path.Combine(folder, ChainName)); // Last: now it is a data folder.
        return manifest;
    }

    private const string Arriving = ".arriving";

    private static void CopyChecked(
        BackupFile file, string source, string folder, Action<CopyProgress> progress)
    {
        if (!Names.Contains(file.Name))
        {
            throw new StoreException($"{source}: {file.Name} is no file of a data folder");
        }
        string from = Path.Combine(source, file.Name);
        string to = Path.Combine(folder, file.Name == ChainName ? file.Name + Arriving : file.Name);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        try
        {
            using FileStream input = File.OpenRead(from);
            using FileStream output = File.Create(to);
            long done = 0;
            int read;
            while ((read = input.Read(buffer)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                output.Write(buffer, 0, read);
                done += read;
                progress(new CopyProgress(file.Name, done, input.Length));
            }
            output.Flush(flushToDisk: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"restoring {file.Name}: {error.Message}", error);
        }
        string sum = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (sum != file.Sha256)
        {
            File.Delete(to);
            throw new StoreException(
                $"{from} is not what was backed up (its SHA-256 is {sum}, the manifest says "
                + $"{file.Sha256}): take another backup; nothing was restored");
        }
    }

    private static BackupManifest Describe(string target)
    {
        string file = Path.Combine(target, ChainName);
        (string network, ulong height, string hash, string root) = ReadLast(file);
        CloseLog(file);
        return new BackupManifest(
            network, height, hash, root,
            DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            [.. Names.Select(name => FileOf(target, name))]);
    }

    private static (string Network, ulong Height, string Hash, string Root) ReadLast(string file)
    {
        using var chain = new SqliteFile(file, Durability.Full, "SELECT 1");
        if (chain.FindDamage() is { } damage)
        {
            throw new StoreException($"the copy of {ChainName} is damaged: {damage}");
        }
        string network = chain.Read(session => Encoding.UTF8.GetString(
            session.Prepare("SELECT value FROM meta WHERE name = 'network'").ExecuteScalar()
                as byte[] ?? []));
        return chain.Read(session =>
        {
            using SqliteDataReader row = session.Prepare(
                "SELECT height, hash, root FROM block ORDER BY height DESC LIMIT 1")
                .ExecuteReader();
            return row.Read()
                ? (network, (ulong)row.GetInt64(0),
                    new Hash256(row.GetFieldValue<byte[]>(1)).ToString(),
                    new Hash256(row.GetFieldValue<byte[]>(2)).ToString())
                : (network, 0, Hash256.Zero.ToString(), Hash256.Zero.ToString());
        });
    }

    /// <summary>Moves what is in the log home: one file. Nobody else may have it open.</summary>
    private static void CloseLog(string file)
    {
        using var copy = new SqliteFile(file, Durability.Full, "SELECT 1");
        copy.Writer.Run("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    }

    private static BackupFile FileOf(string folder, string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(folder, name));
        return new BackupFile(
            name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static BackupManifest ReadManifest(string source)
    {
        string file = Path.Combine(source, BackupManifest.Name);
        try
        {
            BackupManifest? manifest =
                JsonSerializer.Deserialize<BackupManifest>(File.ReadAllBytes(file), Layout);
            return manifest is { Files.Count: 3 }
                ? manifest
                : throw new StoreException($"{file} is no manifest of a backup");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"{source} holds no whole backup: {error.Message} (`homeostat backup` writes "
                + "it last)", error);
        }
        catch (JsonException error)
        {
            throw new StoreException($"{file} is no manifest of a backup: {error.Message}", error);
        }
    }

    private static void ForgetJournal(string chainFile)
    {
        using (var chain = new ChainFile(chainFile, historyBlocks: 0))
        {
            chain.TearJournal("restored from a backup");
        }
        CloseLog(chainFile);
    }

    private static void RequireFile(string folder, string name, string remedy)
    {
        if (!File.Exists(Path.Combine(folder, name)))
        {
            throw new StoreException($"{folder} has no {name}: {remedy}");
        }
    }

    private static void RequireNew(string folder, string name)
    {
        if (File.Exists(Path.Combine(folder, name)))
        {
            throw new StoreException(
                $"{folder} has a {name} already: name another folder, or move this one away");
        }
    }
}
