using System.CommandLine;
using Homeostat.Node.Configuration;
using Homeostat.Node.Logging;
using Homeostat.Node.Loop;
using Homeostat.Node.Store;
using Homeostat.Node.Supervision;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat node`: one node of a network.</summary>
internal static class NodeCommand
{
    public static Command Create()
    {
        var command = new Command("node", "Run one node of a network");
        var settings = new SettingOptions(command, Settings.All);
        var config = new Option<string>("--config")
        {
            Description = "JSON file of settings by name; flags and HOMEOSTAT_… variables win",
        };
        var supervised = new Option<string>("--supervised")
        {
            Description = "Report to the parent, whose folder this is, on standard output; stop "
                + "when standard input ends",
            Hidden = true,
        };
        command.Options.Add(config);
        command.Options.Add(supervised);
        command.SetAction((parsed, _) => RunAsync(
            settings.Given(parsed), parsed.GetValue(config), parsed.GetValue(supervised)));
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string> flags, string? file, string? network)
    {
        Supervised? supervised = network is null ? null : new Supervised(network);
        var sources = new SettingSources(flags, Environment.GetEnvironmentVariable, file);
        if (NodeConfig.TryRead(sources, out IReadOnlyList<string> errors) is not { } config)
        {
            foreach (string error in errors)
            {
                await Console.Error.WriteLineAsync($"homeostat node: {error}")
                    .ConfigureAwait(false);
            }
            return ExitCode.Usage;
        }
        // Under the supervisor only the file has all lines; what is wrong goes to the console too.
        using var lines = new LineLogging(
            config.LogLevel, supervised is null ? Console.Error : null, config.LogFile);
        using ILoggerFactory logs = LoggerFactory.Create(
            builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        using var stop = new StopSignals(supervised is not null);
        return await RunAsync(config, logs, supervised, stop.Token).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(
        NodeConfig config, ILoggerFactory logs, Supervised? supervised, CancellationToken stop)
    {
        NodeHost? host = null;
        try
        {
            host = Open(config, logs, supervised);
            await host.StartAsync(stop).ConfigureAwait(false);
            Task stopped = Task.Delay(Timeout.Infinite, stop);
            Task reporting = supervised is null
                ? Task.CompletedTask
                : ChildReport.RunAsync(host, stop);
            await Task.WhenAny(stopped, host.Ended).ConfigureAwait(false);
            await reporting.ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                await host.LeaveAsync().ConfigureAwait(false);
                return ExitCode.Done;
            }
            NodeEnd end = await host.Ended.ConfigureAwait(false);
            await Console.Error.WriteLineAsync($"homeostat node: {end.Message}")
                .ConfigureAwait(false);
            return end.NeedsNewVersion ? ExitCode.NeedsNewVersion : ExitCode.Failed;
        }
        catch (Exception error) when (error is StoreException or PortInUseException)
        {
            logs.CreateLogger("node").LogError("{Message}", error.Message);
            await Console.Error.WriteLineAsync($"homeostat node: {error.Message}")
                .ConfigureAwait(false);
            return ExitCode.Usage;
        }
        finally
        {
            if (host is not null)
            {
                await StopAsync(host).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What is damaged is set aside once, where the peers can give it again.</summary>
    private static NodeHost Open(NodeConfig config, ILoggerFactory logs, Supervised? supervised)
    {
        try
        {
            return new NodeHost(config, logs, supervised);
        }
        catch (StoreException error) when (
            error.DamagedFile is not null && config.Repairs && config.Peers.Count > 0)
        {
            ILogger log = logs.CreateLogger("node");
            log.LogError("{Message}", error.Message);
            string done = StoreRepair.SetAside(config.DataDir, error.DamagedFile!, DateTime.UtcNow);
            log.LogWarning("{Message}", done);
            Console.Error.WriteLine($"homeostat node: {error.Message}");
            Console.Error.WriteLine($"homeostat node: {done}");
            return new NodeHost(config, logs, supervised, repaired: done);
        }
    }

    /// <summary>Cleanly, but in the time that the supervisor gives.</summary>
    private static async Task StopAsync(NodeHost host)
    {
        try
        {
            await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(4))
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync("homeostat node: stopping took too long; ending")
                .ConfigureAwait(false);
        }
    }
}
