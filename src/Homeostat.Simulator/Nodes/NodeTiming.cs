using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// What a node's work and disk cost in virtual time. The figures are estimates, of the order that
/// one core and a commodity SSD need, rounded up; they were not measured. A run's safety does not
/// depend on them, and its latencies are only as good as they are.
/// </summary>
internal sealed class NodeTiming(SeededRandom random)
{
    /// <summary>Steering, system calls, roots: what a block costs without transactions.</summary>
    private const long BlockUs = 700;

    /// <summary>Execution and trie of a transfer.</summary>
    private const long ExecuteUs = 20;

    /// <summary>One recovery of a sender, and decoding.</summary>
    private const long RecoverUs = 65;

    /// <summary>A sync of a commodity SSD.</summary>
    private const long MinSyncUs = 300;
    private const long MaxSyncUs = 4_000;

    /// <summary>Added to each sync while a disk is slow.</summary>
    public long SlowSyncUs { get; set; }

    public long SyncUs() => random.NextBetween(MinSyncUs, MaxSyncUs) + SlowSyncUs;

    public static long WorkUs(IWork work) => work.Urgency == WorkUrgency.Transactions
        ? RecoverUs * work.Load
        : BlockUs + ExecuteUs * work.Load;
}
