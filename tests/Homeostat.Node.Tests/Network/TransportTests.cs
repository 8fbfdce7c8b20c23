using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Homeostat.Node.Drills;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Network;

public sealed class TransportTests
{
    private static readonly Hash256 Genesis = Keccak.Hash("genesis"u8);

    [Fact]
    public async Task Two_nodes_meet_and_exchange_messages_both_ways()
    {
        await using var a = Endpoint.Create(1);
        await using var b = Endpoint.Create(2, a);
        Assert.Equal(b.Identity, (await a.NextAsync<NetworkEvent.Connected>()).Peer);
        Assert.Equal(a.Identity, (await b.NextAsync<NetworkEvent.Connected>()).Peer);

        byte[] large = RandomNumberGenerator.GetBytes(1_000_000);
        a.Network.Send(b.Identity, [1, 2, 3]);
        a.Network.Send(b.Identity, large);
        b.Network.Broadcast([]);

        Assert.Equal([1, 2, 3], (await b.NextAsync<NetworkEvent.Message>()).Content);
        Assert.Equal(large, (await b.NextAsync<NetworkEvent.Message>()).Content);
        Assert.Empty((await a.NextAsync<NetworkEvent.Message>()).Content);
    }

    [Fact]
    public async Task An_operator_adds_and_removes_peers_of_a_running_node()
    {
        await using var a = Endpoint.Create(1);
        await using var b = Endpoint.Create(2);
        Assert.False(b.Network.AddPeer(b.Self));
        Assert.True(b.Network.AddPeer(a.Self));
        Assert.False(b.Network.AddPeer(a.Self));
        await b.NextAsync<NetworkEvent.Connected>();
        PeerDescription peer = Assert.Single(b.Network.Peers);
        Assert.True(peer is { Inbound: false, IsDialled: true } && peer.Identity == a.Identity);

        Assert.True(b.Network.RemovePeer(a.Identity));
        await b.NextAsync<NetworkEvent.Disconnected>();
        Assert.Empty(b.Network.Peers);
        Assert.False(b.Network.RemovePeer(a.Identity));
    }

    [Fact]
    public async Task Both_dialling_at_once_leaves_one_connection()
    {
        int port = FreePorts.One();
        var first = Endpoint.Unstarted(1, FreePorts.One());
        var second = Endpoint.Unstarted(2, port);
        await using var a = first.Start(second.Self);
        await using var b = second.Start(first.Self);
        await a.NextAsync<NetworkEvent.Connected>();
        await b.NextAsync<NetworkEvent.Connected>();
        a.Network.Send(b.Identity, [7]);
        await b.NextAsync<NetworkEvent.Message>();
        Assert.Equal(1, a.Network.ConnectedCount);
        Assert.Equal(1, b.Network.ConnectedCount);
    }

