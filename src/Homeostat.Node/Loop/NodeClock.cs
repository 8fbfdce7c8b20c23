using System.Diagnostics;
using System.Globalization;

namespace Homeostat.Node.Loop;

/// <summary>
/// The clock that the replica is stepped with: UTC. For drills a file may hold milliseconds to add
/// to it; the file is read again as the node runs, so that one node's clock can be made to jump
/// without touching the machine's. Logs and tokens keep the machine's time. One thread's.
/// </summary>
internal sealed class NodeClock(string offsetFile)
{
    private static readonly TimeSpan Reread = TimeSpan.FromMilliseconds(100);

    private long _readAt;
    private long _offsetMs;

    /// <summary>Unix milliseconds.</summary>
    public long NowMs()
    {
        if (offsetFile.Length > 0
            && (_readAt == 0 || Stopwatch.GetElapsedTime(_readAt) >= Reread))
        {
            _readAt = Stopwatch.GetTimestamp();
            _offsetMs = Read();
        }
        return DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + _offsetMs;
    }

    /// <summary>A file that is not there, or half written, changes nothing.</summary>
    private long Read()
    {
        try
        {
            return long.TryParse(
                File.ReadAllText(offsetFile).Trim(), NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture, out long offsetMs)
                ? offsetMs
                : _offsetMs;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return _offsetMs;
        }
    }
}
