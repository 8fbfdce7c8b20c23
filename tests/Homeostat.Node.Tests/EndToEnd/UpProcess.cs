using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>`homeostat up --json` as a process, and a JSON-RPC client for its nodes.</summary>
internal sealed class UpProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    private readonly StringBuilder _errors = new();
    private readonly Process _process;

    private UpProcess(Process process) => _process = process;

    public JsonElement Ready { get; private set; }

    public int Pid => _process.Id;

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public IReadOnlyList<string> Urls { get; private set; } = [];

    public IReadOnlyList<int> Pids { get; private set; } = [];

    /// <summary>Runs the command to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        params string[] arguments)
    {
        using Process process = Process.Start(StartInfo(arguments))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output, await errors);
    }

    public static async Task<UpProcess> StartAsync(
        string folder, int httpPort, int p2pPort, int validators, params string[] more)
    {
        string[] arguments =
        [
            "up", "--json", "--datadir", folder, "--validators", $"{validators}",
            "--http.port", $"{httpPort}", "--p2p.port", $"{p2pPort}", .. more,
        ];
        var up = new UpProcess(Process.Start(StartInfo(arguments))!);
        up._process.ErrorDataReceived += (_, line) => up.Keep(line.Data);
        up._process.BeginErrorReadLine();
        string? ready = await up._process.StandardOutput.ReadLineAsync()
            .WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(ready is not null, $"up ended: {up.Errors}");
        up.Ready = JsonDocument.Parse(ready).RootElement.Clone();
        JsonElement[] nodes = [.. up.Ready.GetProperty("nodes").EnumerateArray()];
        up.Urls = [.. nodes.Select(x => x.GetProperty("rpc").GetString()!)];
        up.Pids = [.. nodes.Select(x => x.GetProperty("pid").GetInt32())];
        return up;
    }

    /// <summary>kill(1) with the signal's name; true when the process existed.</summary>
    public static bool Signal(int pid, string signal)
    {
        using Process kill = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", $"kill -{signal} {pid} 2>/dev/null" },
        })!;
        kill.WaitForExit();
        return kill.ExitCode == 0;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"not within {seconds} s: {what}");
            await Task.Delay(50);
        }
    }

    public static async Task<JsonElement> CallAsync(string url, string method, params object[] list)
    {
        string body = JsonSerializer.Serialize(
            new { jsonrpc = "2.0", id = 1, method, @params = list });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Http.PostAsync(new Uri(url), content);
        string text = await response.Content.ReadAsStringAsync();
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.True(document.RootElement.TryGetProperty("result", out JsonElement result), text);
        return result.Clone();
    }

    public static Task<string> GetAsync(string url) => Http.GetStringAsync(new Uri(url));

    public static async Task<ulong> HeightAsync(string url) =>
        Number((await CallAsync(url, "eth_blockNumber")).GetString()!);

    /// <summary>Waits for the block on the node; its hash and state root.</summary>
    public static async Task<(string Hash, string Root)> BlockAsync(string url, ulong height)
    {
        JsonElement block = default;
        await UntilAsync(
            async () =>
            {
                block = await CallAsync(url, "eth_getBlockByNumber", $"0x{height:x}", false);
                return block.ValueKind == JsonValueKind.Object;
            },
            $"block {height} on {url}");
        string hash = block.GetProperty("hash").GetString()!;
        return (hash, block.GetProperty("stateRoot").GetString()!);
    }

    /// <summary>Sends wei to an address; returns the transaction's hash.</summary>
    public static async Task<string> TransferAsync(
        string url, int account, ulong nonce, Address to, ulong wei = 1, ulong gas = 21_000)
    {
        Transaction transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            MaxFee = 100_000_000_000UL,
            MaxPriorityFee = 1_000_000_000UL,
            GasLimit = gas,
            To = to,
            Value = wei,
        }.Sign(DevelopmentNetwork.FundedAccounts[account].PrivateKey);
        JsonElement hash = await CallAsync(
            url, "eth_sendRawTransaction", Hex.Encode(transaction.Encoded));
        Assert.Equal(transaction.Hash.ToString(), hash.GetString());
        return hash.GetString()!;
    }

    public static async Task<ulong> ReceiptBlockAsync(string url, string hash)
    {
        JsonElement receipt = default;
        await UntilAsync(
            async () =>
            {
                receipt = await CallAsync(url, "eth_getTransactionReceipt", hash);
                return receipt.ValueKind == JsonValueKind.Object;
            },
            $"receipt of {hash} on {url}");
        Assert.Equal("0x1", receipt.GetProperty("status").GetString());
        return Number(receipt.GetProperty("blockNumber").GetString()!);
    }

    public static ulong Number(string quantity) =>
        ulong.Parse(quantity.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>SIGTERM; the exit code and the seconds it took.</summary>
    public async Task<(int Code, double Seconds)> StopAsync()
    {
        var clock = Stopwatch.StartNew();
        Signal(Pid, "TERM");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return (_process.ExitCode, clock.Elapsed.TotalSeconds);
    }

    public async Task KillAsync()
    {
        Signal(Pid, "KILL");
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.ArgumentList.Add(typeof(UpProcess).Assembly.Location.Replace(
            "Homeostat.Node.Tests.dll", "homeostat.dll", StringComparison.Ordinal));
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }
        return info;
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }
}
