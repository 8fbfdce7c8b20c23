using System.Runtime.InteropServices;

namespace Homeostat.Node.Supervision;

/// <summary>
/// When to stop: SIGTERM and Ctrl-C; under a supervisor SIGTERM and the end of standard input.
/// The terminal sends Ctrl-C to the whole process group, so a supervised node leaves it to its
/// supervisor. Standard input is a pipe from the supervisor: when that process is gone, however
/// it ended, the pipe is closed, and no node outlives it.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    public StopSignals(bool supervised)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _signals.Add(PosixSignalRegistration.Create(
            PosixSignal.SIGINT, supervised ? Ignore : Stop));
        if (supervised)
        {
            var watch = new Thread(WatchInput) { IsBackground = true, Name = "supervisor" };
            watch.Start();
        }
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
    }

    private static void Ignore(PosixSignalContext context) => context.Cancel = true;

    private void Stop(PosixSignalContext context)
    {
        // The second one ends the process as if nobody listened.
        context.Cancel = !_stop.IsCancellationRequested;
        _stop.CancelAsync();
    }

    private void WatchInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] buffer = new byte[256];
        try
        {
            while (input.Read(buffer) > 0)
            {
                // Nothing is said on it yet.
            }
        }
        catch (IOException)
        {
            // As good as its end.
        }
        _stop.Cancel();
        Thread.Sleep(TimeSpan.FromSeconds(5));
        Environment.Exit(1); // Whatever hangs must not outlive the supervisor.
    }
}
