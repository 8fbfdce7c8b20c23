using Homeostat.Ledger;

namespace Homeostat.Replica;

/// <summary>Names one work effect until its result has come back.</summary>
public readonly record struct WorkId(long Value);

/// <summary>What waits for a work: the shell runs the lower value first.</summary>
public enum WorkUrgency
{
    /// <summary>A vote or a proposal waits: building and verifying blocks.</summary>
    Block,

    /// <summary>A client or the pool waits: decoding and recovering transactions.</summary>
    Transactions,

    /// <summary>Nobody waits long: serving another's sync, checkpoints.</summary>
    Background,
}

/// <summary>
/// Heavy work as a pure function of what it was made with: no clock, no shared mutable state, the
/// same result on any thread at any time.
/// </summary>
public interface IWork
{
    WorkUrgency Urgency { get; }

    /// <summary>
    /// How much there is to do, about, in transactions: what a simulation charges time for.
    /// </summary>
    int Load { get; }

    WorkResult Run();
}

/// <summary>What a work found; each kind of work has its own.</summary>
public abstract record WorkResult
{
    /// <summary>
    /// The work threw. What it worked on is refused, unless this node's own data is damaged
    /// (<paramref name="IsLocal"/>): then the node halts.
    /// </summary>
    public sealed record Faulted(string Reason, bool IsLocal = false) : WorkResult;
}

/// <summary>Runs a work so that nothing it does can end the caller's thread.</summary>
public static class WorkRunner
{
    /// <summary>The work's result, or <see cref="WorkResult.Faulted"/> when it threw.</summary>
    public static WorkResult Run(IWork work)
    {
#pragma warning disable CA1031 // A block must not be a poison pill, whatever its execution throws.
        try
        {
            return work.Run();
        }
        catch (StateUnavailable damage)
        {
            return new WorkResult.Faulted(damage.Message, IsLocal: true);
        }
        catch (Exception exception)
        {
            return new WorkResult.Faulted(
                $"{exception.GetType().Name}: {exception.Message} [{Place(exception)}]");
        }
#pragma warning restore CA1031
    }

    /// <summary>
    /// The methods it came through, innermost first: no paths of the build machine.
    /// </summary>
    private static string Place(Exception exception) => string.Join(
        " < ",
        new System.Diagnostics.StackTrace(exception).GetFrames()
            .Select(frame => frame.GetMethod()?.Name ?? "?").Take(6));
}
