using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// Moves damaged files of a data folder aside, never away, so that the node can start without them:
/// the index is made again of the log; the state too where the log begins with block 1; without its
/// log the node fetches the chain from its peers, and its journal counts as lost, so it abstains
/// until the others have told it from which view on it may vote.
/// </summary>
internal static class StoreRepair
{
    private static readonly string[] All = ["chain.db", "state.db", "index.db"];
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    /// <summary>Says in words what was moved and what happens now.</summary>
    public static string SetAside(string folder, string damagedFile, DateTime now)
    {
        string damaged = Path.GetFileName(damagedFile);
        string[] names = damaged == "index.db" || (damaged == "state.db" && HasWholeLog(folder))
            ? [damaged]
            : All;
        string stamp = now.ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        string aside = Path.Combine(folder, $"damaged-{stamp}");
        Directory.CreateDirectory(aside);
        foreach (string file in names.SelectMany(name => Suffixes.Select(x => name + x)))
        {
            string path = Path.Combine(folder, file);
            if (File.Exists(path))
            {
                File.Move(path, Path.Combine(aside, file), overwrite: true);
            }
        }
        if (names.Length == 1)
        {
            return $"moved {damaged} to {aside}: it is made again from the block log";
        }
        File.WriteAllText(
            Path.Combine(folder, "started"), "This node has voted. Keep this file.\n");
        return $"moved the chain to {aside}: fetching it from the peers; this node abstains from "
            + "voting until they have told it that it may";
    }

    private static bool HasWholeLog(string folder)
    {
        try
        {
            using var chain = new SqliteFile(
                Path.Combine(folder, "chain.db"), Durability.Full, "SELECT 1");
            byte[]? first = chain.Read(session => session
                .Prepare("SELECT value FROM meta WHERE name = 'first'").ExecuteScalar() as byte[]);
            return first is null || BitConverter.ToInt64(first) == 1;
        }
        catch (Exception error) when (error is StoreException or SqliteException)
        {
            return false;
        }
    }
}
