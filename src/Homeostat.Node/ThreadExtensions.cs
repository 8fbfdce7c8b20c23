namespace Homeostat.Node;

internal static class ThreadExtensions
{
    /// <summary>
    /// Only then can it be joined. Its state is a set of flags: that of one in the background which
    /// has not started is not equal to Unstarted.
    /// </summary>
    public static bool HasStarted(this Thread thread) =>
        (thread.ThreadState & ThreadState.Unstarted) == 0;
}
