using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Homeostat.Node.Drills;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>
/// `up` as its users run it. One collection: these share the machine's processors.
/// </summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class UpTests : IDisposable
{
    private static readonly Address Somebody = new("0x00000000000000000000000000000000c0ffee01");

    /// <summary>HOMEOSTAT_NONSENSE_SECONDS=60 for the minute that the issue asks for.</summary>
    private static readonly int NonsenseSeconds = int.Parse(
        Environment.GetEnvironmentVariable("HOMEOSTAT_NONSENSE_SECONDS") ?? "5",
        System.Globalization.CultureInfo.InvariantCulture);

    private readonly string _folder = Directory.CreateTempSubdirectory("homeostat-up-").FullName;
    private readonly int _http = FreePorts.Several(4, 10);
    private readonly int _p2p = FreePorts.Several(4, 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Four_validators_include_survive_a_kill_and_go_on_from_their_folder()
    {
        await using (UpProcess up = await UpProcess.StartAsync(_folder, _http, _p2p, 4))
        {
            Assert.Equal("ready", up.Ready.GetProperty("event").GetString());
            Assert.Equal(4242, up.Ready.GetProperty("chainId").GetInt32());
            Assert.Equal(10, up.Ready.GetProperty("accounts").GetArrayLength());
            await IncludeOnAllAsync(up);
            await KillOneAsync(up);
            ulong final = await HeightOfAllAsync(up);
            string hash = (await UpProcess.BlockAsync(up.Urls[0], final)).Hash;
            await KillAllAsync(up);

            await using UpProcess again = await UpProcess.StartAsync(_folder, _http, _p2p, 4);
            foreach (string url in again.Urls)
            {
                Assert.Equal(hash, (await UpProcess.BlockAsync(url, final)).Hash);
            }
            string next = await UpProcess.TransferAsync(again.Urls[1], 5, 0, Somebody);
            Assert.True(await UpProcess.ReceiptBlockAsync(again.Urls[3], next) > final);
            (int code, double seconds) = await again.StopAsync();
            Assert.Equal(0, code);
            Assert.True(seconds < 5, $"stopping took {seconds} s");
            Assert.All(again.Pids, pid => Assert.False(UpProcess.Signal(pid, "0")));
        }
    }

    [Fact]
    public async Task One_validator_is_a_developers_chain()
    {
        await using UpProcess up = await UpProcess.StartAsync(_folder, _http, _p2p, 1);
        string hash = await UpProcess.TransferAsync(up.Urls[0], 0, 0, Somebody);
        await UpProcess.ReceiptBlockAsync(up.Urls[0], hash);
        JsonElement balance = await UpProcess.CallAsync(
            up.Urls[0], "eth_getBalance", Somebody.ToString(), "latest");
        Assert.Equal("0x1", balance.GetString());
        string metrics = await UpProcess.GetAsync(
            up.Ready.GetProperty("nodes")[0].GetProperty("metrics").GetString()!);
        Assert.Contains("homeostat_finalized_height", metrics, StringComparison.Ordinal);
        await UpProcess.GetAsync($"{up.Urls[0]}/liveness");
        await UpProcess.GetAsync($"{up.Urls[0]}/readiness");

        (int code, _, string errors) = await UpProcess.RunAsync(
            "up", "--datadir", _folder, "--validators", "4", "--http.port", $"{_http + 10}");
        Assert.Equal(1, code);
        Assert.Contains("holds a network of 1 validators, not 4", errors, StringComparison.Ordinal);

        // Nobody outlives the supervisor, even when it had no time to say anything.
        await up.KillAsync();
        await UpProcess.UntilAsync(
            () => Task.FromResult(!UpProcess.Signal(up.Pids[0], "0")), "the validator ends", 10);
    }

    [Fact]
    public async Task A_peer_that_sends_nonsense_costs_bounded_memory_and_stops_nothing()
    {
        await using UpProcess up = await UpProcess.StartAsync(_folder, _http, _p2p, 1);
        DevelopmentNetwork network = DevelopmentNetwork.Create(1);
        Hash256 key = Keccak.Hash("nonsense"u8);
        var side = new LocalSide(
            Secp256k1.AddressOf(key),
            NodeCertificate.Create(Secp256k1.AddressOf(key), hash => Secp256k1.Sign(hash, key)),
            new Hello(DevelopmentNetwork.ChainId, GenesisIdentity.HashOf(network.Genesis)),
            new NetworkLimits());
        var validator = new PeerEndpoint(network.Validators[0].Address, "127.0.0.1", _p2p);
        var random = new Random(5);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < NonsenseSeconds)
        {
            await SendNonsenseAsync(side, validator, random);
        }
        string hash = await UpProcess.TransferAsync(up.Urls[0], 0, 0, Somebody);
        await UpProcess.ReceiptBlockAsync(up.Urls[0], hash);
        string status = await File.ReadAllTextAsync($"/proc/{up.Pids[0]}/status");
        string peak = status.Split('\n')
            .First(x => x.StartsWith("VmHWM", StringComparison.Ordinal));
        long kilobytes = long.Parse(
            string.Concat(peak.Where(char.IsDigit)),
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(kilobytes < 600_000, peak);
        Assert.DoesNotContain("ended with", up.Errors, StringComparison.Ordinal);
        string log = await File.ReadAllTextAsync($"{_folder}/validator-0/node.log");
        Assert.Contains($"peer {side.Identity} banned", log, StringComparison.Ordinal);
    }

    /// <summary>A connection's worth of random messages: some short, some long.</summary>
    private static async Task SendNonsenseAsync(
        LocalSide side, PeerEndpoint validator, Random random)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(validator.Host, validator.Port);
            PeerConnection connection = await PeerConnection.OpenAsync(
                socket, side, validator, CancellationToken.None);
            Task run = connection.RunAsync((_, _) => ValueTask.CompletedTask, default);
            for (int i = 0; i < 200 && connection.Reason is null; i++)
            {
                byte[] message = new byte[i % 50 == 0 ? 1_000_000 : random.Next(1, 2000)];
                random.NextBytes(message);
                // Half of them begin as a list does, to get past the first look.
                message[0] = i % 2 == 0 ? (byte)0xf9 : message[0];
                connection.Send(message);
            }
            await Task.WhenAny(run, Task.Delay(200));
            connection.Close("enough");
            await run;
        }
        catch (Exception error) when (error is SocketException or HandshakeException)
        {
            await Task.Delay(50); // Banned, or told to wait.
        }
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_its_flag()
    {
        using var taken = new TcpListener(IPAddress.Loopback, _http + 10);
        taken.Start();
        (int code, string output, string errors) = await UpProcess.RunAsync(
            "up", "--datadir", _folder, "--http.port", $"{_http}", "--p2p.port", $"{_p2p}");
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains($"port {_http + 10}", errors, StringComparison.Ordinal);
        Assert.Contains("--http.port", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--validators", "0")]
    [InlineData("--validators", "x")]
    [InlineData("--http.port", "70000")]
    [InlineData("--rpc.gascap", "-1")]
    [InlineData("--nonsense", "1")]
    public async Task Bad_flags_are_refused_in_words(string flag, string value)
    {
        (int code, _, string errors) = await UpProcess.RunAsync(
            "up", "--datadir", _folder, flag, value);
        Assert.Equal(2, code);
        Assert.Contains(flag.TrimStart('-'), errors, StringComparison.Ordinal);
    }

    private static async Task IncludeOnAllAsync(UpProcess up)
    {
        var hashes = new List<string>();
        for (int i = 0; i < 4; i++)
        {
            hashes.Add(await UpProcess.TransferAsync(up.Urls[i], i, 0, Somebody));
        }
        ulong highest = 0;
        foreach (string hash in hashes)
        {
            foreach (string url in up.Urls)
            {
                highest = Math.Max(highest, await UpProcess.ReceiptBlockAsync(url, hash));
            }
        }
        await AssertAgreeAsync(up, highest);
    }

    private static async Task KillOneAsync(UpProcess up)
    {
        Assert.True(UpProcess.Signal(up.Pids[2], "KILL"));
        string others = await UpProcess.TransferAsync(up.Urls[0], 0, 1, Somebody);
        ulong block = await UpProcess.ReceiptBlockAsync(up.Urls[1], others);
        await UpProcess.UntilAsync(
            async () =>
            {
                try
                {
                    return await UpProcess.HeightAsync(up.Urls[2]) >= block;
                }
                catch (HttpRequestException)
                {
                    return false; // Not up again yet.
                }
            },
            "the killed validator returns and catches up");
        await AssertAgreeAsync(up, block);
    }

    private static async Task KillAllAsync(UpProcess up)
    {
        // The supervisor first: it must not start them again, and they must not outlive it.
        int[] pids = [.. Children(up.Pid)];
        await up.KillAsync();
        foreach (int pid in pids)
        {
            UpProcess.Signal(pid, "KILL");
        }
        await UpProcess.UntilAsync(
            () => Task.FromResult(pids.All(x => !UpProcess.Signal(x, "0"))), "all are gone");
    }

    private static IEnumerable<int> Children(int parent) =>
        from folder in Directory.GetDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), out _)
        let stat = ReadStat(folder)
        where stat.Length > 3 && stat[3] == $"{parent}"
        select int.Parse(stat[0], System.Globalization.CultureInfo.InvariantCulture);

    private static string[] ReadStat(string folder)
    {
        try
        {
            return File.ReadAllText($"{folder}/stat").Split(' ');
        }
        catch (IOException)
        {
            return []; // It has just ended.
        }
    }

    private static async Task<ulong> HeightOfAllAsync(UpProcess up)
    {
        ulong highest = 0;
        foreach (string url in up.Urls)
        {
            highest = Math.Max(highest, await UpProcess.HeightAsync(url));
        }
        return highest;
    }

    private static async Task AssertAgreeAsync(UpProcess up, ulong height)
    {
        (string Hash, string Root) first = await UpProcess.BlockAsync(up.Urls[0], height);
        foreach (string url in up.Urls)
        {
            Assert.Equal(first, await UpProcess.BlockAsync(url, height));
        }
    }
}
