using System.Buffers.Text;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Homeostat.Node.Rpc;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>gzip, bearer tokens, the Unix socket.</summary>
public sealed class RpcServerOptionTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    private const string Call =
        """{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""";

    private static readonly byte[] Secret = SHA256.HashData("secret"u8);

    [Fact]
    public async Task A_long_answer_is_compressed_for_who_takes_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(rpc.Url))
        {
            Content = new StringContent(
                """
                {"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x0",true]}
                """,
                new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.AcceptEncoding.ParseAdd("gzip");

        using HttpResponseMessage response = await RpcFixture.SendAsync(request);

        Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
        await using var plain = new GZipStream(
            await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(plain);
        string text = await reader.ReadToEndAsync();
        Assert.Contains("\"number\":\"0x0\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_fresh_token_with_the_secret_passes()
    {
        var check = new JwtCheck(Secret, TimeProvider.System);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

        Assert.Null(check.Problem(Token(Secret, $"{{\"iat\":{now}}}")));
        Assert.Equal("missing token", check.Problem(null));
        Assert.Equal("invalid token", check.Problem("Bearer a.b"));
        Assert.Equal("invalid token", check.Problem("Bearer !.!.!"));
        Assert.Equal("invalid token", check.Problem(Token(new byte[32], $"{{\"iat\":{now}}}")));
        Assert.Equal("stale token", check.Problem(Token(Secret, $"{{\"iat\":{now - 100}}}")));
        Assert.Equal("future token", check.Problem(Token(Secret, $"{{\"iat\":{now + 100}}}")));
        Assert.Equal("missing issued-at", check.Problem(Token(Secret, "{}")));
    }

    [Fact]
    public async Task Calls_without_the_token_are_refused_where_there_is_a_secret_and_ipc_answers()
    {
        string path = Path.Combine(Path.GetTempPath(), $"homeostat-{Guid.NewGuid():N}.ipc");
        await using RpcService service = await RpcService.StartAsync(
            new RpcServiceOptions
            {
                Gateway = rpc.Chain,
                Archive = rpc.Chain,
                Rules = TestChain.Rules,
                Server = new RpcServerOptions { Port = 0, JwtSecret = Secret, IpcPath = path },
            },
            CancellationToken.None);
        var url = new Uri($"http://127.0.0.1:{service.Port}");
        using var bare = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(Call, new MediaTypeHeaderValue("application/json")),
        };
        using HttpResponseMessage refused = await RpcFixture.SendAsync(bare);

        string answers = await AskAsync(path, Call[..20], Call[20..] + Call);
        string wrong = await AskAsync(path, "{]", "");

        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Equal(2, answers.Split("\"result\":\"0x1092\"").Length - 1);
        Assert.Contains("-32700", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ipc_tells_of_new_heads()
    {
        string path = Path.Combine(Path.GetTempPath(), $"homeostat-{Guid.NewGuid():N}.ipc");
        await using RpcService service = await RpcService.StartAsync(
            new RpcServiceOptions
            {
                Gateway = rpc.Chain,
                Archive = rpc.Chain,
                Rules = TestChain.Rules,
                Server = new RpcServerOptions { Port = 0, IpcPath = path },
            },
            CancellationToken.None);
        using var socket = new Socket(
            AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using var stream = new NetworkStream(socket);
        using var lines = new StreamReader(stream);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            """{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"""));
        string id = JsonDocument.Parse((await lines.ReadLineAsync())!).RootElement
            .GetProperty("result").GetString()!;

        ulong number = rpc.Chain.Mine().Height.Value;

        string? told = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        JsonElement notice = JsonDocument.Parse(told!).RootElement.GetProperty("params");
        Assert.Equal(id, notice.GetProperty("subscription").GetString());
        Assert.Equal(
            $"0x{number:x}", notice.GetProperty("result").GetProperty("number").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Https_answers_by_both_versions_of_http(int version)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate =
            request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await using RpcService service = await RpcService.StartAsync(
            new RpcServiceOptions
            {
                Gateway = rpc.Chain,
                Archive = rpc.Chain,
                Rules = TestChain.Rules,
                Server = new RpcServerOptions { Port = 0, Certificate = certificate },
            },
            CancellationToken.None);
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, given, _, _) =>
                given!.Thumbprint == certificate.Thumbprint,
        };
        using var client = new HttpClient(handler);
        using var call = new HttpRequestMessage(
            HttpMethod.Post, new Uri($"https://127.0.0.1:{service.Port}"))
        {
            Content = new StringContent(Call, new MediaTypeHeaderValue("application/json")),
            Version = new Version(version, version == 1 ? 1 : 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using HttpResponseMessage answer = await client.SendAsync(call);
        Assert.Equal(version, answer.Version.Major);
        Assert.Contains(
            "0x1092", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Sends both parts, says that no more comes, reads to the end.</summary>
    private static async Task<string> AskAsync(string path, string first, string second)
    {
        using var socket = new Socket(
            AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using var stream = new NetworkStream(socket); // Before the shutdown, after which it can't.
        await socket.SendAsync(Encoding.UTF8.GetBytes(first));
        await socket.SendAsync(Encoding.UTF8.GetBytes(second));
        socket.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private static string Token(byte[] secret, string claims)
    {
        string head = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);
        string signed = $"{head}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        byte[] signature = HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed));
        return $"Bearer {signed}.{Base64Url.EncodeToString(signature)}";
    }
}
