using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>What is not a well-formed call of an existing method.</summary>
public sealed class RpcProtocolTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    [Theory]
    [InlineData("", -32700)]
    [InlineData("garbage", -32700)]
    [InlineData("{\"jsonrpc\":", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("1", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{}}", -32602)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_nothing\"}", -32601)]
    public async Task Nonsense_gets_an_error_with_a_code(string body, int code)
    {
        JsonElement answer = await rpc.PostAsync(body);
        Assert.Equal(code, answer.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task An_unknown_method_is_named()
    {
        (int code, string text) = await rpc.ErrorAsync("eth_foo", "[]");
        Assert.Equal(-32601, code);
        Assert.Equal("the method eth_foo does not exist/is not available", text);
    }

    [Fact]
    public async Task Deep_nesting_is_a_parse_error()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        JsonElement answer = await rpc.PostAsync(deep);
        Assert.Equal(-32700, answer.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Batches_keep_their_order_and_skip_notifications()
    {
        JsonElement answer = await rpc.PostAsync(
            """
            [{"jsonrpc":"2.0","id":"a","method":"eth_chainId"},
             {"jsonrpc":"2.0","method":"eth_chainId"},
             {"jsonrpc":"2.0","id":2,"method":"nope"},
             5,
             {"jsonrpc":"2.0","id":3,"method":"net_version"}]
            """);
        Assert.Equal(
            ["\"a\"", "2", "null", "3"],
            answer.EnumerateArray().Select(item => item.GetProperty("id").GetRawText()));
    }

    [Fact]
    public async Task A_batch_of_transactions_is_one_submission_with_an_answer_each()
    {
        ulong nonce = await rpc.NonceAsync(3);
        IEnumerable<string> calls = Enumerable.Range(0, 50).Select(i =>
        {
            string raw = i == 7
                ? "oops"
                : RpcFixture.Sign(
                    nonce + (ulong)(i > 7 ? i - 1 : i), TestChain.Account, value: 1, account: 3);
            return $$"""
                {"jsonrpc":"2.0","id":{{i}},"method":"eth_sendRawTransaction","params":["{{raw}}"]}
                """;
        });
        JsonElement answer = await rpc.PostAsync("[" + string.Join(',', calls) + "]");
        Assert.Equal(50, answer.GetArrayLength());
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i, answer[i].GetProperty("id").GetInt32());
            Assert.Equal(i == 7, answer[i].TryGetProperty("error", out _));
        }
        Assert.Equal(nonce + 49, await rpc.NonceAsync(3));
    }

    [Fact]
    public async Task A_hundred_megabytes_get_a_clear_error_and_cost_no_memory()
    {
        byte[] body = new byte[100 * 1024 * 1024];
        Array.Fill(body, (byte)' ');
        long before = GC.GetTotalMemory(forceFullCollection: true);
        (int status, string text) = await rpc.PostRawAsync(body);
        Assert.Equal(413, status);
        Assert.Contains("request too large", text);
        Assert.InRange(GC.GetTotalMemory(true) - before, long.MinValue, 16 * 1024 * 1024);
        Assert.Equal("0x1092", (await rpc.CallAsync("eth_chainId")).GetString());
    }

    [Fact]
    public async Task Broken_http_does_no_harm()
    {
        foreach (string request in (string[])["\0\0\0\0", "GET", "POST / HTTP/1.1\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"])
        {
            using var client = new TcpClient();
            var url = new Uri(rpc.Url);
            await client.ConnectAsync(url.Host, url.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        }
        Assert.Equal("0x1092", (await rpc.CallAsync("eth_chainId")).GetString());
    }

    [Fact]
    public async Task Browsers_and_probes_get_what_they_ask_for()
    {
        using var preflight = new HttpRequestMessage(HttpMethod.Options, rpc.Url);
        preflight.Headers.Add("Origin", "http://localhost:5173");
        preflight.Headers.Add("Access-Control-Request-Headers", "content-type");
        using HttpResponseMessage allowed = await RpcFixture.SendAsync(preflight);
        Assert.Equal("*", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        foreach (string path in (string[])["/liveness", "/readiness", "/metrics"])
        {
            using var get = new HttpRequestMessage(HttpMethod.Get, rpc.Url + path);
            using HttpResponseMessage response = await RpcFixture.SendAsync(get);
            Assert.True(response.IsSuccessStatusCode, path);
        }
    }

    [Fact]
    public async Task Every_method_refuses_wrong_types_without_breaking()
    {
        string[] junk =
        [
            "[]", "[null]", "[1]", "[-1,-1]", "[true,true,true]", "[\"\"]", "[\"0x\"]",
            "[\"0xzz\"]",
            "[\"0x1\",\"0x1\",\"0x1\",\"0x1\"]", "[{}]", "[[]]", "[[[[]]]]", "[{\"to\":5}]",
            "[1e400]", "[123456789012345678901234567890]",
            "[\"0x" + new string('f', 2_000) + "\"]",
            "[\"latest\",\"latest\",\"latest\"]", "[{\"fromBlock\":{}}]",
            "[{\"to\":\"0x0000000000000000000000000000000000000001\"},{\"blockHash\":1}]",
            "[\"0x0000000000000000000000000000000000000001\",[\"0x1\",7],\"latest\"]",
            "[\"\\u0000\"]", "[\"0x\\u0031\"]",
        ];
        foreach (string method in rpc.Methods)
        {
            foreach (string parameters in junk)
            {
                JsonElement answer = await rpc.AnswerAsync(method, parameters);
                bool hasError = answer.TryGetProperty("error", out JsonElement error);
                Assert.True(hasError || answer.TryGetProperty("result", out _), answer.ToString());
                Assert.False(
                    hasError && error.GetProperty("code").GetInt32() == -32603,
                    $"{method} {parameters}: {string.Join('\n', rpc.Reports)}");
            }
        }
        Assert.Empty(rpc.Reports);
    }
}
