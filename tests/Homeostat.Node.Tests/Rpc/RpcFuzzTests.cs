using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// Every method with wrong types, counts, huge and negative numbers and deep nesting: an answer
/// with a result, or an error with code and text; never an internal error, a hang or a crash.
/// HOMEOSTAT_RPC_FUZZ sets the calls a method (default 25), HOMEOSTAT_RPC_FUZZ_SEED the seed.
/// </summary>
public sealed class RpcFuzzTests(RpcFixture rpc, ITestOutputHelper output)
    : IClassFixture<RpcFixture>
{
    private const int Deepest = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Texts =
    [
        "", "0x", "0x0", "0x00", "0x1", "0xg", "-0x1", "0xffffffffffffffff", "0x10000000000000000",
        "latest", "pending", "earliest", "safe", "newHeads", "logs", "callTracer", "ÿ\u0000",
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x00000000000000000000000000000000484f0001",
        "0x" + new string('f', 64), "0x" + new string('0', 65), new string('a', 5_000),
        "0x" + new string('1', 1_000),
    ];

    private static readonly string[] Names =
    [
        "from", "to", "gas", "gasPrice", "maxFeePerGas", "value", "data", "input", "nonce",
        "accessList", "authorizationList", "blobVersionedHashes", "fromBlock", "toBlock",
        "address", "topics", "blockHash", "blockNumber", "blockStateCalls", "calls",
        "stateOverrides", "blockOverrides", "tracer", "tracerConfig", "validation", "number",
        "time", "stateDiff", "balance", "code", "movePrecompileToAddress", "withdrawals",
    ];

    [Fact]
    public async Task Every_method_answers_whatever_it_is_given()
    {
        int calls = Setting("HOMEOSTAT_RPC_FUZZ", 25);
        var random = new SeededRandom((ulong)Setting("HOMEOSTAT_RPC_FUZZ_SEED", 1));
        foreach (string method in rpc.Methods.Order(StringComparer.Ordinal))
        {
            for (int i = 0; i < calls; i++)
            {
                string parameters = Parameters(random);
                using JsonDocument answer = await AskAsync(method, parameters);
                Check(method, parameters, answer.RootElement);
            }
        }
        Assert.Empty(rpc.Reports);
        Assert.NotNull((await rpc.CallAsync("eth_blockNumber")).GetString());
        output.WriteLine($"{rpc.Methods.Count()} methods, {calls} calls each");
    }

    [Fact]
    public async Task Nesting_without_end_is_refused()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        (_, string text) = await rpc.PostRawAsync(System.Text.Encoding.UTF8.GetBytes(deep));
        using JsonDocument answer = JsonDocument.Parse(text);
        JsonElement error = answer.RootElement.GetProperty("error");
        Assert.Equal(-32700, error.GetProperty("code").GetInt32());
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

    private async Task<JsonDocument> AskAsync(string method, string parameters)
    {
        string body =
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""";
        (_, string text) = await rpc.PostRawAsync(System.Text.Encoding.UTF8.GetBytes(body))
            .WaitAsync(Patience);
        return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1_000 });
    }

    private void Check(string method, string parameters, JsonElement answer)
    {
        string what = $"{method} {parameters[..Math.Min(300, parameters.Length)]}: {answer}";
        if (answer.TryGetProperty("result", out _))
        {
            return;
        }
        Assert.True(answer.TryGetProperty("error", out JsonElement error), what);
        Assert.NotEqual(0, error.GetProperty("code").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("message").GetString()), what);
        Assert.False(error.GetProperty("message").GetString() == "internal error",
            what + string.Join('\n', rpc.Reports));
    }

    private static string Parameters(SeededRandom random)
    {
        if (random.Chance(1, 40))
        {
            return new string('[', Deepest) + new string(']', Deepest);
        }
        if (random.Chance(1, 20))
        {
            return Value(random, 0)?.ToJsonString() ?? "null";
        }
        var list = new JsonArray();
        int count = random.NextBelow(5);
        for (int i = 0; i < count; i++)
        {
            list.Add(Value(random, 0));
        }
        return list.ToJsonString();
    }

    private static JsonNode? Value(SeededRandom random, int depth) => random.NextBelow(12) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Chance(1, 2)),
        2 => JsonValue.Create(random.NextBetween(-3, 300)),
        3 => JsonNode.Parse(random.Chance(1, 2) ? "-1e308" : "123456789012345678901234567890"),
        4 when depth < 4 => List(random, depth),
        5 or 6 or 7 when depth < 4 => Object(random, depth),
        _ => JsonValue.Create(Texts[random.NextBelow(Texts.Length)]),
    };

    private static JsonArray List(SeededRandom random, int depth)
    {
        var list = new JsonArray();
        int count = random.NextBelow(4);
        for (int i = 0; i < count; i++)
        {
            list.Add(Value(random, depth + 1));
        }
        return list;
    }

    private static JsonObject Object(SeededRandom random, int depth)
    {
        var value = new JsonObject();
        int count = random.NextBelow(6);
        for (int i = 0; i < count; i++)
        {
            string name = random.Chance(1, 6)
                ? Texts[random.NextBelow(Texts.Length)]
                : Names[random.NextBelow(Names.Length)];
            value[name] = Value(random, depth + 1);
        }
        return value;
    }
}
