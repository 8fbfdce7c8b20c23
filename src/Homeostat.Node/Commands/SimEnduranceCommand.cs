using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Supervision;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim endurance`: days of virtual time in one run, and what grows.</summary>
internal static class SimEnduranceCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var command = new Command(
            "endurance", "Days of virtual time at mixed load: does memory or disk grow?");
        var hours = new Option<int>("--hours")
        {
            Description = "Virtual hours (default 72)", DefaultValueFactory = _ => 72,
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "The seed (default 1)", DefaultValueFactory = _ => 1,
        };
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
        hours.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 10_000))
            {
                result.AddError("--hours must be from 1 to 10000");
            }
        });
        command.Options.Add(hours);
        command.Options.Add(seed);
        command.Options.Add(json);
        command.SetAction((parsed, _) => Task.FromResult(Run(
            new EnduranceOptions
            {
                Hours = parsed.GetValue(hours), Seed = parsed.GetValue(seed),
            },
            parsed.GetValue(json))));
        return command;
    }

    private static int Run(EnduranceOptions options, bool json)
    {
        using var stop = new StopSignals(supervised: false);
        long start = Environment.TickCount64;
        Console.Error.WriteLine(
            "  hour  blocks transactions  heap MB  journal kB  history MB  state MB  left s");
        EnduranceResult result;
        try
        {
            result = EnduranceRun.Run(
                options,
                sample =>
                {
                    double seconds = (Environment.TickCount64 - start) / 1_000.0;
                    double left = seconds * (options.Hours - sample.Hours) / sample.Hours;
                    Console.Error.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{sample.Hours,6} {sample.Blocks,7} {sample.Transactions,12} "
                        + $"{sample.HeapMegabytes,8:F1} {sample.JournalBytes / 1e3,11:F1} "
                        + $"{sample.LogBytes / 1e6,11:F1} {sample.StateBytes / 1e6,9:F1} "
                        + $"{left,7:F0}"));
                },
                stop.Token);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("homeostat sim endurance: stopped");
            return ExitCode.Failed;
        }
        Console.WriteLine(json
            ? JsonSerializer.Serialize(result, Json)
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Hours} hours in {result.Seconds:F0} s, digest {result.Digest:x16}: "
                + $"{result.Violation ?? (result.IsBounded ? "bounded" : "NOT BOUNDED")}"));
        return result.IsBounded ? ExitCode.Done : ExitCode.Failed;
    }
}
