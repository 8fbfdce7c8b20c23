using System.Threading.Channels;

namespace Homeostat.Node.Rpc;

/// <summary>
/// One lasting connection: requests are answered one after another, notifications in between.
/// Answers wait for a slow reader (and the next request waits for them); a notification that finds
/// the queue full closes the connection, for a subscriber must not miss one unknowingly.
/// </summary>
internal abstract class RpcSession : IDisposable
{
    private readonly RpcProcessor _processor;
    private readonly SubscriptionHub _hub;
    private readonly Channel<ReadOnlyMemory<byte>> _outgoing;
    private readonly CancellationTokenSource _closing = new();
    private long _queuedBytes;

    protected RpcSession(RpcProcessor processor, SubscriptionHub hub, RpcLimits limits)
    {
        _processor = processor;
        _hub = hub;
        Limits = limits;
        _outgoing = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(limits.SocketQueue) { SingleReader = true });
    }

    /// <summary>Ids of this connection's subscriptions; the hub's to change.</summary>
    public SortedSet<string> Subscriptions { get; } = new(StringComparer.Ordinal);

    protected RpcLimits Limits { get; }

    /// <summary>Until the client goes, is too slow, or the node stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, _closing.Token);
        Task sending = SendAllAsync(both.Token);
        try
        {
            await ReceiveAllAsync(both.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The client went away, was too slow, or the node stops.
        }
        finally
        {
            _hub.Close(this);
            _outgoing.Writer.TryComplete();
            await EndAsync(sending).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Queues a notification; false, and the connection closes, when the queue is full.
    /// </summary>
    public bool TryNotify(ReadOnlyMemory<byte> message)
    {
        bool fits = Interlocked.Add(ref _queuedBytes, message.Length) <= Limits.SocketQueueBytes
            && _outgoing.Writer.TryWrite(message);
        if (!fits)
        {
            Abort();
        }
        return fits;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _closing.Dispose();

    /// <summary>Reads requests and answers each, until the client has no more.</summary>
    protected abstract Task ReceiveAllAsync(CancellationToken stop);

    /// <summary>Sends one whole message.</summary>
    protected abstract ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken stop);

    /// <summary>True for what a connection's end throws.</summary>
    protected virtual bool IsEnd(Exception exception) =>
        exception is OperationCanceledException or IOException or ObjectDisposedException;

    /// <summary>
    /// How long what is queued may still be sent after the last request was read.
    /// </summary>
    protected virtual TimeSpan Farewell => TimeSpan.Zero;

    protected async Task AnswerAsync(ReadOnlyMemory<byte> request, CancellationToken stop)
    {
        using var answer = new ResponseBuffer();
        await _processor.ProcessAsync(request, answer, this).ConfigureAwait(false);
        if (answer.Length > 0)
        {
            ReadOnlyMemory<byte> message = answer.Written.ToArray();
            Interlocked.Add(ref _queuedBytes, message.Length);
            await _outgoing.Writer.WriteAsync(message, stop).ConfigureAwait(false);
        }
        _hub.Started(this);
    }

    private async Task EndAsync(Task sending)
    {
        if (Farewell > TimeSpan.Zero)
        {
            await Task.WhenAny(sending, Task.Delay(Farewell)).ConfigureAwait(false);
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
    }

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

    private async Task SendAllAsync(CancellationToken stop)
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> message in
                _outgoing.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                await SendAsync(message, stop).ConfigureAwait(false);
                Interlocked.Add(ref _queuedBytes, -message.Length);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            Abort();
        }
    }
}
