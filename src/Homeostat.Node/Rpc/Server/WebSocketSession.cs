using System.Net.WebSockets;
using System.Threading.Channels;

namespace Homeostat.Node.Rpc;

/// <summary>
/// One WebSocket: requests are answered one after another, notifications in between. Answers wait
/// for a slow reader (and the next request waits for them); a notification that finds the queue
/// full closes the socket, for a subscriber must not miss one unknowingly.
/// </summary>
internal sealed class WebSocketSession : IDisposable
{
    private readonly WebSocket _socket;
    private readonly RpcProcessor _processor;
    private readonly SubscriptionHub _hub;
    private readonly RpcLimits _limits;
    private readonly Channel<ReadOnlyMemory<byte>> _outgoing;
    private readonly CancellationTokenSource _closing = new();
    private long _queuedBytes;

    public WebSocketSession(
        WebSocket socket, RpcProcessor processor, SubscriptionHub hub, RpcLimits limits)
    {
        _socket = socket;
        _processor = processor;
        _hub = hub;
        _limits = limits;
        _outgoing = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(limits.SocketQueue) { SingleReader = true });
    }

    /// <summary>Ids of this socket's subscriptions; the hub's to change.</summary>
    public SortedSet<string> Subscriptions { get; } = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stopping)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, _closing.Token);
        Task sending = SendAllAsync(both.Token);
        try
        {
            await ReceiveAllAsync(both.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException
            or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client went away, was too slow, or the node stops.
        }
        finally
        {
            _hub.Close(this);
            _outgoing.Writer.TryComplete();
            await _closing.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Queues a notification; false, and the socket closes, when the queue is full.
    /// </summary>
    public bool TryNotify(ReadOnlyMemory<byte> message)
    {
        bool fits = Interlocked.Add(ref _queuedBytes, message.Length) <= _limits.SocketQueueBytes
            && _outgoing.Writer.TryWrite(message);
        if (!fits)
        {
            Abort();
        }
        return fits;
    }

    public void Dispose() => _closing.Dispose();

    private void Abort()
    {
        try
        {
            _closing.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Closed at the same moment.
        }
    }

    private async Task ReceiveAllAsync(CancellationToken stop)
    {
        using var request = new ResponseBuffer();
        while (_socket.State == WebSocketState.Open)
        {
            request.Truncate(0);
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(request.GetMemory(2_048), stop)
                    .ConfigureAwait(false);
                request.Advance(part.Count);
                if (part.MessageType == WebSocketMessageType.Close
                    || request.Length > _limits.RequestBytes)
                {
                    await CloseAsync(part.MessageType, stop).ConfigureAwait(false);
                    return;
                }
            }
            while (!part.EndOfMessage);
            using var answer = new ResponseBuffer();
            await _processor.ProcessAsync(request.Written, answer, this).ConfigureAwait(false);
            if (answer.Length > 0)
            {
                ReadOnlyMemory<byte> message = answer.Written.ToArray();
                Interlocked.Add(ref _queuedBytes, message.Length);
                await _outgoing.Writer.WriteAsync(message, stop).ConfigureAwait(false);
            }
            _hub.Started(this);
        }
    }

    private Task CloseAsync(WebSocketMessageType received, CancellationToken stop) =>
        received == WebSocketMessageType.Close
            ? _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stop)
            : _socket.CloseOutputAsync(
                WebSocketCloseStatus.MessageTooBig,
                $"request too large: limit {_limits.RequestBytes} bytes", stop);

    private async Task SendAllAsync(CancellationToken stop)
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> message in
                _outgoing.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                await _socket.SendAsync(
                    message, WebSocketMessageType.Text, endOfMessage: true, stop)
                    .ConfigureAwait(false);
                Interlocked.Add(ref _queuedBytes, -message.Length);
            }
        }
        catch (Exception exception) when (exception is WebSocketException
            or OperationCanceledException or IOException or ObjectDisposedException)
        {
            Abort();
        }
    }
}
