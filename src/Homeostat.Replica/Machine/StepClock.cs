namespace Homeostat.Replica;

/// <summary>The time of the step under way, for the parts that need it.</summary>
internal sealed class StepClock
{
    public long NowMs { get; private set; }

    /// <summary>The shell's clock may be set back; consensus copes with that itself.</summary>
    public void Advance(long nowMs) => NowMs = nowMs;
}
