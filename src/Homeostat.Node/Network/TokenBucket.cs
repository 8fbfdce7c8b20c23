namespace Homeostat.Node.Network;

/// <summary>
/// A rate with a burst of one second. Taking never fails: what is taken beyond the rate is owed,
/// and the answer is how long to pause before reading on, so that TCP slows the sender down.
/// </summary>
internal sealed class TokenBucket(long perSecond)
{
    private readonly long _perSecond = perSecond;
    private long _available = perSecond;
    private long _filledAtMs = Environment.TickCount64;

    /// <summary>Milliseconds to wait until the debt is paid; 0 when there is none.</summary>
    public int Take(long amount)
    {
        long now = Environment.TickCount64;
        long elapsed = Math.Min(now - _filledAtMs, 1000);
        _available = Math.Min(_perSecond, _available + (elapsed * _perSecond / 1000));
        _filledAtMs = now;
        _available -= amount;
        return _available >= 0 ? 0 : (int)Math.Min(60_000, (-_available * 1000 / _perSecond) + 1);
    }
}
