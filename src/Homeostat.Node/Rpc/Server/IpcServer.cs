using System.Net.Sockets;

namespace Homeostat.Node.Rpc;

/// <summary>
/// JSON-RPC on a Unix socket, as geth's IPC: JSON values one after another, each answered by a
/// line, and subscriptions. Only the node's own user may open it.
/// </summary>
internal sealed class IpcServer : IAsyncDisposable
{
    private readonly string _path;
    private readonly RpcLimits _limits;
    private readonly RpcProcessor _processor;
    private readonly SubscriptionHub _hub;
    private readonly Socket _listener = new(
        AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _open;

    /// <exception cref="SocketException">The path can't be bound.</exception>
    public IpcServer(
        string path, RpcLimits limits, RpcProcessor processor, SubscriptionHub hub)
    {
        _path = path;
        _limits = limits;
        _processor = processor;
        _hub = hub;
        File.Delete(path); // What a killed node left there.
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        _listener.Dispose();
        File.Delete(_path);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _open) > _limits.IpcConnections)
                {
                    Interlocked.Decrement(ref _open);
                    socket.Dispose();
                    continue;
                }
                _ = ServeAsync(socket);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            using var session = new IpcSession(stream, _processor, _hub, _limits);
            await session.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
