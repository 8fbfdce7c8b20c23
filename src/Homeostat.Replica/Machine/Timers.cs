namespace Homeostat.Replica;

/// <summary>What a node waits for; each has at most one time.</summary>
internal enum TimerKind
{
    Consensus,
    Sync,
    Snapshot,
    Gossip,
    Resend,

    /// <summary>The base fee has fallen to what something in the pool pays.</summary>
    Fee,

    /// <summary>The last busy block before an idle time is due its empty follower.</summary>
    Follower,
}

/// <summary>Several timers over the shell's one.</summary>
internal sealed class Timers
{
    private readonly long[] _atMs;
    private long _announcedMs = long.MaxValue;

    public Timers()
    {
        _atMs = new long[Enum.GetValues<TimerKind>().Length];
        Array.Fill(_atMs, long.MaxValue);
    }

    public void Set(TimerKind kind, long atMs) => _atMs[(int)kind] = atMs;

    /// <summary>Sets the timer unless it would ring sooner already.</summary>
    public void SetAtLatest(TimerKind kind, long atMs) =>
        _atMs[(int)kind] = Math.Min(_atMs[(int)kind], atMs);

    /// <summary>True once for a timer whose time has come.</summary>
    public bool TakeDue(TimerKind kind, long nowMs)
    {
        if (_atMs[(int)kind] > nowMs)
        {
            return false;
        }
        _atMs[(int)kind] = long.MaxValue;
        return true;
    }

    /// <summary>The shell's timer has rung or is void.</summary>
    public void Rang() => _announcedMs = long.MaxValue;

    /// <summary>The time to wake at, if it is not the one announced already.</summary>
    public bool TryNext(out long atMs)
    {
        atMs = _atMs.Min();
        if (atMs == _announcedMs || atMs == long.MaxValue)
        {
            return false;
        }
        _announcedMs = atMs;
        return true;
    }
}
