namespace Homeostat.Node.Network;

/// <summary>
/// What one peer, or one host that is not yet a peer, may cost this node. Every limit is here.
/// </summary>
internal sealed record NetworkLimits
{
    /// <summary>
    /// Largest frame read. A block body may hold 8 MiB of transactions; its payload and framing
    /// stay below the other 8.
    /// </summary>
    public int FrameBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Largest frame before the hello is accepted: a hello is about 100 bytes.</summary>
    public int HelloBytes { get; init; } = 1024;

    /// <summary>
    /// From TCP accept to an accepted hello; a WAN handshake takes four round trips.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Bytes that may wait to be sent to one peer. A peer that is this far behind is let go: it
    /// reconnects and catches up by sync, which costs less than what it has missed.
    /// </summary>
    public long SendQueueBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Frames that may wait to be sent to one peer.</summary>
    public int SendQueueFrames { get; init; } = 32_768;

    /// <summary>Sustained bytes a second read from one peer; beyond it reading pauses.</summary>
    public long BytesPerSecond { get; init; } = 64L * 1024 * 1024;

    /// <summary>Sustained frames a second read from one peer; beyond it reading pauses.</summary>
    public long FramesPerSecond { get; init; } = 20_000;

    /// <summary>
    /// A peer that has been silent this long is asked; after three times that it is gone. Short,
    /// since TCP waits ever longer to try again on a link that was cut: after eight seconds it
    /// may be six more until it notices that the link is back, and a new connection is sooner.
    /// </summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// For a dialled host to answer at all, again because TCP's own attempts grow apart.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// One write of at most a coalesced buffer; a reader slower than this is let go.
    /// </summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Connections that have not yet said who they are, in all and from one host.
    /// </summary>
    public int PendingConnections { get; init; } = 128;

    /// <summary>As <see cref="PendingConnections"/>, for one host.</summary>
    public int PendingConnectionsPerHost { get; init; } = 32;

    /// <summary>Accepted peers; validators are always let in.</summary>
    public int Peers { get; init; } = 256;

    /// <summary>Peers that are dialled until they answer: validators and the operator's.</summary>
    public int DialledPeers { get; init; } = 256;

    /// <summary>Nodes whose addresses are remembered, at about 200 bytes.</summary>
    public int KnownPeers { get; init; } = 1_024;

    /// <summary>Others that one announcement may name, and that one peer may have named.</summary>
    public int AnnouncedPeers { get; init; } = 32;

    /// <summary>Bytes of one announcement: names have up to 255.</summary>
    public int AnnouncementBytes { get; init; } = 12 * 1024;

    /// <summary>With fewer connections than this, nodes that others told of are dialled.</summary>
    public int TargetPeers { get; init; } = 16;

    /// <summary>
    /// One dial to a node heard of in so long; whoever makes addresses up sends no more at anybody.
    /// </summary>
    public TimeSpan ExchangeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What is known is told again so often; more often from a peer is nonsense.</summary>
    public TimeSpan AnnounceInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Nonsense points at which a peer is banned; see <see cref="BanList"/>.</summary>
    public int BanScore { get; init; } = 100;

    /// <summary>How long a ban lasts; doubled by each further ban up to 64 times.</summary>
    public TimeSpan BanDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>First wait before dialling again; doubles with jitter.</summary>
    public TimeSpan RedialFirst { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Longest wait before dialling again: a returning validator is met this soon.
    /// </summary>
    public TimeSpan RedialMost { get; init; } = TimeSpan.FromSeconds(3);
}
