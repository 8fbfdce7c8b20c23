using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Homeostat.Primitives;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Network;

/// <summary>
/// All connections of a node: it listens, dials the peers it is told of until they answer, and
/// keeps one connection to each identity. When both ends dial at once, the connection that the
/// lower address dialled stays, so both ends close the same one; a newer one from the same
/// dialler replaces the older, since who dials again has lost it.
/// </summary>
internal sealed class PeerNetwork : IPeerAdministration, IAsyncDisposable
{
    private readonly LocalSide _local;
    private readonly IPEndPoint _listen;
    private readonly IReadOnlyList<PeerEndpoint> _peers;
    private readonly Dictionary<Address, CancellationTokenSource> _dialled = [];
    private readonly NetworkSink _sink;
    private readonly ILogger _log;
    private readonly BanList _bans;
    private readonly PeerBook _book;
    private readonly string _advertised;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<Address, PeerConnection> _connections = [];
    private readonly Dictionary<IPAddress, int> _pending = [];
    private readonly Lock _lock = new();
    private readonly List<Task> _tasks = [];
    private volatile PeerConnection[] _snapshot = [];
    private Socket? _listener;
    private int _pendingCount;

    public PeerNetwork(
        LocalSide local, IPEndPoint listen, IReadOnlyList<PeerEndpoint> peers, NetworkSink sink,
        ILogger log, string advertised = "")
    {
        _book = new PeerBook(local.Identity, local.Limits);
        _advertised = advertised;
        _local = local;
        _listen = listen;
        _peers = peers;
        _sink = sink;
        _log = log;
        _bans = new BanList(local.Limits);
    }

    /// <summary>Where it listens; the port is known after <see cref="Start"/>.</summary>
    public IPEndPoint ListensAt => (IPEndPoint)_listener!.LocalEndPoint!;

    public int ConnectedCount => _snapshot.Length;

    public long QueuedBytes => _snapshot.Sum(x => x.QueuedBytes);

    /// <summary>Connections refused or ended because of what the peer sent.</summary>
    public long NonsenseCount { get; private set; }

    public bool IsBanned(in Address identity) =>
        _bans.RemainingMs(identity, Environment.TickCount64) > 0;

    public IReadOnlyList<Address> Connected => [.. _snapshot.Select(x => x.Identity)];

    /// <summary>Binds (SocketException when the port is taken), then listens and dials.</summary>
    public void Start()
    {
        _listener = Bind(_listen);
        _listener.Listen(512);
        _tasks.Add(Task.Run(AcceptAsync));
        _tasks.Add(Task.Run(ExchangeAsync));
        foreach (PeerEndpoint peer in _peers)
        {
            AddPeer(peer);
        }
    }

    /// <summary>Nodes of which it knows an address.</summary>
    public int KnownCount => _book.Count;

    public PeerEndpoint Self => new(_local.Identity, $"{ListensAt.Address}", ListensAt.Port);

    public IReadOnlyList<PeerDescription> Peers
    {
        get
        {
            lock (_lock)
            {
                return [.. _connections.Values.Select(x => new PeerDescription(
                    x.Identity, x.Local, x.Remote, !x.Dialled, _dialled.ContainsKey(x.Identity)))];
            }
        }
    }

    public bool AddPeer(PeerEndpoint peer)
    {
        lock (_lock)
        {
            if (peer.Identity == _local.Identity || _dialled.ContainsKey(peer.Identity)
                || _dialled.Count >= _local.Limits.DialledPeers)
            {
                return false;
            }
            var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            _dialled.Add(peer.Identity, stop);
            _tasks.RemoveAll(task => task.IsCompleted);
            _tasks.Add(Task.Run(() => DialAsync(peer, stop.Token)));
            return true;
        }
    }

    public bool RemovePeer(in Address identity)
    {
        PeerConnection? connection;
        bool wasDialled;
        lock (_lock)
        {
            wasDialled = _dialled.Remove(identity, out CancellationTokenSource? stop);
            stop?.Cancel();
            _connections.TryGetValue(identity, out connection);
        }
        connection?.Close("removed by the operator");
        return wasDialled || connection is not null;
    }

