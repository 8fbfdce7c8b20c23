using System.Runtime.InteropServices;

namespace Homeostat.Benchmarks.Evm;

/// <summary>Processor time of the calling thread: what a busy machine does not distort.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    public static double NowMs()
    {
        _ = clock_gettime(ThreadCpuTime, out TimeSpec time);
        return time.Seconds * 1e3 + time.Nanoseconds / 1e6;
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
