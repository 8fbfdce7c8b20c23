using System.Net;
using System.Threading.Channels;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Simulator;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Drills;

/// <summary>
/// A peer with an identity of its own that passes on to one other what an honest one says, and lies
/// where the state is concerned. Others that find it by peer exchange hear nothing from it.
/// </summary>
internal sealed class LyingPeer : IAsyncDisposable
{
    private readonly SnapshotLiar _liar =
        new(new SeededRandom(1)) { LiesInOffers = false, LiesInHeaders = false };
    private readonly PeerEndpoint _honest;
    private readonly Address _victim;
    private readonly PeerNetwork _network;
    private readonly Channel<NetworkEvent> _events = Channel.CreateBounded<NetworkEvent>(1_024);
    private readonly Task _passing;
    private bool _isConnected;
    private volatile bool _isBanned;

    private LyingPeer(
        GenesisDocument genesis, PeerEndpoint honest, in Address victim, Hash256 key)
    {
        (_honest, _victim) = (honest, victim);
        Address self = Secp256k1.AddressOf(key);
        var side = new LocalSide(
            self, NodeCertificate.Create(self, hash => Secp256k1.Sign(hash, key)),
            new Hello(genesis.Config.ChainId, GenesisIdentity.HashOf(genesis)),
            new NetworkLimits());
        _network = new PeerNetwork(
            side, new IPEndPoint(IPAddress.Loopback, 0), [honest],
            (happened, cancel) => _events.Writer.WriteAsync(happened, cancel),
            NullLogger.Instance);
        _network.Start();
        _passing = Task.Run(PassAsync);
    }

    public PeerEndpoint Self => _network.Self;

    public int Lies => _liar.Lies;

    /// <summary>The node it lied to has banned it.</summary>
    public bool IsBanned => _isBanned;

    public static LyingPeer Start(
        GenesisDocument genesis, PeerEndpoint honest, in Address victim, Hash256 key) =>
        new(genesis, honest, victim, key);

    public async ValueTask DisposeAsync()
    {
        await _network.DisposeAsync().ConfigureAwait(false);
        _events.Writer.TryComplete();
        await _passing.ConfigureAwait(false);
    }

    private async Task PassAsync()
    {
        var waiting = new Queue<byte[]>();
        await foreach (NetworkEvent happened in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            switch (happened)
            {
                case NetworkEvent.Connected connected when connected.Peer == _victim:
                    _isConnected = true;
                    while (waiting.TryDequeue(out byte[]? early))
                    {
                        _network.Send(_victim, early);
                    }
                    break;
                case NetworkEvent.Disconnected gone when gone.Peer == _victim:
                    _isBanned |= gone.Reason.Contains("banned", StringComparison.Ordinal);
                    break;
                case NetworkEvent.Message message when message.Peer == _honest.Identity:
                    byte[] lie = _liar.Lie(message.Content);
                    if (_isConnected)
                    {
                        _network.Send(_victim, lie);
                    }
                    else
                    {
                        waiting.Enqueue(lie); // Its greeting, sent before anyone is here.
                    }
                    break;
                case NetworkEvent.Message message when message.Peer == _victim:
                    _network.Send(_honest.Identity, message.Content);
                    break;
            }
        }
    }
}
