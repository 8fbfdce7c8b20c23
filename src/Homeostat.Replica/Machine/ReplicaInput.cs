using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>
/// Everything that can happen to a node. The shell gives inputs one at a time to
/// <see cref="ReplicaMachine.Step"/>, in any order that its sources produce them.
/// </summary>
public abstract record ReplicaInput
{
    private ReplicaInput()
    {
    }

    /// <summary>The first input, once: what the disk held.</summary>
    public sealed record Start(RecoveredState State) : ReplicaInput;

    /// <summary>Time has reached the last <see cref="ReplicaEffect.SetTimer"/>; early or spurious
    /// ticks do no harm.</summary>
    public sealed record Tick : ReplicaInput;

    /// <summary>A connection to a peer whose identity the transport has proven.</summary>
    public sealed record PeerConnected(PeerId Peer) : ReplicaInput;

    public sealed record PeerDisconnected(PeerId Peer) : ReplicaInput;

    /// <summary>One whole message, at most <see cref="ReplicaLimits.MessageBytes"/> long.</summary>
    public sealed record PeerMessage(PeerId Peer, byte[] Bytes) : ReplicaInput;

    /// <summary>
    /// Raw transactions of one client call, at most <see cref="ReplicaLimits.SubmitBatch"/>; comes
    /// back as one <see cref="ReplicaEffect.Reply"/> with the same token, one result per
    /// transaction, in their order.
    /// </summary>
    public sealed record SubmitTransactions(IReadOnlyList<byte[]> Raw, long ReplyToken)
        : ReplicaInput;

    /// <summary>
    /// The node will be stopped in a moment: the others are told, so that nobody waits for it.
    /// </summary>
    public sealed record Leave : ReplicaInput;

    /// <summary>A work effect's result. Works may finish in any order.</summary>
    public sealed record WorkDone(WorkId Id, WorkResult Result, long ElapsedNs) : ReplicaInput;

    /// <summary>
    /// The batch with this ticket, and all before it, are on disk (through fsync when the batch
    /// said <see cref="PersistBatch.Durable"/>).
    /// </summary>
    public sealed record Persisted(long Ticket) : ReplicaInput;
}