    /// <summary>
    /// A bound socket. Connections of a process that has just ended don't stand in the way, a
    /// process that listens does: SO_REUSEADDR as Linux means it. (.NET's ReuseAddress also sets
    /// SO_REUSEPORT, which would let two nodes share a port.)
    /// </summary>
    public static Socket Bind(IPEndPoint endpoint)
    {
        const int SolSocket = 1;
        const int SoReuseAddress = 2;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
            }
            socket.Bind(endpoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Queues to one peer; nothing happens when it isn't connected.</summary>
    public void Send(in Address peer, byte[] content)
    {
        foreach (PeerConnection connection in _snapshot)
        {
            if (connection.Identity == peer)
            {
                connection.Send(content);
                return;
            }
        }
    }

    /// <summary>Queues to every connected peer; the bytes are shared, not copied.</summary>
    public void Broadcast(byte[] content)
    {
        foreach (PeerConnection connection in _snapshot)
        {
            connection.Send(content);
        }
    }

    /// <summary>The peer sent nonsense worth these points; enough of them ban it.</summary>
    public void Report(in Address peer, int points, string why)
    {
        NonsenseCount++;
        if (!_bans.Report(peer, points, Environment.TickCount64))
        {
            return;
        }
        long seconds = _bans.RemainingMs(peer, Environment.TickCount64) / 1000;
        _log.LogWarning("peer {Peer} banned for {Seconds} s: {Why}", peer, seconds, why);
        foreach (PeerConnection connection in _snapshot)
        {
            if (connection.Identity == peer)
            {
                connection.Close($"banned: {why}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        await Task.WhenAll(_tasks).ConfigureAwait(false);
        await Task.WhenAll(_snapshot.Select(x => x.Finished)).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener!.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException error)
            {
                // Out of descriptors, mostly: what is connected goes on, new ones wait.
                _log.LogWarning("accept failed: {Reason}", error.Message);
                await Task.Delay(100).ConfigureAwait(false);
                continue;
            }
            if (TryAdmit(socket, out IPAddress host))
            {
                _ = Task.Run(() => AnswerAsync(socket, host));
            }
            else
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>A host that opens many connections without saying hello gets no more.</summary>
    private bool TryAdmit(Socket socket, out IPAddress host)
    {
        host = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        lock (_lock)
        {
            int fromHost = _pending.GetValueOrDefault(host);
            if (_pendingCount >= _local.Limits.PendingConnections
                || fromHost >= _local.Limits.PendingConnectionsPerHost)
            {
                return false;
            }
            _pendingCount++;
            _pending[host] = fromHost + 1;
            return true;
        }
    }

    private void Release(IPAddress host)
    {
        lock (_lock)
        {
            _pendingCount--;
            if (--_pending[host] == 0)
            {
                _pending.Remove(host);
            }
        }
    }

    private async Task AnswerAsync(Socket socket, IPAddress host)
    {
        EndPoint? remote = socket.RemoteEndPoint;
        PeerConnection connection;
        try
        {
            connection = await PeerConnection.OpenAsync(socket, _local, null, _stop.Token)
                .ConfigureAwait(false);
        }
        catch (HandshakeException error)
        {
            NonsenseCount++;
            _log.LogInformation("connection from {Remote} refused: {Why}", remote, error.Message);
            socket.Dispose();
            return;
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            return;
        }
        finally
        {
            Release(host);
        }
        await ServeAsync(connection).ConfigureAwait(false);
    }

    private async Task DialAsync(PeerEndpoint peer, CancellationToken stop)
    {
        // The lower address dials first; the other waits, or both would dial at every start.
        if (_local.Identity > peer.Identity)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(500), stop).ConfigureAwait(false);
        }
        int attempts = 0;
        string told = "";
        while (!stop.IsCancellationRequested)
        {
            if (!IsConnected(peer.Identity)
                && _bans.RemainingMs(peer.Identity, Environment.TickCount64) == 0)
            {
                // Every second time where it last said it listens, if that is elsewhere.
                PeerEndpoint target = attempts % 2 == 1
                    ? _book.Find(peer.Identity) ?? peer
                    : peer;
                string? failure = await DialOnceAsync(target).ConfigureAwait(false);
                attempts = failure is null ? 0 : attempts + 1;
                if (failure is not null && failure != told)
                {
                    // Once per reason: a validator that is down for a day is one line.
                    _log.LogInformation("can't reach {Peer}: {Why}; trying on", peer, failure);
                }
                told = failure ?? "";
            }
            else
            {
                attempts = 0;
            }
            await PauseAsync(Backoff(attempts), stop).ConfigureAwait(false);
        }
    }

    /// <summary>Null when a connection was made and has ended, else why there was none.</summary>
    private async Task<string?> DialOnceAsync(PeerEndpoint peer)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            timeout.CancelAfter(_local.Limits.ConnectTimeout);
            await socket.ConnectAsync(peer.Host, peer.Port, timeout.Token).ConfigureAwait(false);
            PeerConnection connection = await PeerConnection
                .OpenAsync(socket, _local, peer, _stop.Token).ConfigureAwait(false);
            await ServeAsync(connection).ConfigureAwait(false);
            return null;
        }
        catch (Exception error) when (error is SocketException or HandshakeException)
        {
            socket.Dispose();
            return error.Message;
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            return "no answer";
        }
    }

