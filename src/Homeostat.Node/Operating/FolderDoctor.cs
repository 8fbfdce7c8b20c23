using Homeostat.Node.Store;

namespace Homeostat.Node.Operating;

/// <summary>The data folder of a node that is stopped: every block's checksum.</summary>
internal static class FolderDoctor
{
    private const long AllRows = -1;

    public static void Check(Findings findings, string folder)
    {
        string file = Path.Combine(folder, "chain.db");
        if (!File.Exists(file))
        {
            findings.Add(false, $"{folder} has no chain.db", "give a node's --datadir");
            return;
        }
        try
        {
            using FileStream held = File.Open(
                Path.Combine(folder, "LOCK"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
            using var chain = new ChainFile(file, historyBlocks: 0);
            string? damage = chain.FindDamage() ?? chain.FindDamagedRow(AllRows);
            findings.Add(
                damage is null,
                damage is null
                    ? $"{file}: {chain.ReadLast()?.Value ?? 0} blocks, all as they were written"
                    : $"{file} is damaged: {damage}",
                "start the node: it sets the file aside and fetches the chain from its peers");
        }
        catch (StoreException error)
        {
            findings.Add(false, $"{file} can't be read", error.Message);
        }
        catch (IOException)
        {
            findings.Add(false, $"{folder} is in use", "stop its node first, or give --rpc");
        }
    }
}
