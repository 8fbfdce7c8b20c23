using System.Globalization;
using Homeostat.Node.Loop;

namespace Homeostat.Node.Supervision;

/// <summary>
/// What a supervised node tells its supervisor, a line each: "ready" once, then once a second
/// "status HEIGHT PEERS".
/// </summary>
internal static class ChildReport
{
    public const string Ready = "ready";
    public const string Status = "status";

    private const int PollMs = 20;
    private const int StatusMs = 1000;

    public static async Task RunAsync(NodeHost host, CancellationToken stop)
    {
        try
        {
            while (host.NotReadyBecause is not null)
            {
                await Task.Delay(PollMs, stop).ConfigureAwait(false);
                if (host.Ended.IsCompleted)
                {
                    return;
                }
            }
            await Console.Out.WriteLineAsync(Ready).ConfigureAwait(false);
            while (!host.Ended.IsCompleted)
            {
                ulong height = host.Gateway.View?.Finalized.Height.Value ?? 0;
                string line = string.Create(
                    CultureInfo.InvariantCulture, $"{Status} {height} {host.PeerCount}");
                await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
                await Task.Delay(StatusMs, stop).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // Stopping, or nobody reads any more.
        }
    }
}
