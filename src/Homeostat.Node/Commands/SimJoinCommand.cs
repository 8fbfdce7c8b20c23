using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Drills;
using Homeostat.Node.Logging;
using Homeostat.Node.Supervision;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim join`: how long an empty node takes to join a long chain.</summary>
internal static class SimJoinCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var command = new Command(
            "join", "Make a long chain and measure a node that joins it by a snapshot");
        var accounts = Number("--accounts", "Accounts", 100_000);
        var blocks = Number("--blocks", "Blocks", 10_000);
        var servers = Number("--servers", "Nodes that serve", 2);
        var genesis = new Option<bool>("--from-genesis")
        {
            Description = "Block by block in the place of a snapshot",
        };
        var honest = new Option<bool>("--no-liar") { Description = "No server that lies" };
        var verbose = new Option<bool>("--verbose") { Description = "The nodes' own log lines" };
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
        foreach (Option option in (Option[])
            [accounts, blocks, servers, genesis, honest, verbose, json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => RunAsync(
            new JoinOptions
            {
                Accounts = parsed.GetValue(accounts),
                Blocks = parsed.GetValue(blocks),
                Servers = parsed.GetValue(servers),
                FromGenesis = parsed.GetValue(genesis),
                HasLiar = !parsed.GetValue(honest),
                Folder = Directory.CreateTempSubdirectory("homeostat-join").FullName,
            },
            parsed.GetValue(verbose), parsed.GetValue(json)));
        return command;
    }

    private static Option<int> Number(string name, string description, int value)
    {
        var option = new Option<int>(name)
        {
            Description = string.Create(
                CultureInfo.InvariantCulture, $"{description} (default {value})"),
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 10_000_000))
            {
                result.AddError($"{name} must be from 1 to 10000000");
            }
        });
        return option;
    }

    private static async Task<int> RunAsync(JoinOptions options, bool verbose, bool json)
    {
        using var stop = new StopSignals(supervised: false);
        using var lines = new LineLogging(
            LogVerbosity.Info, verbose ? Console.Error : null, "");
        using ILoggerFactory logs = LoggerFactory.Create(
            builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        try
        {
            JoinResult result = await new JoinRun(options, logs, Console.Error.WriteLine)
                .RunAsync(stop.Token).ConfigureAwait(false);
            Console.WriteLine(json ? JsonSerializer.Serialize(result, Json) : Words(result));
            return result.Failure is null ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("homeostat sim join: stopped")
                .ConfigureAwait(false);
            return ExitCode.Failed;
        }
        finally
        {
            Directory.Delete(options.Folder, recursive: true);
        }
    }

    private static string Words(JoinResult result) => result.Failure is { } failure
        ? $"the node did not join: {failure}"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"joined {result.Blocks} blocks in {result.Seconds:F1} s by the state of block "
            + $"{result.FirstBlock}: {result.Accounts} accounts, {result.Slots} slots, "
            + $"{result.Codes} with code, {result.Kilobytes} kB from peers; "
            + $"{result.Lies} lies told, liar banned: {(result.IsLiarBanned ? "yes" : "no")}");
}
