namespace Homeostat.Simulator;

/// <summary>Something that goes wrong at a moment and ends after a while.</summary>
internal abstract record Fault
{
    /// <summary>
    /// A process dies and is started again; with the power its unsynced writes go.
    /// </summary>
    public sealed record Crash(int Node, bool LosesPower, long DownUs) : Fault;

    /// <summary>A process is asked to stop, says farewell, ends and is started again.</summary>
    public sealed record Restart(int Node, long DownUs) : Fault;

    /// <summary>All nodes lose power at once.</summary>
    public sealed record Blackout(long DownUs) : Fault;

    /// <summary>A disk breaks: the node comes back with an empty one, its journal gone.</summary>
    public sealed record LostDisk(int Node, long DownUs) : Fault;

    /// <summary>Nodes in the mask can't talk with the others; one way only if asymmetric.</summary>
    public sealed record Partition(ulong Mask, bool OneWay, long ForUs) : Fault;

    /// <summary>Power lost within a write: the journal ends in half a record.</summary>
    public sealed record TornJournal(int Node, long DownUs) : Fault;

    /// <summary>Writes fail for want of space, which ends the process; space comes later.</summary>
    public sealed record FullDisk(int Node, long ForUs) : Fault;

    /// <summary>A partition that comes and goes every so often.</summary>
    public sealed record Flapping(ulong Mask, long PeriodUs, long ForUs) : Fault;

    /// <summary>All links are as bad as this for a while.</summary>
    public sealed record BadLinks(NetworkFaults Faults, long ForUs) : Fault;

    /// <summary>Each sync takes this much longer.</summary>
    public sealed record SlowDisk(int Node, long SyncUs, long ForUs) : Fault;

    /// <summary>A clock is ahead (or behind) by this much for a while.</summary>
    public sealed record ClockJump(int Node, long SkewMs, long ForUs) : Fault;

    /// <summary>A clock gains (or loses) this many milliseconds a second for a while.</summary>
    public sealed record ClockDrift(int Node, long PerMille, long ForUs) : Fault;
}

/// <summary>A fault and the moment it starts, microseconds of virtual time.</summary>
internal sealed record PlannedFault(long AtUs, Fault Fault);
