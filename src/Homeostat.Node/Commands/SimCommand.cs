using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Progress;
using Homeostat.Node.Supervision;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim`: seeds of faults over production replicas on virtual time.</summary>
internal static class SimCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var defaults = new SimulationOptions();
        var command = new Command("sim", "Simulate networks under faults, by seed");
        var seeds = Number("--seeds", "How many seeds", (ulong)defaults.Seeds, 10_000_000);
        var seedBase = Number("--seed-base", "The first", defaults.SeedBase, ulong.MaxValue);
        var validators = Number("--validators", "Validators", (ulong)defaults.Validators, 64);
        var threads = Number("--threads", "Seeds at a time", (ulong)defaults.Threads, 1_024);
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
        command.Options.Add(seeds);
        command.Options.Add(seedBase);
        command.Options.Add(validators);
        command.Options.Add(threads);
        command.Subcommands.Add(SimWanCommand.Create());
        command.Subcommands.Add(SimLeadersCommand.Create());
        command.Subcommands.Add(SimEnduranceCommand.Create());
        command.Subcommands.Add(SimCostsCommand.Create());
        command.Subcommands.Add(SimJoinCommand.Create());
        command.Subcommands.Add(SimFuzzCommand.Create());
        command.Subcommands.Add(SimRelayCommand.Create());
        command.Options.Add(json);
        command.SetAction((parsed, _) =>
        {
            var options = defaults with
            {
                Seeds = (int)parsed.GetValue(seeds),
                SeedBase = parsed.GetValue(seedBase),
                Validators = (int)parsed.GetValue(validators),
                Threads = (int)parsed.GetValue(threads),
            };
            return Task.FromResult(Run(options, parsed.GetValue(json)));
        });
        return command;
    }

    private static Option<ulong> Number(string name, string description, ulong value, ulong most)
    {
        var option = new Option<ulong>(name)
        {
            Description = string.Create(
                CultureInfo.InvariantCulture, $"{description} (default {value})"),
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<ulong>() > most)
            {
                result.AddError($"{name} must be at most {most}");
            }
        });
        return option;
    }

    private static int Run(SimulationOptions options, bool json)
    {
        if (options.Seeds < 1 || options.Validators < 1 || options.Threads < 1)
        {
            Console.Error.WriteLine(
                "homeostat sim: --seeds, --validators and --threads must be at least 1");
            return ExitCode.Usage;
        }
        using var stop = new StopSignals(supervised: false);
        var progress = new SimProgress(
            options.Seeds, ProgressLines.Of(json), Console.Error);
        SimulationResult result = SimulationRunner.Run(options, progress.Tell, stop.Token);
        foreach (SeedFailure failure in result.Failures)
        {
            Console.Error.WriteLine($"seed {failure.Seed}: {failure.Reason}");
            Console.Error.WriteLine($"  commit {failure.Commit}, again: {failure.Command}");
        }
        Console.WriteLine(json
            ? JsonSerializer.Serialize(result, Json)
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Seeds} seeds, {result.Violations} violations, {result.Stalls} stalls, "
                + $"{result.Blocks} blocks, {result.Transactions} transactions, recovered in "
                + $"{result.RecoveryP95Ms} ms at p95, {result.RecoveryMostMs} at most; a new block "
                + $"after {result.NewBlockP95Ms} and {result.NewBlockMostMs} ms, "
                + $"{result.NewBlockP95Timeouts / 100.0:F1} and "
                + $"{result.NewBlockMostTimeouts / 100.0:F1} of the timeouts in force, "
                + $"{result.Seconds:F1} s"));
        return result.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