    [Fact]
    public async Task A_peer_that_is_not_who_was_dialled_is_refused()
    {
        await using var a = Endpoint.Create(1);
        var impostor = new PeerEndpoint(Endpoint.IdentityOf(9), "127.0.0.1", a.Self.Port);
        HandshakeException error = await Assert.ThrowsAsync<HandshakeException>(
            () => DialAsync(Endpoint.SideOf(2, Genesis), impostor));
        Assert.Contains($"peer is {a.Identity}, expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_whose_identity_is_not_signed_by_its_key_is_refused()
    {
        await using var a = Endpoint.Create(1);
        LocalSide forged = Endpoint.SideOf(2, Genesis) with
        {
            Certificate = NodeCertificate.Create(
                Endpoint.IdentityOf(3), hash => Secp256k1.Sign(hash, Endpoint.KeyOf(2))),
        };
        PeerConnection? connection = null;
        try
        {
            // TLS 1.3: the client may finish first and learn of the refusal at its first read.
            connection = await DialAsync(forged, a.Self);
        }
        catch (HandshakeException)
        {
            // As good.
        }
        Assert.Null(connection);
        Assert.Equal(0, a.Network.ConnectedCount);
    }

    [Fact]
    public void A_certificate_without_an_identity_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        using X509Certificate2 plain = request.CreateSelfSigned(
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        Assert.False(NodeCertificate.TryReadIdentity(plain, out _, out string error));
        Assert.Contains("without a node identity", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_chain_id_or_genesis_is_refused_in_words()
    {
        await using var a = Endpoint.Create(1);
        LocalSide other = Endpoint.SideOf(2, Keccak.Hash("other"u8));
        HandshakeException error = await Assert.ThrowsAsync<HandshakeException>(
            () => DialAsync(other, a.Self));
        Assert.Contains("genesis", error.Message, StringComparison.Ordinal);
        LocalSide chain = other with { Hello = new Hello(new ChainId(1), Genesis) };
        error = await Assert.ThrowsAsync<HandshakeException>(() => DialAsync(chain, a.Self));
        Assert.Contains("chain id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_oversized_frame_ends_the_connection_and_bans_the_peer()
    {
        await using var a = Endpoint.Create(1, new NetworkLimits { FrameBytes = 1000 });
        LocalSide sender = Endpoint.SideOf(2, Genesis);
        PeerConnection connection = await DialAsync(sender, a.Self);
        Task run = connection.RunAsync((_, _) => ValueTask.CompletedTask, default);
        await a.NextAsync<NetworkEvent.Connected>();
        connection.Send(new byte[1001]);
        NetworkEvent.Disconnected end = await a.NextAsync<NetworkEvent.Disconnected>();
        Assert.Contains(
            "frame of 1002 bytes, the limit is 1000", end.Reason, StringComparison.Ordinal);
        await run;
        PeerConnection again = await DialAsync(sender, a.Self);
        await again.RunAsync((_, _) => ValueTask.CompletedTask, default);
        Assert.Contains("banned", again.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_before_and_inside_tls_leaves_the_node_serving_others()
    {
        await using var a = Endpoint.Create(1);
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            byte[] garbage = new byte[random.Next(1, 2000)];
            random.NextBytes(garbage);
            await SendRawAsync(a.Self.Port, garbage);
        }
        for (int i = 0; i < 20; i++)
        {
            byte[] garbage = new byte[random.Next(5, 2000)];
            random.NextBytes(garbage);
            await SendInsideTlsAsync(a.Self, i + 100, garbage);
        }
        await using var b = Endpoint.Create(2, a);
        await b.NextAsync<NetworkEvent.Connected>();
    }

    [Fact]
    public async Task A_reader_that_never_reads_is_let_go_and_costs_a_bounded_queue()
    {
        var limits = new NetworkLimits { SendQueueBytes = 4 << 20 };
        await using var a = Endpoint.Create(1, limits);
        PeerConnection mute = await DialAsync(Endpoint.SideOf(2, Genesis), a.Self);
        await a.NextAsync<NetworkEvent.Connected>();
        byte[] content = new byte[100_000];
        for (int i = 0; i < 10_000 && a.Network.ConnectedCount > 0; i++)
        {
            a.Network.Broadcast(content);
            Assert.True(a.Network.QueuedBytes <= limits.SendQueueBytes);
            await Task.Yield();
        }
        NetworkEvent.Disconnected end = await a.NextAsync<NetworkEvent.Disconnected>();
        Assert.Contains("too slow", end.Reason, StringComparison.Ordinal);
        mute.Close("test");
    }

    [Fact]
    public async Task A_sink_that_waits_stops_the_reading_and_memory_stays_bounded()
    {
        var gate = new TaskCompletionSource();
        var limits = new NetworkLimits { SendQueueBytes = 8 << 20 };
        var slow = Endpoint.Unstarted(1, FreePorts.One(), limits);
        slow.Gate = gate.Task;
        await using var a = slow.Start();
        PeerConnection flood = await DialAsync(Endpoint.SideOf(2, Genesis, limits), a.Self);
        Task run = flood.RunAsync((_, _) => ValueTask.CompletedTask, default);
        byte[] content = new byte[64 * 1024];
        for (int i = 0; i < 10_000 && flood.Reason is null; i++)
        {
            flood.Send(content);
            await Task.Yield();
        }
        Assert.Contains("too slow", flood.Reason, StringComparison.Ordinal);
        gate.SetResult();
        await run;
    }

    [Fact]
    public async Task Nodes_that_know_one_in_common_find_each_other()
    {
        var quick = new NetworkLimits { ExchangeInterval = TimeSpan.FromMilliseconds(50) };
        await using var hub = Endpoint.Create(1, quick);
        await using var a = Endpoint.Unstarted(2, FreePorts.One(), quick).Start(hub.Self);
        await hub.NextAsync<NetworkEvent.Connected>();
        // By name: the address is looked up anew at each dial.
        PeerEndpoint named = hub.Self with { Host = "localhost" };
        await using var b = Endpoint.Unstarted(3, FreePorts.One(), quick).Start(named);
        await WaitAsync(() => a.Network.Connected.Contains(b.Identity));
        await WaitAsync(() => b.Network.Connected.Contains(a.Identity));
    }

    [Fact]
    public void A_book_of_addresses_believes_each_of_itself_and_is_bounded()
    {
        var limits = new NetworkLimits { KnownPeers = 6, AnnouncedPeers = 3 };
        var book = new PeerBook(Endpoint.IdentityOf(1), limits);
        Address from = Endpoint.IdentityOf(2);
        string Line(int key, string host, int port) =>
            $"{new PeerEndpoint(Endpoint.IdentityOf(key), host, port)}\n";
        string? Learn(string text) =>
            book.Learn(from, "10.0.0.7", System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Null(Learn(Line(2, "", 5) + Line(3, "three.example", 6) + Line(1, "self", 7)));
        Assert.Equal(2, book.Count);
        Assert.Equal("10.0.0.7", book.Find(from)!.Host);
        Assert.Null(book.Find(Endpoint.IdentityOf(3))); // Hearsay is no word of its own.
        Assert.Null(Learn(Line(2, "moved.example", 8) + Line(3, "elsewhere", 9)));
        Assert.Equal("moved.example", book.Find(from)!.Host);
        Assert.Equal(
            "three.example", book.Next(x => x != Endpoint.IdentityOf(3))!.Host);
        Assert.Null(Learn(Line(2, "", 5) + Line(4, "h", 1) + Line(5, "h", 1) + Line(6, "h", 1)));
        Assert.Equal(4, book.Count); // Three from one, and itself.
        Assert.NotNull(Learn(Line(3, "not.mine", 5)));
        Assert.NotNull(Learn("nonsense\n"));
        Assert.NotNull(Learn(string.Concat(Enumerable.Range(2, 9).Select(i => Line(i, "h", 1)))));
        for (int i = 0; i < 8; i++)
        {
            book.Failed(Endpoint.IdentityOf(3));
        }
        Assert.Equal(3, book.Count);
    }

    [Fact]
    public void Who_takes_more_of_the_loop_than_its_share_waits_and_others_do_not()
    {
        long now = 1_000;
        var time = new Homeostat.Node.Loop.PeerTime(500_000, () => now);
        Address greedy = Endpoint.IdentityOf(1);
        time.Charge(greedy, 400_000);
        Assert.Equal(0, time.PauseMs(greedy));
        time.Charge(greedy, 600_000);
        Assert.InRange(time.PauseMs(greedy), 990, 1_010);
        Assert.Equal(0, time.PauseMs(Endpoint.IdentityOf(2)));
        now += 1_100;
        Assert.Equal(0, time.PauseMs(greedy));
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public void Bans_add_up_expire_and_grow()
    {
        var bans = new BanList(new NetworkLimits { BanDuration = TimeSpan.FromSeconds(30) });
        Address peer = Endpoint.IdentityOf(5);
        Assert.False(bans.Report(peer, 60, 0));
        Assert.True(bans.Report(peer, 60, 10));
        Assert.Equal(30_000, bans.RemainingMs(peer, 10));
        Assert.Equal(0, bans.RemainingMs(peer, 30_010));
        Assert.True(bans.Report(peer, 100, 40_000));
        Assert.Equal(60_000, bans.RemainingMs(peer, 40_000));
        Assert.False(bans.Report(peer, 60, 200_000));
        Assert.False(bans.Report(peer, 60, 320_000));
    }

    [Theory]
    [InlineData("0x00000000000000000000000000000000000000aa@node.example:30303", true)]
    [InlineData("0x00000000000000000000000000000000000000aa@[::1]:1", true)]
    [InlineData("0x00000000000000000000000000000000000000aa@host:0", false)]
    [InlineData("0x00000000000000000000000000000000000000aa@host", false)]
    [InlineData("0xaa@host:30303", false)]
    [InlineData("host:30303", false)]
    public void Peers_are_read_as_address_at_host_and_port(string text, bool good)
    {
        Assert.Equal(good, PeerEndpoint.TryParse(text, out _));
    }

    private static async Task<PeerConnection> DialAsync(LocalSide side, PeerEndpoint peer)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(peer.Host, peer.Port);
        return await PeerConnection.OpenAsync(socket, side, peer, CancellationToken.None);
    }

    private static async Task SendRawAsync(int port, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // Refused: too many from this host at once.
        }
    }

    private static async Task SendInsideTlsAsync(PeerEndpoint peer, int key, byte[] bytes)
    {
        LocalSide side = Endpoint.SideOf(key, Genesis);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(peer.Host, peer.Port);
        await using var stream = new SslStream(new NetworkStream(socket));
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "x",
                ClientCertificateContext =
                    SslStreamCertificateContext.Create(side.Certificate, null, true),
                EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            });
            await stream.WriteAsync(bytes);
            byte[] answer = new byte[2000];
            while (await stream.ReadAsync(answer) > 0)
            {
                // Until it closes.
            }
        }
        catch (Exception error) when (error is IOException or AuthenticationException)
        {
            // Closed on us: what it should do.
        }
    }

    /// <summary>A network with its events in a channel.</summary>
    private sealed class Endpoint : IAsyncDisposable
    {
        private readonly Channel<NetworkEvent> _events = Channel.CreateBounded<NetworkEvent>(64);
        private readonly LocalSide _side;

        private Endpoint(int key, int port, NetworkLimits limits)
        {
            _side = SideOf(key, Genesis, limits);
            Self = new PeerEndpoint(_side.Identity, "127.0.0.1", port);
        }

        public PeerEndpoint Self { get; }

        public Address Identity => _side.Identity;

        public PeerNetwork Network { get; private set; } = null!;

        public Task Gate { get; set; } = Task.CompletedTask;

        public static Endpoint Create(int key, params Endpoint[] peers) =>
            Unstarted(key, FreePorts.One()).Start([.. peers.Select(x => x.Self)]);

        public static Endpoint Create(int key, NetworkLimits limits) =>
            Unstarted(key, FreePorts.One(), limits).Start();

        public static Endpoint Unstarted(int key, int port, NetworkLimits? limits = null) =>
            new(key, port, limits ?? new NetworkLimits());

        public static Hash256 KeyOf(int key) => Keccak.Hash(BitConverter.GetBytes(key));

        public static Address IdentityOf(int key) => Secp256k1.AddressOf(KeyOf(key));

        public static LocalSide SideOf(int key, Hash256 genesis, NetworkLimits? limits = null)
        {
            Hash256 secret = KeyOf(key);
            Address identity = IdentityOf(key);
            return new LocalSide(
                identity,
                NodeCertificate.Create(identity, hash => Secp256k1.Sign(hash, secret)),
                new Hello(new ChainId(4242), genesis),
                limits ?? new NetworkLimits());
        }

        public Endpoint Start(params PeerEndpoint[] peers)
        {
            Network = new PeerNetwork(
                _side, new IPEndPoint(IPAddress.Loopback, Self.Port), peers,
                async (e, cancel) =>
                {
                    await Gate.WaitAsync(cancel);
                    await _events.Writer.WriteAsync(e, cancel);
                },
                NullLogger.Instance);
            Network.Start();
            return this;
        }

        public async Task<T> NextAsync<T>()
            where T : NetworkEvent
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (true)
            {
                if (await _events.Reader.ReadAsync(limit.Token) is T wanted)
                {
                    return wanted;
                }
            }
        }

        public ValueTask DisposeAsync() => Network.DisposeAsync();
    }
}
