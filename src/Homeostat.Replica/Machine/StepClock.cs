namespace Homeostat.Replica;

/// <summary>The time of the step under way, for the parts that need it.</summary>
internal sealed class StepClock
{
    public long NowMs { get; private set; }

    /// <summary>Never goes back: a shell's clock that was set back would.</summary>
    public void Advance(long nowMs) => NowMs = Math.Max(NowMs, nowMs);
}
