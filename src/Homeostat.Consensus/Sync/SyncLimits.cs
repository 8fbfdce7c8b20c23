namespace Homeostat.Consensus;

/// <summary>Bounds of block sync; local to a node.</summary>
internal static class SyncLimits
{
    /// <summary>An answer is waited for at least this long, and this many of the last one's times.
    /// </summary>
    public const long MinTimeoutMs = 1_000;

    /// <inheritdoc cref="MinTimeoutMs"/>
    public const long TimeoutTimes = 4;

    /// <summary>
    /// Each answer that does not come doubles the wait up to this: an answer takes a disk read and,
    /// at worst, 8 MiB over a slow line.
    /// </summary>
    public const long MaxTimeoutMs = 16_000;

    /// <summary>While an answer is waited for, its peer is asked this often for nothing.</summary>
    public const long ProbeMs = 125;

    /// <summary>
    /// An answer that has not come this long after one to a later probe is taken for lost; at least
    /// <see cref="TimeoutTimes"/> of the last one's times, and doubled each time.
    /// </summary>
    public const long MinGraceMs = 250;

    /// <summary>Pause before a peer that had nothing, or failed, is asked again.</summary>
    public const long RetryMs = 100;

    /// <summary>The pause doubles with each failure in a row, up to 2^this.</summary>
    public const int MaxRetryDoublings = 6;

    /// <summary>Bytes of blocks in one answer; below the largest message.</summary>
    public const int MaxAnswerBytes = 8 * 1024 * 1024;

    /// <summary>Peers kept; more are not asked.</summary>
    public const int MaxPeers = 256;
}
