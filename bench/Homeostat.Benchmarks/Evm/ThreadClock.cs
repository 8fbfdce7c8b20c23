using System.Runtime.InteropServices;
using Perfolizer.Horology;

namespace Homeostat.Benchmarks.Evm;

/// <summary>The same as BenchmarkDotNet's clock, which asks on the thread it measures.</summary>
internal sealed class ThreadProcessorClock : IClock
{
    public string Title => "processor time of the thread";

    public bool IsAvailable => true;

    public Frequency Frequency => new(1_000_000_000);

    public long GetTimestamp() => ThreadClock.NowNs();
}

/// <summary>Processor time of the calling thread: what a busy machine does not distort.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    public static double NowMs() => NowNs() / 1e6;

    public static long NowNs()
    {
        _ = clock_gettime(ThreadCpuTime, out TimeSpec time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
