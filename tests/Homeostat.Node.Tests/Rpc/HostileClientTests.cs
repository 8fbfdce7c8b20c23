using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// Slow, idle and deaf clients leave the server answering others: the median answer under each is
/// compared with 100 ms. `tests/clients/run URL hostile` does the same to a node with 10,000 idle
/// WebSockets.
/// </summary>
public sealed class HostileClientTests(RpcFixture rpc, ITestOutputHelper output)
    : IClassFixture<RpcFixture>
{
    private const int Probes = 21;
    private const int SlowClients = 200;
    private const int IdleSockets = 500;
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(100);

    private int Port => new Uri(rpc.Url).Port;

    [Fact]
    public async Task Slow_headers_and_bodies_hold_nobody_else_up()
    {
        var clients = new List<TcpClient>();
        byte[] headers = "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "u8.ToArray();
        byte[] body = Encoding.ASCII.GetBytes(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000\r\n\r\n{");
        for (int i = 0; i < SlowClients; i++)
        {
            var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port);
            await client.GetStream().WriteAsync(i % 2 == 0 ? headers : body);
            clients.Add(client);
        }
        await AssertPromptAsync($"{SlowClients} slow clients");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Idle_sockets_hold_nobody_else_up()
    {
        var sockets = new List<ClientWebSocket>();
        try
        {
            for (int i = 0; i < IdleSockets; i++)
            {
                var socket = new ClientWebSocket();
                await socket.ConnectAsync(rpc.SocketUrl, CancellationToken.None);
                sockets.Add(socket);
            }
            await AssertPromptAsync($"{IdleSockets} idle WebSockets");
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_client_that_never_reads_is_dropped_and_holds_nobody_up()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(rpc.SocketUrl, CancellationToken.None);
        // Large answers that are asked for and never read.
        byte[] call = Encoding.ASCII.GetBytes(
            """{"jsonrpc":"2.0","id":1,"method":"web3_clientVersion"}""");
        byte[] batch = [(byte)'[', .. Enumerable.Repeat(call, 900)
            .SelectMany((bytes, i) => i == 0 ? bytes : [(byte)',', .. bytes]), (byte)']'];
        try
        {
            for (int i = 0; i < 2_000; i++)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                await socket.SendAsync(
                    batch, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException)
        {
            // The server reads no more of it, or closed it.
        }
        await AssertPromptAsync("a client that never reads");
    }

    private async Task AssertPromptAsync(string beside)
    {
        await rpc.CallAsync("eth_blockNumber");
        var times = new List<TimeSpan>();
        for (int i = 0; i < Probes; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await rpc.CallAsync("eth_blockNumber");
            times.Add(Stopwatch.GetElapsedTime(start));
        }
        times.Sort();
        output.WriteLine(
            $"beside {beside}: median {times[Probes / 2].TotalMilliseconds:F1} ms, "
            + $"slowest {times[^1].TotalMilliseconds:F1} ms");
        Assert.True(times[Probes / 2] < Bound, $"beside {beside}: {times[Probes / 2]}");
    }
}
