using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>What a connection needs to know of its own side.</summary>
internal sealed record LocalSide(
    Address Identity, X509Certificate2 Certificate, Hello Hello, NetworkLimits Limits);

/// <summary>
/// One authenticated connection to a peer: a reader, a writer and a keep-alive over one TLS
/// stream. Made by <see cref="OpenAsync"/>, which has proven both identities and that both sides
/// are of one network; ended by <see cref="Close"/> from any thread.
/// </summary>
#pragma warning disable CA1001 // A token source without a timer holds nothing to dispose of.
internal sealed class PeerConnection
#pragma warning restore CA1001
{
    private const int CoalesceBytes = 64 * 1024;
    private const int GoodbyeBytes = 512;

    private readonly Socket _socket;
    private readonly SslStream _stream;
    private readonly NetworkLimits _limits;
    private readonly SendQueue _queue;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _finished =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _reason;
    private long _lastReadMs = Environment.TickCount64;
    private long _writingSinceMs;
    private long _announcedAtMs;
    private int _announcements;

    private PeerConnection(
        Socket socket, SslStream stream, Address identity, bool dialled, NetworkLimits limits)
    {
        _socket = socket;
        _stream = stream;
        _limits = limits;
        _queue = new SendQueue(limits.SendQueueBytes, limits.SendQueueFrames);
        Identity = identity;
        Dialled = dialled;
        Local = $"{socket.LocalEndPoint}";
        Remote = $"{socket.RemoteEndPoint}";
        IPAddress host = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        RemoteHost = $"{(host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host)}";
    }

    /// <summary>This end's address and port.</summary>
    public string Local { get; }

    /// <summary>The peer's address and port.</summary>
    public string Remote { get; }

    /// <summary>The peer's address without its port.</summary>
    public string RemoteHost { get; }

    /// <summary>Who the peer has proven to be.</summary>
    public Address Identity { get; }

    /// <summary>We dialled; otherwise the peer did.</summary>
    public bool Dialled { get; }

    /// <summary>Why it ended; null while it runs.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>True when the peer sent what no honest peer sends.</summary>
    public bool SentNonsense { get; private set; }

    /// <summary>Done when the run has ended and the disconnect has been told.</summary>
    public Task Finished => _finished.Task;

    public long QueuedBytes => _queue.Bytes;

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>
    /// TLS with certificates on both sides, then hellos. Throws <see cref="HandshakeException"/>
    /// with the reason in words; the socket is the caller's to dispose of then.
    /// </summary>
    public static async Task<PeerConnection> OpenAsync(
        Socket socket, LocalSide local, PeerEndpoint? dialled, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(local.Limits.HandshakeTimeout);
        SslStream? stream = null;
        try
        {
            socket.NoDelay = true;
            stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
            Address identity = await AuthenticateAsync(stream, local, dialled, timeout.Token)
                .ConfigureAwait(false);
            await GreetAsync(stream, local, timeout.Token).ConfigureAwait(false);
            return new PeerConnection(socket, stream, identity, dialled is not null, local.Limits);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            stream?.Dispose();
            throw new HandshakeException("handshake took too long");
        }
        catch (Exception error) when (error is IOException or SocketException
            or AuthenticationException or FrameException or ObjectDisposedException)
        {
            stream?.Dispose();
            throw new HandshakeException(Innermost(error));
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <summary>Queues a message; a peer too far behind is let go.</summary>
    public void Send(byte[] content) => Enqueue(FrameKind.Message, content);

    /// <summary>Queues an announcement of addresses.</summary>
    public void SendPeers(byte[] announcement) => Enqueue(FrameKind.Peers, announcement);

    /// <summary>Ends the connection; only the first reason counts.</summary>
    public void Close(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _closed.Cancel();
        }
    }

    /// <summary>Serves the connection until it ends; tells the sink each message.</summary>
    public async Task RunAsync(NetworkSink sink, CancellationToken cancel)
    {
        using CancellationTokenRegistration stop = cancel.Register(() => Close("this node stops"));
        Task[] parts = [ReadAsync(sink), WriteAsync(), KeepAliveAsync()];
        await Task.WhenAll(parts).ConfigureAwait(false);
        await SayGoodbyeAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    /// <summary>The owner has told everyone that the connection ended.</summary>
    public void MarkFinished() => _finished.TrySetResult();

    private static async Task<Address> AuthenticateAsync(
        SslStream stream, LocalSide local, PeerEndpoint? dialled, CancellationToken cancel)
    {
        // The chain of a self-signed certificate is never valid; its extension is what counts.
        Address proven = default;
        string? refusal = null;
        bool Check(object s, X509Certificate? x, X509Chain? c, SslPolicyErrors e)
        {
            if (!NodeCertificate.TryReadIdentity(x as X509Certificate2, out proven, out string why))
            {
                refusal = why;
            }
            else if (proven == local.Identity)
            {
                refusal = "peer shows our own identity";
            }
            else if (dialled is not null && proven != dialled.Identity)
            {
                refusal = $"peer is {proven}, expected {dialled.Identity}";
            }
            return refusal is null;
        }
        try
        {
            await HandshakeTlsAsync(stream, local, Check, dialled is not null, cancel)
                .ConfigureAwait(false);
        }
        catch (Exception) when (refusal is not null)
        {
            throw new HandshakeException(refusal);
        }
        return proven;
    }

    private static Task HandshakeTlsAsync(
        SslStream stream, LocalSide local, RemoteCertificateValidationCallback check, bool asClient,
        CancellationToken cancel)
    {
        var context = SslStreamCertificateContext.Create(local.Certificate, null, offline: true);
        return asClient
            ? stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "homeostat",
                    ClientCertificateContext = context,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = check,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    AllowTlsResume = false,
                },
                cancel)
            : stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = context,
                    ClientCertificateRequired = true,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = check,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    AllowTlsResume = false,
                },
                cancel);
    }

    private static async Task GreetAsync(
        SslStream stream, LocalSide local, CancellationToken cancel)
    {
        await WriteFrameAsync(stream, FrameKind.Hello, local.Hello.Encode(), cancel)
            .ConfigureAwait(false);
        byte[] header = new byte[Frame.HeaderSize];
        var frame = await Frame.ReadAsync(stream, header, local.Limits.HelloBytes, cancel)
            .ConfigureAwait(false);
        string? refusal = frame switch
        {
            null => "peer closed before its hello",
            (FrameKind.Goodbye, var text) => $"peer refused: {Printable(text)}",
            (FrameKind.Hello, var hello) => local.Hello.RefusalOf(hello),
            _ => "peer sent another frame than its hello",
        };
        if (refusal is not null)
        {
            byte[] goodbye = Encoding.UTF8.GetBytes(refusal);
            await WriteFrameAsync(stream, FrameKind.Goodbye, goodbye, cancel).ConfigureAwait(false);
            throw new HandshakeException(refusal);
        }
    }

    private static async Task WriteFrameAsync(
        Stream stream, FrameKind kind, byte[] content, CancellationToken cancel)
    {
        byte[] frame = new byte[Frame.HeaderSize + content.Length];
        Frame.WriteHeader(frame, kind, content.Length);
        content.CopyTo(frame, Frame.HeaderSize);
        await stream.WriteAsync(frame, cancel).ConfigureAwait(false);
        await stream.FlushAsync(cancel).ConfigureAwait(false);
    }

    private void Enqueue(FrameKind kind, byte[] content)
    {
        if (Reason is null && !_queue.TryAdd(kind, content))
        {
            Close($"peer is too slow: {_queue.Bytes} bytes in {_queue.Count} frames wait for it");
        }
    }

    private async Task ReadAsync(NetworkSink sink)
    {
        byte[] header = new byte[Frame.HeaderSize];
        var bytes = new TokenBucket(_limits.BytesPerSecond);
        var frames = new TokenBucket(_limits.FramesPerSecond);
        CancellationToken closed = _closed.Token;
        try
        {
            while (Reason is null)
            {
                var frame = await Frame.ReadAsync(_stream, header, _limits.FrameBytes, closed)
                    .ConfigureAwait(false);
                if (frame is not var (kind, content))
                {
                    Close("peer closed");
                    return;
                }
                Volatile.Write(ref _lastReadMs, Environment.TickCount64);
                BytesRead += content.Length + Frame.HeaderSize;
                await HandleAsync(sink, kind, content).ConfigureAwait(false);
                int pause = Math.Max(bytes.Take(content.Length + Frame.Overhead), frames.Take(1));
                if (pause > 0)
                {
                    await Task.Delay(pause, closed).ConfigureAwait(false);
                }
            }
        }
        catch (FrameException error)
        {
            SentNonsense = !error.Message.StartsWith("connection", StringComparison.Ordinal);
            Close(error.Message);
        }
        catch (Exception error) when (IsEndOfConnection(error))
        {
            Close(Innermost(error));
        }
    }

    private async ValueTask HandleAsync(NetworkSink sink, FrameKind kind, byte[] content)
    {
        switch (kind)
        {
            case FrameKind.Message:
                await sink(new NetworkEvent.Message(Identity, content), _closed.Token)
                    .ConfigureAwait(false);
                break;
            case FrameKind.Ping when content.Length == 0:
                Enqueue(FrameKind.Pong, []);
                break;
            case FrameKind.Pong when content.Length == 0:
                break;
            case FrameKind.Peers when content.Length <= _limits.AnnouncementBytes:
                if (!IsAnnouncementDue())
                {
                    break;
                }
                await sink(new NetworkEvent.Announced(Identity, content), _closed.Token)
                    .ConfigureAwait(false);
                break;
            case FrameKind.Goodbye:
                Close($"peer said: {Printable(content)}");
                break;
            default:
                throw new FrameException($"{kind} where none belongs");
        }
    }

    /// <summary>
    /// False for one that comes early, as an honest peer's second may (it tells all at once,
    /// whenever each connected): it is left unread. Only who goes on so is thrown out.
    /// </summary>
    private bool IsAnnouncementDue()
    {
        long now = Environment.TickCount64;
        bool isEarly = _announcements > 0
            && now - _announcedAtMs < _limits.AnnounceInterval.TotalMilliseconds / 2;
        if (!isEarly)
        {
            _announcements = 1;
            _announcedAtMs = now;
            return true;
        }
        return ++_announcements > MostEarlyAnnouncements
            ? throw new FrameException("addresses are announced too often")
            : false;
    }

    private const int MostEarlyAnnouncements = 8;

    /// <summary>
    /// Frames that wait go out together, so that a burst costs one record and one call.
    /// </summary>
    private async Task WriteAsync()
    {
        byte[] buffer = new byte[CoalesceBytes];
        try
        {
            while (Reason is null)
            {
                await _queue.WaitAsync(_closed.Token).ConfigureAwait(false);
                int used = 0;
                while (_queue.TryTake(out FrameKind kind, out byte[] content))
                {
                    if (used + Frame.HeaderSize + content.Length > buffer.Length)
                    {
                        await WriteOutAsync(buffer.AsMemory(0, used)).ConfigureAwait(false);
                        used = 0;
                    }
                    Frame.WriteHeader(buffer.AsSpan(used), kind, content.Length);
                    used += Frame.HeaderSize;
                    if (used + content.Length > buffer.Length)
                    {
                        await WriteOutAsync(buffer.AsMemory(0, used)).ConfigureAwait(false);
                        await WriteOutAsync(content).ConfigureAwait(false);
                        used = 0;
                        continue;
                    }
                    content.CopyTo(buffer, used);
                    used += content.Length;
                }
                await WriteOutAsync(buffer.AsMemory(0, used)).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (IsEndOfConnection(error))
        {
            Close(Innermost(error));
        }
    }

    private async Task WriteOutAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            // In parts, so that the time limit is a least rate and not a size limit. The
            // keep-alive watches it: a timer a write would cost more than the write.
            int part = Math.Min(bytes.Length, CoalesceBytes);
            Volatile.Write(ref _writingSinceMs, Environment.TickCount64);
            await _stream.WriteAsync(bytes[..part], _closed.Token).ConfigureAwait(false);
            Volatile.Write(ref _writingSinceMs, 0);
            BytesWritten += part;
            bytes = bytes[part..];
        }
    }

    private async Task KeepAliveAsync()
    {
        try
        {
            while (Reason is null)
            {
                await Task.Delay(_limits.KeepAlive, _closed.Token).ConfigureAwait(false);
                long now = Environment.TickCount64;
                long silentMs = now - Volatile.Read(ref _lastReadMs);
                if (Volatile.Read(ref _writingSinceMs) is > 0 and var since
                    && now - since > _limits.WriteTimeout.TotalMilliseconds)
                {
                    Close("peer does not read");
                }
                if (silentMs >= 3 * _limits.KeepAlive.TotalMilliseconds)
                {
                    Close($"peer was silent for {silentMs} ms");
                }
                else if (silentMs >= _limits.KeepAlive.TotalMilliseconds)
                {
                    Enqueue(FrameKind.Ping, []);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed: nothing to keep alive.
        }
    }

    /// <summary>Best effort, so that the other end's log says why.</summary>
    private async Task SayGoodbyeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            byte[] text = Encoding.UTF8.GetBytes(Reason ?? "");
            await WriteFrameAsync(_stream, FrameKind.Goodbye, text, timeout.Token)
                .ConfigureAwait(false);
            await _stream.ShutdownAsync().WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (IsEndOfConnection(error) || error is NotSupportedException)
        {
            // The peer is gone; there is nobody to tell.
        }
    }

    private static bool IsEndOfConnection(Exception error) =>
        error is IOException or SocketException or OperationCanceledException
            or ObjectDisposedException or InvalidOperationException or TimeoutException;

    /// <summary>A peer's text for our log: short, and no control characters.</summary>
    private static string Printable(byte[] text)
    {
        string words = Encoding.UTF8.GetString(text.AsSpan(0, Math.Min(text.Length, GoodbyeBytes)));
        return string.Concat(words.Select(c => char.IsControl(c) ? '?' : c));
    }

    private static string Innermost(Exception error)
    {
        while (error.InnerException is { } inner)
        {
            error = inner;
        }
        return error.Message;
    }
}

/// <summary>The other end isn't the peer we want, or isn't of our network.</summary>
internal sealed class HandshakeException(string message) : Exception(message);
