using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>
/// A running node as its readers and clients on other threads see it. Nothing here waits for a
/// block to execute.
/// </summary>
internal interface INodeGateway
{
    /// <summary>The newest view; null until the replica has published its first.</summary>
    ChainView? View { get; }

    /// <summary>
    /// Raised after <see cref="View"/> changed, on one thread that is not the event loop's, in
    /// order. Views that follow each other quickly may be told as one: whoever must see every
    /// finalized block reads those in between from the archive.
    /// </summary>
    event Action<ChainView> ViewChanged;

    /// <summary>Peers connected now.</summary>
    int PeerCount { get; }

    /// <summary>Null when the node can serve; else what it still waits for, in words.</summary>
    string? NotReadyBecause { get; }

    /// <summary>
    /// Gives raw transactions to the pool: at most <see cref="ReplicaLimits.SubmitBatch"/>, one
    /// result each, in their order. Waits while the node has more input than it can take.
    /// </summary>
    Task<IReadOnlyList<SubmitResult>> SubmitAsync(
        IReadOnlyList<byte[]> raw, CancellationToken cancel);
}
