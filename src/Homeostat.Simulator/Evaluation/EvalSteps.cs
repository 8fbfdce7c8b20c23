namespace Homeostat.Simulator;

/// <summary>
/// How far an evaluation is, for people: parts of about the same work, told as each is done. Any
/// thread.
/// </summary>
/// <param name="all">Parts of the whole.</param>
/// <param name="tell">Gets how many are done, and all; null: nobody.</param>
internal sealed class EvalSteps(int all, Action<int, int>? tell)
{
    private int _done;

    public void Done() => tell?.Invoke(Math.Min(Interlocked.Increment(ref _done), all), all);
}
