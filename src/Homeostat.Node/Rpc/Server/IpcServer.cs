using System.Net.Sockets;
using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>
/// JSON-RPC on a Unix socket, as geth's IPC: JSON values one after another, each answered by a
/// line. Only the node's own user may open it. No subscriptions: those go over WebSocket.
/// </summary>
internal sealed class IpcServer : IAsyncDisposable
{
    private const int ReadBytes = 64 * 1024;
    private readonly string _path;
    private readonly RpcLimits _limits;
    private readonly RpcProcessor _processor;
    private readonly Socket _listener = new(
        AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _open;

    /// <exception cref="SocketException">The path can't be bound.</exception>
    public IpcServer(string path, RpcLimits limits, RpcProcessor processor)
    {
        _path = path;
        _limits = limits;
        _processor = processor;
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
            await ServeAsync(stream, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException)
        {
            // The client went, or the node stops.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task ServeAsync(NetworkStream stream, CancellationToken stop)
    {
        using var input = new ResponseBuffer(ReadBytes);
        while (true)
        {
            int read = await stream.ReadAsync(input.GetMemory(ReadBytes), stop)
                .ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }
            input.Advance(read);
            while (EndOfValue(input.Written.Span) is var end && end != 0)
            {
                bool isValid = end > 0 && end <= _limits.RequestBytes;
                await AnswerAsync(stream, isValid ? input.Written[..end] : "?"u8.ToArray(), stop)
                    .ConfigureAwait(false);
                if (!isValid)
                {
                    return;
                }
                byte[] rest = input.Written[end..].ToArray();
                input.Truncate(0);
                input.Append(rest);
            }
            if (input.Length > _limits.RequestBytes)
            {
                return;
            }
        }
    }

    /// <summary>Bytes of the first whole value; 0 when there is none yet, -1 for no JSON.</summary>
    private static int EndOfValue(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Trim(" \r\n\t"u8).IsEmpty)
        {
            return 0;
        }
        var reader = new Utf8JsonReader(
            bytes, new JsonReaderOptions { AllowMultipleValues = true });
        try
        {
            return reader.Read() && reader.TrySkip() ? (int)reader.BytesConsumed : 0;
        }
        catch (JsonException)
        {
            // With the end unknown, a cut value and a wrong one look alike: ask without the end.
            return IsCut(bytes) ? 0 : -1;
        }
    }

    private static bool IsCut(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, default);
        try
        {
            return !(reader.Read() && reader.TrySkip());
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private async Task AnswerAsync(
        NetworkStream stream, ReadOnlyMemory<byte> request, CancellationToken stop)
    {
        using var output = new ResponseBuffer();
        await _processor.ProcessAsync(request, output, null).ConfigureAwait(false);
        if (output.Length > 0)
        {
            output.Append((byte)'\n');
            await stream.WriteAsync(output.Written, stop).ConfigureAwait(false);
        }
    }
}
