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

    public static Command Create()
    {
        var command = new Command(
            "leaders", "Seven validators in seven cities, up to two of them dead or slow");
        var seed = new Option<ulong>("--seed")
        {
            Description = "The seed (default 1)", DefaultValueFactory = _ => 1,
        };
        var seconds = new Option<int>("--seconds")
        {
            Description = "Virtual seconds (default 120)", DefaultValueFactory = _ => 120,
        };
        var rate = new Option<double>("--rate")
        {
            Description = "Transactions a second (default 20)", DefaultValueFactory = _ => 20,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object instead" };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 100_000))
            {
                result.AddError("--seconds must be from 1 to 100000");
            }
        });
        rate.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 10_000))
            {
                result.AddError("--rate must be more than 0 and at most 10000");
            }
        });
        foreach (Option option in (Option[])[seed, seconds, rate, json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => Task.FromResult(Run(
            parsed.GetValue(seed), parsed.GetValue(seconds), parsed.GetValue(rate),
            parsed.GetValue(json))));
        return command;
    }

    private static int Run(ulong seed, int seconds, double rate, bool json)
    {
        if (CityPings.TryLoad(CityPings.Seven, out string reason) is not { } pings)
        {
            Console.Error.WriteLine($"homeostat sim leaders: {reason}");
            return ExitCode.Usage;
        }
        if (!json)
        {
            Console.WriteLine("policy       faulty      blocks     tps   p50 ms   p95 ms");
        }
        var rows = new List<object>();
        foreach (LeadersRow row in LeadersRun.Run(seed, seconds, rate, pings))
        {
            WanResult result = row.Result;
            rows.Add(new { row.Policy, Kind = row.Kind.ToString(), result });
            if (!json)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Policy,-12} {result.Faulty} {row.Kind,-8} {result.Blocks,7} "
                    + $"{result.TransactionsPerSecond,7:F1} {result.Submission.P50Ms,8:F0} "
                    + $"{result.Submission.P95Ms,8:F0}"));
            }
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { seed, seconds, rate, rows }, Json));
        }
        return ExitCode.Done;
    }
}
