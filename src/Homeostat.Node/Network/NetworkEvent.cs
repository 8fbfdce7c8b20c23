using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>What the network tells the node's event loop.</summary>
internal abstract record NetworkEvent(Address Peer)
{
    /// <summary>A peer of our network is connected; sends to it may begin.</summary>
    internal sealed record Connected(Address Peer) : NetworkEvent(Peer);

    /// <summary>The connection ended; what was sent last may not have arrived.</summary>
    internal sealed record Disconnected(Address Peer, string Reason) : NetworkEvent(Peer);

    /// <summary>Where the peer says it and others can be dialled; the network's own business.
    /// </summary>
    internal sealed record Announced(Address Peer, byte[] Content) : NetworkEvent(Peer);

    /// <summary>A message, at most the frame limit long.</summary>
    internal sealed record Message(Address Peer, byte[] Content) : NetworkEvent(Peer);
}

/// <summary>
/// Takes events in order. It may wait: reading from that peer pauses until it is done, which is
/// how the node's backpressure reaches the sender.
/// </summary>
internal delegate ValueTask NetworkSink(NetworkEvent networkEvent, CancellationToken cancel);

/// <summary>
/// A peer to dial: who it must prove to be, and where it listens (name or number).
/// </summary>
internal sealed record PeerEndpoint(Address Identity, string Host, int Port)
{
    public override string ToString() => $"{Identity}@{Host}:{Port}";

    /// <summary>Reads "0xaddress@host:port".</summary>
    public static bool TryParse(string text, out PeerEndpoint? endpoint)
    {
        endpoint = null;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        if (at < 0 || colon < at + 2
            || !Address.TryParse(text.AsSpan(0, at), out Address identity)
            || !ushort.TryParse(text.AsSpan(colon + 1), out ushort port) || port == 0)
        {
            return false;
        }
        endpoint = new PeerEndpoint(identity, text[(at + 1)..colon].Trim('[', ']'), port);
        return true;
    }
}
