using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// What a node's work and disk cost in virtual time, from <see cref="MeasuredCosts"/>. A run's
/// safety does not depend on them, and its latencies are only as good as they are.
/// </summary>
internal sealed class NodeTiming(SeededRandom random)
{
    /// <summary>Added to each sync while a disk is slow.</summary>
    public long SlowSyncUs { get; set; }

    /// <summary>Added to each block that a node executes while its core is slow.</summary>
    public long SlowBlockUs { get; set; }

    public long SyncUs() =>
        random.NextBetween(MeasuredCosts.SyncP5Us, MeasuredCosts.SyncP95Us) + SlowSyncUs;

    public long WorkUs(IWork work) => work.Urgency == WorkUrgency.Transactions
        ? MeasuredCosts.IntakeUs * work.Load
        : SlowBlockUs + MeasuredCosts.BlockUs + MeasuredCosts.TransferUs * work.Load;
}
