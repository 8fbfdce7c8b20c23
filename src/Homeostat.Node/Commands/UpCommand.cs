using System.CommandLine;
using System.Globalization;
using Homeostat.Node.Configuration;
using Homeostat.Node.Supervision;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat up`: a whole network on this machine.</summary>
internal static class UpCommand
{
    private static readonly Setting<int> Validators = new(
        "validators", "Validator processes; 1 is a developer's chain", "4",
        text => Settings.Range(text, 1, UpOptions.MostValidators));

    private static readonly Setting<string> DataDir = Settings.DataDir with
    {
        Description = "Folder of the network; started again on it, the chain goes on",
        Default = "./.homeostat/up",
    };

    private static readonly Setting<int> HttpPort = Settings.HttpPort with
    {
        Description = "RPC port of validator 0 (HTTP and WebSocket); validator i: + 10·i",
    };

    private static readonly Setting<int> P2pPort = Settings.P2pPort with
    {
        Description = "Peer port of validator 0; validator i: + i",
    };

    public static Command Create()
    {
        var command = new Command("up", "Run a whole network on this machine, for development");
        var settings = new SettingOptions(
            command, [Validators, DataDir, HttpPort, P2pPort, Settings.GasCap, Settings.LogLevel]);
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON line when ready, and nothing else",
        };
        var noRestart = new Option<bool>("--no-restart")
        {
            Description = "Leave a validator that dies down",
        };
        command.Options.Add(json);
        command.Options.Add(noRestart);
        command.SetAction((parsed, _) => RunAsync(
            settings.Given(parsed), parsed.GetValue(json), parsed.GetValue(noRestart)));
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string> flags, bool json, bool noRestart)
    {
        var sources = new SettingSources(flags, Environment.GetEnvironmentVariable, null);
        int validators = sources.Read(Validators);
        bool isAsked = flags.ContainsKey(Validators.Name)
            || Environment.GetEnvironmentVariable(Validators.EnvironmentName) is not null;
        var options = new UpOptions
        {
            Validators = isAsked ? validators : null,
            DataDir = sources.Read(DataDir),
            HttpPort = sources.Read(HttpPort),
            P2pPort = sources.Read(P2pPort),
            GasCap = sources.Read(Settings.GasCap),
            LogLevel = sources.Read(Settings.LogLevel),
            Json = json,
            Restart = !noRestart,
        };
        if (sources.Errors.Count > 0)
        {
            foreach (string error in sources.Errors)
            {
                await Console.Error.WriteLineAsync($"homeostat up: {error}").ConfigureAwait(false);
            }
            return ExitCode.Usage;
        }
        using var stop = new StopSignals(supervised: false);
        try
        {
            return await new Supervisor(options, Console.Out, Console.Error)
                .RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (UpException error)
        {
            await Console.Error.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"homeostat up: {error.Message}"))
                .ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }
}
