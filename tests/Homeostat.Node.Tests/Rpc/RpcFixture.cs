using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Node.Rpc;
using Homeostat.Primitives;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>A JSON-RPC server on a free port over a <see cref="TestChain"/>.</summary>
public class RpcFixture : IAsyncLifetime
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly List<string> _reports = [];
    private RpcService _service = null!;

    internal TestChain Chain { get; }

    public RpcFixture() => Chain = NewChain();

    private protected virtual TestChain NewChain() => new();

    private protected virtual RpcLimits Limits => new();

    public string Url => $"http://127.0.0.1:{_service.Port}";

    public IEnumerable<string> Methods => _service.Methods;

    public Uri SocketUrl => new($"ws://127.0.0.1:{_service.Port}");

    /// <summary>What the server called its own errors: tests want none.</summary>
    public IReadOnlyList<string> Reports
    {
        get
        {
            lock (_reports)
            {
                return [.. _reports];
            }
        }
    }

    public async Task InitializeAsync()
    {
        var options = new RpcServiceOptions
        {
            Gateway = Chain,
            Archive = Chain,
            Rules = TestChain.Rules,
            Limits = Limits,
            Server = new RpcServerOptions
            {
                Port = 0,
                Metrics = () => "up 1\n",
                Console = new ConsolePages(new ConsoleBuild(root: null, mayBuild: false)),
            },
            Report = (what, exception) =>
            {
                lock (_reports)
                {
                    _reports.Add($"{what}: {exception}");
                }
            },
        };
        _service = await RpcService.StartAsync(options, CancellationToken.None);
    }

    public async Task DisposeAsync() => await _service.DisposeAsync();

    public async Task<JsonElement> PostAsync(string body)
    {
        (_, string text) = await PostRawAsync(Encoding.UTF8.GetBytes(body));
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<(int Status, string Text)> PostRawAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await Client.PostAsync(new Uri(Url), content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public static Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) =>
        Client.SendAsync(request);

    /// <summary>The whole answer to one call; parameters as JSON text.</summary>
    public Task<JsonElement> AnswerAsync(string method, string parameters = "[]") => PostAsync(
        $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""");

    public async Task<JsonElement> CallAsync(string method, string parameters = "[]")
    {
        JsonElement answer = await AnswerAsync(method, parameters);
        Assert.True(answer.TryGetProperty("result", out JsonElement result), answer.ToString());
        return result;
    }

    public async Task<(int Code, string Message)> ErrorAsync(string method, string parameters)
    {
        JsonElement answer = await AnswerAsync(method, parameters);
        Assert.True(answer.TryGetProperty("error", out JsonElement error), answer.ToString());
        return (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!);
    }

    /// <summary>A signed transaction of a funded account as hex.</summary>
    internal static string Sign(
        ulong nonce, Address? to, byte[]? data = null, ulong value = 0, ulong gas = 100_000,
        ulong chainId = 4242, int account = 0)
    {
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = chainId,
            Nonce = nonce,
            MaxFee = 20_000_000_000,
            MaxPriorityFee = 1_000_000_000,
            GasLimit = gas,
            To = to,
            Value = value,
            Data = data ?? [],
        };
        Hash256 key = Replica.DevelopmentNetwork.FundedAccounts[account].PrivateKey;
        return Hex.Encode(transaction.Sign(key).Encoded);
    }

    internal async Task<ulong> NonceAsync(int account = 0)
    {
        Address address = Replica.DevelopmentNetwork.FundedAccounts[account].Address;
        JsonElement nonce = await CallAsync(
            "eth_getTransactionCount", $"[\"{address}\",\"pending\"]");
        return Convert.ToUInt64(nonce.GetString()![2..], 16);
    }

    internal async Task<JsonElement> SendAsync(
        Address? to, byte[]? data = null, ulong value = 0, ulong gas = 100_000, int account = 0)
    {
        string raw = Sign(await NonceAsync(account), to, data, value, gas, account: account);
        string hash = (await CallAsync("eth_sendRawTransaction", $"[\"{raw}\"]")).GetString()!;
        return await CallAsync("eth_getTransactionReceipt", $"[\"{hash}\"]");
    }
}