    /// <summary>
    /// Registers the connection unless a better one exists, and runs it to its end.
    /// </summary>
    private async Task ServeAsync(PeerConnection connection)
    {
        string? refusal = await TryRegisterAsync(connection).ConfigureAwait(false);
        if (refusal is not null)
        {
            connection.Close(refusal);
            await connection.RunAsync(_sink, _stop.Token).ConfigureAwait(false);
            return;
        }
        _log.LogInformation("peer {Peer} connected", connection.Identity);
        if (connection.Dialled)
        {
            _book.Reached(connection.Identity);
        }
        connection.SendPeers(_book.Announce(Advertised));
        try
        {
            await _sink(new NetworkEvent.Connected(connection.Identity), _stop.Token)
                .ConfigureAwait(false);
            await connection.RunAsync(
                (happened, cancel) => happened is NetworkEvent.Announced announced
                    ? Learn(connection, announced.Content)
                    : _sink(happened, cancel),
                _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            connection.Close("this node stops");
        }
        await ForgetAsync(connection).ConfigureAwait(false);
    }

    private PeerEndpoint Advertised => new(_local.Identity, _advertised, ListensAt.Port);

    private ValueTask Learn(PeerConnection connection, byte[] announcement)
    {
        if (_book.Learn(connection.Identity, connection.RemoteHost, announcement) is { } error)
        {
            Report(connection.Identity, _local.Limits.BanScore / 2, error);
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Dials nodes that others told of while connections are few, and tells what it knows.
    /// </summary>
    private async Task ExchangeAsync()
    {
        long toldMs = Environment.TickCount64;
        while (!_stop.IsCancellationRequested)
        {
            await PauseAsync(_local.Limits.ExchangeInterval, _stop.Token).ConfigureAwait(false);
            if (ConnectedCount < _local.Limits.TargetPeers && _book.Next(IsTaken) is { } heard)
            {
                _ = Task.Run(() => DialHeardAsync(heard));
            }
            long now = Environment.TickCount64;
            if (now - toldMs >= _local.Limits.AnnounceInterval.TotalMilliseconds)
            {
                toldMs = now;
                byte[] announcement = _book.Announce(Advertised);
                foreach (PeerConnection connection in _snapshot)
                {
                    connection.SendPeers(announcement);
                }
            }
        }
    }

    private async Task DialHeardAsync(PeerEndpoint heard)
    {
        string? failure = await DialOnceAsync(heard).ConfigureAwait(false);
        if (failure is not null)
        {
            _book.Failed(heard.Identity);
        }
    }

    /// <summary>Connected, dialled by the operator's wish anyway, or banned.</summary>
    private bool IsTaken(Address identity)
    {
        lock (_lock)
        {
            return _connections.ContainsKey(identity) || _dialled.ContainsKey(identity)
                || _bans.RemainingMs(identity, Environment.TickCount64) > 0;
        }
    }

    private async Task ForgetAsync(PeerConnection connection)
    {
        string reason = connection.Reason ?? "ended";
        _log.LogInformation("peer {Peer} disconnected: {Why}", connection.Identity, reason);
        lock (_lock)
        {
            _connections.Remove(connection.Identity);
            _snapshot = [.. _connections.Values];
        }
        if (connection.SentNonsense)
        {
            Report(connection.Identity, _local.Limits.BanScore, reason);
        }
        try
        {
            await _sink(new NetworkEvent.Disconnected(connection.Identity, reason), _stop.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the loop needs no news of the network any more.
        }
        connection.MarkFinished();
    }

    private async Task<string?> TryRegisterAsync(PeerConnection connection)
    {
        Address identity = connection.Identity;
        if (_bans.RemainingMs(identity, Environment.TickCount64) is > 0 and var remaining)
        {
            return $"banned for {remaining / 1000} s more";
        }
        while (true)
        {
            PeerConnection? old;
            lock (_lock)
            {
                if (!_connections.TryGetValue(identity, out old))
                {
                    if (_connections.Count >= _local.Limits.Peers
                        && !_dialled.ContainsKey(identity))
                    {
                        return "no room for more peers";
                    }
                    _connections.Add(identity, connection);
                    _snapshot = [.. _connections.Values];
                    return null;
                }
            }
            bool oldFromLower = old.Dialled == (_local.Identity < identity);
            bool newFromLower = connection.Dialled == (_local.Identity < identity);
            if (oldFromLower && !newFromLower)
            {
                return "already connected";
            }
            old.Close("replaced by a newer connection");
            await old.Finished.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private bool IsConnected(in Address identity)
    {
        lock (_lock)
        {
            return _connections.ContainsKey(identity);
        }
    }

    /// <summary>
    /// Doubling with jitter from half to all of it, so that restarts don't beat in time.
    /// </summary>
    private TimeSpan Backoff(int attempts)
    {
        double ms = Math.Min(
            _local.Limits.RedialFirst.TotalMilliseconds * Math.Pow(2, Math.Min(attempts, 16)),
            _local.Limits.RedialMost.TotalMilliseconds);
        double share = 0.5 + (RandomNumberGenerator.GetInt32(1000) / 2000.0);
        return TimeSpan.FromMilliseconds(ms * share);
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken stop)
    {
        try
        {
            await Task.Delay(time, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
