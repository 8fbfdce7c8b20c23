using System.Net.WebSockets;

namespace Homeostat.Node.Rpc;

/// <summary>One WebSocket: a message is a request or a batch.</summary>
internal sealed class WebSocketSession(
    WebSocket socket, RpcProcessor processor, SubscriptionHub hub, RpcLimits limits)
    : RpcSession(processor, hub, limits)
{
    protected override async Task ReceiveAllAsync(CancellationToken stop)
    {
        using var request = new ResponseBuffer();
        while (socket.State == WebSocketState.Open)
        {
            request.Truncate(0);
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(request.GetMemory(2_048), stop)
                    .ConfigureAwait(false);
                request.Advance(part.Count);
                if (part.MessageType == WebSocketMessageType.Close
                    || request.Length > Limits.RequestBytes)
                {
                    await CloseAsync(part.MessageType, stop).ConfigureAwait(false);
                    return;
                }
            }
            while (!part.EndOfMessage);
            await AnswerAsync(request.Written, stop).ConfigureAwait(false);
        }
    }

    protected override ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken stop) =>
        socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, stop);

    protected override bool IsEnd(Exception exception) =>
        exception is WebSocketException || base.IsEnd(exception);

    private Task CloseAsync(WebSocketMessageType received, CancellationToken stop) =>
        received == WebSocketMessageType.Close
            ? socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stop)
            : socket.CloseOutputAsync(
                WebSocketCloseStatus.MessageTooBig,
                $"request too large: limit {Limits.RequestBytes} bytes", stop);
}
