using System.Text.Json;
using Homeostat.Node.Drills;
using Homeostat.Node.Store;
using Homeostat.Primitives;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>A running node's backup put back elsewhere, and a damaged file mended from peers.
/// </summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class BackupTests : IDisposable
{
    private static readonly Address Somebody = new("0x00000000000000000000000000000000c0ffee02");

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("homeostat-backup-");
    private readonly int _http = FreePorts.Several(4, 10);
    private readonly int _p2p = FreePorts.Several(4, 1);

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task A_running_nodes_backup_goes_on_elsewhere_and_damage_is_mended_from_peers()
    {
        string network = In("network");
        string backup = In("backup");
        JsonElement manifest;
        await using (UpProcess up = await UpProcess.StartAsync(network, _http, _p2p, 4))
        {
            await SendAsync(up, first: 0, count: 5);
            (int code, string output, string errors) = await UpProcess.RunAsync(
                "backup", "--datadir", FolderOf(network, 1), "--to", backup, "--json");
            Assert.True(code == 0, errors);
            manifest = JsonDocument.Parse(output).RootElement.Clone();
            (string hash, string root) = await UpProcess.BlockAsync(up.Urls[0], At(manifest));
            Assert.Equal(hash, manifest.GetProperty("blockHash").GetString());
            Assert.Equal(root, manifest.GetProperty("stateRoot").GetString());
            await SendAsync(up, first: 5, count: 3);
            (code, output, errors) = await UpProcess.RunAsync(
                "doctor", "--rpc", up.Urls[1], "--wait", "20");
            Assert.True(code == 0, output + errors);
            Assert.Contains("3 peers, 4 validators", output, StringComparison.Ordinal);
        }
        await RestoreAsync(network, backup, manifest);
        await using (UpProcess again = await UpProcess.StartAsync(network, _http, _p2p, 4))
        {
            await GoOnAsync(again, first: 8);
        }
        // One journal at a time is lost: two of four are more than the protocol bears.
        File.WriteAllText(Path.Combine(FolderOf(network, 2), "chain.db"), new string('x', 9_000));
        FlipState(FolderOf(network, 3));
        await DoctorAsync(FolderOf(network, 0), 0, "all as they were written");
        await DoctorAsync(FolderOf(network, 2), 1, "chain.db can't be read");
        await using (UpProcess again = await UpProcess.StartAsync(network, _http, _p2p, 4))
        {
            await GoOnAsync(again, first: 11);
            Assert.Contains("chain.db is corrupted", again.Errors, StringComparison.Ordinal);
            Assert.Contains("fetching it from the peers", again.Errors, StringComparison.Ordinal);
        }
        Assert.Single(Directory.GetDirectories(FolderOf(network, 2), "damaged-*"));
        string log = await File.ReadAllTextAsync(Path.Combine(FolderOf(network, 1), "node.log"));
        Assert.Contains("abstaining from votes", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_backed_up_or_restored_is_said()
    {
        (int code, _, string errors) = await UpProcess.RunAsync(
            "backup", "--datadir", In("nothing"), "--to", In("backup"));
        Assert.Equal(1, code);
        Assert.Contains("has no chain.db: give the node's --datadir", errors,
            StringComparison.Ordinal);
        (code, _, errors) = await UpProcess.RunAsync(
            "restore", "--from", In("nothing"), "--datadir", In("node"));
        Assert.Equal(1, code);
        Assert.Contains("holds no whole backup", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_altered_backup_is_not_restored()
    {
        await using (UpProcess up = await UpProcess.StartAsync(In("network"), _http, _p2p, 1))
        {
            await SendAsync(up, first: 0, count: 1);
        }
        BackupManifest taken = NodeBackup.Take(
            FolderOf(In("network"), 0), In("backup"), _ => { });
        Assert.True(taken.Height > 0);
        using (FileStream file = File.OpenWrite(Path.Combine(In("backup"), "chain.db")))
        {
            file.Position = file.Length / 2;
            file.WriteByte(0x5a);
            file.WriteByte(0xa5);
        }
        StoreException error = Assert.Throws<StoreException>(
            () => NodeBackup.Restore(In("backup"), In("node"), _ => { }));
        Assert.Contains("is not what was backed up", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(In("node"), "chain.db")));
        error = Assert.Throws<StoreException>(
            () => NodeBackup.Take(FolderOf(In("network"), 0), In("backup"), _ => { }));
        Assert.Contains("has a backup.json already", error.Message, StringComparison.Ordinal);
    }

    private static async Task DoctorAsync(string folder, int code, string words)
    {
        (int actual, string output, string errors) = await UpProcess.RunAsync(
            "doctor", "--datadir", folder);
        Assert.True(actual == code, output + errors);
        Assert.Contains(words, output, StringComparison.Ordinal);
    }

    /// <summary>More transactions, and the same block and state on all.</summary>
    private static async Task GoOnAsync(UpProcess up, ulong first)
    {
        await SendAsync(up, first, count: 3);
        ulong height = await UpProcess.HeightAsync(up.Urls[0]);
        (string Hash, string Root) wanted = await UpProcess.BlockAsync(up.Urls[0], height);
        foreach (string url in up.Urls)
        {
            Assert.Equal(wanted, await UpProcess.BlockAsync(url, height));
        }
    }

    /// <summary>Into a new folder that then takes the place of the old one.</summary>
    private async Task RestoreAsync(string network, string backup, JsonElement manifest)
    {
        string old = FolderOf(network, 1);
        Directory.Move(old, In("old"));
        (int code, string output, string errors) = await UpProcess.RunAsync(
            "restore", "--from", backup, "--datadir", old);
        Assert.True(code == 0, errors);
        Assert.Contains(
            manifest.GetProperty("stateRoot").GetString()!, output, StringComparison.Ordinal);
        File.Copy(Path.Combine(In("old"), "nodekey"), Path.Combine(old, "nodekey"));
    }

    /// <summary>Its header is nonsense: the state is made again from the log.</summary>
    private static void FlipState(string folder)
    {
        using FileStream file = File.OpenWrite(Path.Combine(folder, "state.db"));
        file.Write(new byte[100]);
    }

    private static async Task SendAsync(UpProcess up, ulong first, ulong count)
    {
        for (ulong nonce = first; nonce < first + count; nonce++)
        {
            string hash = await UpProcess.TransferAsync(up.Urls[0], 3, nonce, Somebody);
            await UpProcess.ReceiptBlockAsync(up.Urls[0], hash);
        }
    }

    private static ulong At(JsonElement manifest) => manifest.GetProperty("height").GetUInt64();

    private static string FolderOf(string network, int index) =>
        Path.Combine(network, $"validator-{index}");

    private string In(string name) => Path.Combine(_root.FullName, name);
}
