namespace Homeostat.Node.Network;

/// <summary>
/// Frames on their way to one peer. Adding never blocks and never drops: it says false when the
/// peer is too far behind, and the connection is then given up. Dropping single messages would
/// leave both ends believing in a link that has holes; a new connection has none that the
/// replica isn't told of.
/// </summary>
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing to dispose of.
internal sealed class SendQueue(long byteLimit, int frameLimit)
#pragma warning restore CA1001
{
    private readonly Queue<(FrameKind Kind, byte[] Content)> _frames = new();
    private readonly SemaphoreSlim _filled = new(0);
    private readonly Lock _lock = new();
    private long _bytes;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _frames.Count;
            }
        }
    }

    public long Bytes => Interlocked.Read(ref _bytes);

    public bool TryAdd(FrameKind kind, byte[] content)
    {
        lock (_lock)
        {
            // A single large message always fits an empty queue.
            bool full = _frames.Count >= frameLimit
                || (_frames.Count > 0 && _bytes + content.Length + Frame.Overhead > byteLimit);
            if (full)
            {
                return false;
            }
            _frames.Enqueue((kind, content));
            _bytes += content.Length + Frame.Overhead;
            if (_frames.Count == 1 && _filled.CurrentCount == 0)
            {
                _filled.Release();
            }
        }
        return true;
    }

    /// <summary>Waits until there is something to take.</summary>
    public Task WaitAsync(CancellationToken cancel) => _filled.WaitAsync(cancel);

    public bool TryTake(out FrameKind kind, out byte[] content)
    {
        lock (_lock)
        {
            if (!_frames.TryDequeue(out var frame))
            {
                (kind, content) = (default, []);
                return false;
            }
            (kind, content) = frame;
            _bytes -= content.Length + Frame.Overhead;
            return true;
        }
    }
}
