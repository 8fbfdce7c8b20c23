using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim leaders`: dead and slow leaders, by who is let lead.</summary>
internal static class SimLeadersCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly LeadersOptions Defaults = new();

    public static Command Create()
    {
        var command = new Command(
            "leaders", "Seven validators in seven cities, up to two of them dead or slow");
        var seed = new Option<ulong>("--seed")
        {
            Description = "The first seed (default 1)", DefaultValueFactory = _ => 1,
        };
        Option<int> seeds = Number("--seeds", "Seeds of each row", Defaults.Seeds, 1, 1_000);
        Option<int> seconds = Number("--seconds", "Virtual seconds", Defaults.Seconds, 1, 100_000);
        Option<int> warmUp = Number(
            "--warmup", "Virtual seconds before them", Defaults.WarmUpSeconds, 0, 100_000);
        Option<int> timeout = Number(
            "--timeout", "Ratified leader timeout, milliseconds", (int)Defaults.TimeoutMs, 50,
            60_000);
        Option<int> threads = Number(
            "--threads", "Seeds run at the same time", Defaults.Threads, 1, 1_024);
        var rate = new Option<double>("--rate")
        {
            Description = "Transactions a second (default 20)", DefaultValueFactory = _ => 20,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object instead" };
        rate.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 10_000))
            {
                result.AddError("--rate must be more than 0 and at most 10000");
            }
        });
        foreach (Option option in
            (Option[])[seed, seeds, seconds, warmUp, timeout, rate, threads, json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => Task.FromResult(Run(
            new LeadersOptions
            {
                SeedBase = parsed.GetValue(seed),
                Seeds = parsed.GetValue(seeds),
                Seconds = parsed.GetValue(seconds),
                WarmUpSeconds = parsed.GetValue(warmUp),
                TimeoutMs = (ulong)parsed.GetValue(timeout),
                Threads = parsed.GetValue(threads),
                Rate = parsed.GetValue(rate),
            },
            parsed.GetValue(json))));
        return command;
    }

    private static Option<int> Number(
        string name, string description, int value, int least, int most)
    {
        var option = new Option<int>(name)
        {
            Description = name == "--threads"
                ? $"{description} (default: one a core)"
                : $"{description} (default {value})",
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < least || result.GetValueOrDefault<int>() > most)
            {
                result.AddError($"{name} must be from {least} to {most}");
            }
        });
        return option;
    }

    private static int Run(LeadersOptions options, bool json)
    {
        if (CityPings.TryLoad(CityPings.Seven, out string reason) is not { } pings)
        {
            Console.Error.WriteLine($"homeostat sim leaders: {reason}");
            return ExitCode.Usage;
        }
        if (!json)
        {
            Console.WriteLine(
                $"means over {options.Seeds} seeds, and how far single ones stray (±)");
            Console.WriteLine(
                "policy         faulty          blocks          tps         p50 ms         p95 ms");
        }
        var rows = new List<object>();
        foreach (LeadersRow row in LeadersRun.Run(options, pings))
        {
            rows.Add(new
            {
                row.Policy, Kind = row.Kind.ToString(), row.Faulty, row.Results,
                P95Ms = row.Over(result => result.Submission.P95Ms).Mean,
            });
            if (!json)
            {
                Console.WriteLine(
                    $"{row.Policy,-14} {row.Faulty} {row.Kind,-5}"
                    + Figure(row, result => result.Blocks, "F0")
                    + Figure(row, result => result.TransactionsPerSecond, "F1")
                    + Figure(row, result => result.Submission.P50Ms, "F0")
                    + Figure(row, result => result.Submission.P95Ms, "F0"));
            }
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { options, rows }, Json));
        }
        return ExitCode.Done;
    }

    private static string Figure(LeadersRow row, Func<WanResult, double> figure, string format)
    {
        (double mean, double deviation) = row.Over(figure);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{mean.ToString(format, CultureInfo.InvariantCulture),9} ± "
            + $"{deviation.ToString(format, CultureInfo.InvariantCulture),-4}");
    }
}
