using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// What a step asks of the shell. Effects of one step are carried out in their order; those that
/// answer come back as an input later, never inside the same step.
/// </summary>
public abstract record ReplicaEffect
{
    private ReplicaEffect()
    {
    }

    /// <summary>
    /// Give the bytes to one peer. Best effort: messages to one peer keep their order or are lost;
    /// nothing comes back. The array is shared between effects and must not be changed.
    /// </summary>
    public sealed record Send(PeerId Peer, byte[] Bytes) : ReplicaEffect;

    /// <summary>The same bytes to every connected peer, not to oneself. Best effort.</summary>
    public sealed record Broadcast(byte[] Bytes) : ReplicaEffect;

    /// <summary>
    /// Give <see cref="ReplicaInput.Tick"/> when the clock reads this many milliseconds or more.
    /// Only the newest timer counts: it replaces those before it.
    /// </summary>
    public sealed record SetTimer(long AtMs) : ReplicaEffect;

    /// <summary>
    /// Append to disk, in the order of tickets (which rise), then give
    /// <see cref="ReplicaInput.Persisted"/>. Several waiting batches may share one fsync and be
    /// answered by the highest ticket alone. A batch is on disk whole or not at all.
    /// What must not leave before it is on disk is not yet among the effects: it follows the
    /// answer, so the shell need not order sends after writes.
    /// </summary>
    public sealed record Persist(long Ticket, PersistBatch Batch) : ReplicaEffect;

    /// <summary>
    /// Run on any thread through <see cref="WorkRunner.Run"/>, then give
    /// <see cref="ReplicaInput.WorkDone"/> with the time it took. Works are independent; the more
    /// urgent go first (<see cref="IWork.Urgency"/>).
    /// </summary>
    public sealed record Work(WorkId Id, IWork Task) : ReplicaEffect;

    /// <summary>
    /// Answers <see cref="ReplicaInput.SubmitTransactions"/>; exactly one per token, after the
    /// <see cref="Head"/> whose pool has what was taken.
    /// </summary>
    public sealed record Reply(long Token, IReadOnlyList<SubmitResult> Results) : ReplicaEffect;

    /// <summary>
    /// A newer view for readers on other threads; replaces the one before. A finalized head in it
    /// is already durable on this node's disk.
    /// </summary>
    public sealed record Head(ChainView View) : ReplicaEffect;

    /// <summary>
    /// Write a refused block to the dump folder for a person to read. Best effort.
    /// </summary>
    public sealed record Dump(BadBlockDump Block) : ReplicaEffect;

    /// <summary>
    /// The peer sent what no honest node sends. Weights add up, and expire; ten are a ban.
    /// </summary>
    public sealed record Penalize(PeerId Peer, int Weight, string Reason) : ReplicaEffect;

    /// <summary>A line for the operator's log: refusals, advisories, misbehaviour, sync.</summary>
    public sealed record Log(LogLevel Level, string Text) : ReplicaEffect;

    /// <summary>
    /// Stop: finalized data or local state broke an invariant, so nothing this node does further
    /// can be trusted. The process ends with an error; no further input is accepted.
    /// </summary>
    public sealed record Halt(string Reason) : ReplicaEffect
    {
        /// <summary>
        /// Nothing is broken: a protocol revision is in force that this code does not know. What is
        /// on disk is whole, and a newer version of the code goes on from it.
        /// </summary>
        public bool NeedsNewVersion { get; init; }
    }
}

public enum LogLevel
{
    Debug,
    Information,
    Warning,
    Error,
}

/// <summary>
/// One transaction's fate at submission: its hash, and geth's error text when refused.
/// </summary>
public readonly record struct SubmitResult(Hash256 Hash, string? Error);

/// <summary>
/// A block this node refused, with what a person needs to find out why: the block as it came, the
/// reason, and the root this node computed (zero when it got no further than the checks before).
/// </summary>
public sealed record BadBlockDump(
    Hash256 BlockHash, Height Height, View View, byte[] Encoded, string Reason, Hash256 OwnRoot);
