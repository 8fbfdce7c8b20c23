using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Rpc;

public sealed class RpcSocketTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    [Fact]
    public async Task A_subscriber_gets_every_head_in_order()
    {
        using ClientWebSocket socket = await ConnectAsync();
        string id = await SubscribeAsync(socket, "\"newHeads\"");
        for (int i = 0; i < 20; i++)
        {
            rpc.Chain.Mine();
        }
        ulong? last = null;
        for (int i = 0; i < 20; i++)
        {
            JsonElement message = (await ReceiveAsync(socket)).GetProperty("params");
            Assert.Equal(id, message.GetProperty("subscription").GetString());
            ulong number = Convert.ToUInt64(
                message.GetProperty("result").GetProperty("number").GetString()![2..], 16);
            Assert.Equal(last + 1 ?? number, number);
            last = number;
        }
    }

    [Fact]
    public async Task A_subscriber_gets_pending_transactions()
    {
        using ClientWebSocket socket = await ConnectAsync();
        await SubscribeAsync(socket, "\"newPendingTransactions\"");
        JsonElement receipt = await rpc.SendAsync(TestChain.Account, value: 1, account: 4);
        JsonElement message = (await ReceiveAsync(socket)).GetProperty("params");
        Assert.Equal(
            receipt.GetProperty("transactionHash").GetString(),
            message.GetProperty("result").GetString());
    }

    [Fact]
    public async Task A_subscriber_hears_when_catching_up_begins_and_ends()
    {
        using ClientWebSocket socket = await ConnectAsync();
        await SubscribeAsync(socket, "\"syncing\"");
        rpc.Chain.Sync = new SyncStatus(new Height(1), new Height(2), new Height(90));
        rpc.Chain.Mine();
        JsonElement begun = (await ReceiveAsync(socket)).GetProperty("params");
        JsonElement asked = await rpc.CallAsync("eth_syncing");
        rpc.Chain.Sync = null;
        rpc.Chain.Mine();
        JsonElement ended = (await ReceiveAsync(socket)).GetProperty("params");

        JsonElement status = begun.GetProperty("result").GetProperty("status");
        Assert.True(begun.GetProperty("result").GetProperty("syncing").GetBoolean());
        Assert.Equal("0x5a", status.GetProperty("highestBlock").GetString());
        Assert.Equal("0x2", asked.GetProperty("currentBlock").GetString());
        Assert.Equal(JsonValueKind.False, ended.GetProperty("result").ValueKind);
        Assert.Equal(JsonValueKind.False, (await rpc.CallAsync("eth_syncing")).ValueKind);
    }

    [Fact]
    public async Task Calls_and_batches_work_over_a_socket()
    {
        using ClientWebSocket socket = await ConnectAsync();
        await SendAsync(socket, """[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}]""");
        JsonElement answer = await ReceiveAsync(socket);
        Assert.Equal("0x1092", answer[0].GetProperty("result").GetString());
        await SendAsync(socket, "nonsense");
        answer = await ReceiveAsync(socket);
        Assert.Equal(-32700, answer.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Nobody_can_end_anothers_subscription()
    {
        using ClientWebSocket mine = await ConnectAsync();
        using ClientWebSocket other = await ConnectAsync();
        string id = await SubscribeAsync(mine, "\"newHeads\"");
        string end =
            $$"""{"jsonrpc":"2.0","id":1,"method":"eth_unsubscribe","params":["{{id}}"]}""";
        await SendAsync(other, end);
        Assert.Equal("subscription not found", (await ReceiveAsync(other))
            .GetProperty("error").GetProperty("message").GetString());
        await SendAsync(mine, end);
        Assert.True((await ReceiveAsync(mine)).GetProperty("result").GetBoolean());
    }

    [Fact]
    public async Task A_subscription_needs_a_socket()
    {
        (int code, string text) = await rpc.ErrorAsync("eth_subscribe", "[\"newHeads\"]");
        Assert.Equal((-32601, "notifications not supported"), (code, text));
    }

    private async Task<ClientWebSocket> ConnectAsync()
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(rpc.SocketUrl, CancellationToken.None);
        return socket;
    }

    private static async Task<string> SubscribeAsync(ClientWebSocket socket, string what)
    {
        await SendAsync(
            socket,
            $$"""{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":[{{what}}]}""");
        string id = (await ReceiveAsync(socket)).GetProperty("result").GetString()!;
        // One more call: its answer comes after the subscription has begun.
        await SendAsync(socket, """{"jsonrpc":"2.0","id":2,"method":"eth_chainId"}""");
        await ReceiveAsync(socket);
        return id;
    }

    private static Task SendAsync(ClientWebSocket socket, string text) => socket.SendAsync(
        Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        byte[] buffer = new byte[1 << 20];
        int length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part =
                await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            length += part.Count;
            if (part.EndOfMessage)
            {
                return JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement.Clone();
            }
        }
    }
}
