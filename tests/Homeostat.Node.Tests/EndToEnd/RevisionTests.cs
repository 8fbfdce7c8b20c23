using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Node.Drills;
using Homeostat.Node.Keys;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>A protocol revision comes to real processes, that know it and that do not.</summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class RevisionTests : IDisposable
{
    private const ulong EpochBlocks = 4;

    private static readonly Address Somebody = new("0x00000000000000000000000000000000c0ffee03");

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("homeostat-revision-");
    private readonly int _http = FreePorts.Several(1, 1);
    private readonly int _p2p = FreePorts.Several(1, 1);

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task It_comes_and_an_older_node_says_what_to_install_and_loses_nothing()
    {
        string folder = Network(ProtocolRevisions.Find(2)!.Spec, "0.2.0", lockedAt: 0);
        ulong height;
        (string Hash, string Root) last;
        await using (UpProcess up = await StartAsync(folder))
        {
            Assert.False(await DeploysAsync(up, nonce: 0));
            await SendAsync(up, first: 1, count: 2 * (int)EpochBlocks);
            JsonElement revisions = await UpProcess.CallAsync(up.Urls[0], "homeostat_revisions");
            JsonElement[] history = [.. revisions.GetProperty("history").EnumerateArray()];
            Assert.Equal(["0x1", "0x2"], history.Select(x => x.GetProperty("number").GetString()));
            Assert.Equal($"0x{2 * EpochBlocks + 1:x}",
                history[1].GetProperty("firstBlock").GetString());
            Assert.Equal(JsonValueKind.Null, revisions.GetProperty("proposed").ValueKind);
            Assert.True(await DeploysAsync(up, nonce: 1 + 2 * EpochBlocks));
            height = await UpProcess.HeightAsync(up.Urls[0]);
            last = await UpProcess.BlockAsync(up.Urls[0], height);
        }
        (int code, _, string errors) = await UpProcess.RunAsync(
            "node", "--datadir", FolderOf(folder), "--genesis",
            Path.Combine(folder, "genesis.json"), "--nodekey",
            Path.Combine(FolderOf(folder), "nodekey"), "--http.port", $"{_http}", "--p2p.port",
            $"{_p2p}", "--protocol.max-revision", "1");
        Assert.Equal(3, code);
        Assert.Contains("install version 0.2.0 or later", errors, StringComparison.Ordinal);
        Assert.Contains("nothing is lost", errors, StringComparison.Ordinal);
        await using UpProcess again = await StartAsync(folder);
        Assert.Equal(last, await UpProcess.BlockAsync(again.Urls[0], height));
        await SendAsync(again, first: 2 + 2 * EpochBlocks, count: 1);
        Assert.True(await UpProcess.HeightAsync(again.Urls[0]) > height);
    }

    [Fact]
    public async Task A_node_that_does_not_know_what_is_locked_in_warns_everywhere()
    {
        string folder = Network(Keccak.Hash([9]), "9.9.9", lockedAt: 1);
        await using UpProcess up = await StartAsync(folder);
        await SendAsync(up, first: 0, count: 2);
        (int code, string output, _) = await UpProcess.RunAsync("doctor", "--rpc", up.Urls[0]);
        Assert.Equal(1, code);
        Assert.Contains("protocol revision 2 is locked in, 0.0 % of the weight is ready", output,
            StringComparison.Ordinal);
        Assert.Contains("install version 9.9.9", output, StringComparison.Ordinal);
        (code, output, _) = await UpProcess.RunAsync(
            "governance", "status", "--rpc", up.Urls[0]);
        Assert.Equal(0, code);
        Assert.Contains("locked in since block 1", output, StringComparison.Ordinal);
        Assert.Contains("not ready: knows revision 2", output, StringComparison.Ordinal);
        Assert.Contains("the node that was asked does not know it", output,
            StringComparison.Ordinal);
        string log = await File.ReadAllTextAsync(Path.Combine(FolderOf(folder), "node.log"));
        Assert.Contains("and this node does not know it: install version 9.9.9", log,
            StringComparison.Ordinal);
    }

    private Task<UpProcess> StartAsync(string folder) =>
        UpProcess.StartAsync(folder, _http, _p2p, validators: 1);

    /// <summary>The folder of `up`, with a revision proposed as a vote would have left it.
    /// </summary>
    private string Network(Hash256 spec, string version, ulong lockedAt)
    {
        DevelopmentNetwork network = DevelopmentNetwork.Create(1, change: config => config with
        {
            Staking = config.Staking with { EpochBlocks = EpochBlocks },
        });
        byte[] text = new byte[32];
        System.Text.Encoding.ASCII.GetBytes(version, text);
        text[^1] = (byte)(2 * version.Length);
        SortedDictionary<UInt256, UInt256> storage =
            network.Genesis.Allocations[PredeployAddresses.Revisions].Storage;
        storage[1] = new UInt256(2, DevelopmentNetwork.GenesisTimeMs, 0, lockedAt);
        storage[2] = UInt256.FromHash256(spec);
        storage[3] = UInt256.FromBigEndian(text);
        string folder = Path.Combine(_root.FullName, "network");
        Directory.CreateDirectory(FolderOf(folder));
        KeyFile.Write(Path.Combine(FolderOf(folder), "nodekey"), network.Validators[0].PrivateKey);
        File.WriteAllBytes(Path.Combine(folder, "genesis.json"), network.Genesis.ToJson());
        return folder;
    }

    private static string FolderOf(string network) => Path.Combine(network, "validator-0");

    private static async Task SendAsync(UpProcess up, ulong first, int count)
    {
        for (ulong nonce = first; nonce < first + (ulong)count; nonce++)
        {
            string hash = await UpProcess.TransferAsync(up.Urls[0], 3, nonce, Somebody);
            await UpProcess.ReceiptBlockAsync(up.Urls[0], hash);
        }
    }

    /// <summary>A contract of 30,000 bytes, which is over the first revision's limit.</summary>
    private static async Task<bool> DeploysAsync(UpProcess up, ulong nonce)
    {
        Transaction creation = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            MaxFee = 100_000_000_000UL,
            GasLimit = 8_000_000,
            Data = new byte[] { 0x61, 0x75, 0x30, 0x5f, 0xf3 },
        }.Sign(DevelopmentNetwork.FundedAccounts[3].PrivateKey);
        await UpProcess.CallAsync(
            up.Urls[0], "eth_sendRawTransaction", Hex.Encode(creation.Encoded));
        JsonElement receipt = default;
        await UpProcess.UntilAsync(
            async () => (receipt = await UpProcess.CallAsync(
                up.Urls[0], "eth_getTransactionReceipt", creation.Hash.ToString()))
                .ValueKind == JsonValueKind.Object,
            "the creation's receipt");
        // What a client asks of the same creation follows the same rules.
        JsonElement[] estimate = await EstimateAsync(up);
        bool isEstimated = estimate[0].TryGetProperty("result", out _);
        Assert.Equal(isEstimated, receipt.GetProperty("status").GetString() == "0x1");
        return isEstimated;
    }

    private static async Task<JsonElement[]> EstimateAsync(UpProcess up)
    {
        using var http = new HttpClient();
        using var content = new StringContent(
            """
            [{"jsonrpc":"2.0","id":1,"method":"eth_estimateGas","params":[{"data":"0x6175305ff3"}]}]
            """,
            System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.PostAsync(new Uri(up.Urls[0]), content);
        return JsonSerializer.Deserialize<JsonElement[]>(await answer.Content.ReadAsStringAsync())!;
    }
}
