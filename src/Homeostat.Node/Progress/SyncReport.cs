using System.Globalization;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Progress;

/// <summary>
/// A line in the node's log every few seconds while it executes the blocks that it is behind: where
/// it is, how fast and how long yet. (Of a snapshot the replica itself says so.)
/// </summary>
internal sealed class SyncReport(ILogger log, Func<long> nowMs)
{
    private const long EveryMs = 2_000;

    private long _beganMs = -1;
    private long _toldMs;
    private ulong _from;

    /// <summary>Views in their order, from one thread.</summary>
    public void See(ChainView view)
    {
        if (view.Sync is not { State: null } sync)
        {
            End(view);
            return;
        }
        long now = nowMs();
        ulong at = view.Finalized.Height.Value;
        if (_beganMs < 0)
        {
            (_beganMs, _toldMs, _from) = (now, now, at);
        }
        else if (now - _toldMs >= EveryMs && at > _from)
        {
            _toldMs = now;
            double rate = (at - _from) * 1_000.0 / (now - _beganMs);
            ulong left = sync.Highest.Value - Math.Min(at, sync.Highest.Value);
            log.LogInformation("{Line}", string.Create(
                CultureInfo.InvariantCulture,
                $"catching up: block {at} of {sync.Highest.Value}, {rate:F1} blocks a second, "
                + $"about {left / rate:F0} s left"));
        }
    }

    private void End(ChainView view)
    {
        if (_beganMs < 0 || view.Sync is not null)
        {
            return;
        }
        ulong at = view.Finalized.Height.Value;
        log.LogInformation("{Line}", string.Create(
            CultureInfo.InvariantCulture,
            $"caught up: block {at}, {at - Math.Min(at, _from)} blocks in "
            + $"{(nowMs() - _beganMs) / 1_000.0:F1} s"));
        _beganMs = -1;
    }
}
