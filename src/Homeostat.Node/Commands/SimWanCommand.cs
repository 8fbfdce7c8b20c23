using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat sim wan`: validators in the cities of the world, on measured pings.
/// </summary>
internal static class SimWanCommand
{
    /// <summary>Finality at most this many times what the distances allow.</summary>
    private const double Bar = 1.5;

    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var command = new Command(
            "wan", "Time to finality of validators in 16 cities, beside what distance allows");
        var defaults = new WanOptions { Cities = CityPings.Sixteen };
        var seed = new Option<ulong>("--seed")
        {
            Description = "The seed (default 1)", DefaultValueFactory = _ => defaults.Seed,
        };
        var seconds = new Option<int>("--seconds")
        {
            Description = "Virtual seconds (default 120)",
            DefaultValueFactory = _ => defaults.Seconds,
        };
        var rate = new Option<double>("--rate")
        {
            Description = "Transactions a second (default 1)",
            DefaultValueFactory = _ => defaults.Rate,
        };
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
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
            defaults with
            {
                Seed = parsed.GetValue(seed),
                Seconds = parsed.GetValue(seconds),
                Rate = parsed.GetValue(rate),
            },
            parsed.GetValue(json))));
        return command;
    }

    private static int Run(WanOptions options, bool json)
    {
        if (CityPings.TryLoad(options.Cities, out string reason) is not { } pings)
        {
            Console.Error.WriteLine($"homeostat sim wan: {reason}");
            return ExitCode.Usage;
        }
        WanResult result = WanRun.Run(options, pings);
        double p50 = result.Finality.P50Ms / result.Limit.P50Ms;
        double p95 = result.Finality.P95Ms / result.Limit.P95Ms;
        double submission50 = result.Submission.P50Ms / result.SubmissionLimit.P50Ms;
        double submission95 = result.Submission.P95Ms / result.SubmissionLimit.P95Ms;
        bool holds = p50 <= Bar && p95 <= Bar && submission50 <= Bar && submission95 <= Bar;
        Console.WriteLine(json
            ? JsonSerializer.Serialize(
                new
                {
                    result, bar = Bar, finalityP50 = p50, finalityP95 = p95,
                    submissionP50 = submission50, submissionP95 = submission95, holds,
                },
                Json)
            : $"{result.Validators} validators, {result.Blocks} blocks, {result.Transactions} "
                + $"transactions, digest {result.Digest:x16}\n"
                + "ms                          p50      p95  over the limit\n"
                + Line("proposal to final", result.Finality, p50, p95)
                + Line("limit: three steps", result.Limit, 1, 1)
                + Line("submission to final", result.Submission, submission50, submission95)
                + Line("limit with the way in", result.SubmissionLimit, 1, 1));
        return holds ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Line(string name, Latency latency, double p50, double p95) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-22} {latency.P50Ms,8:F1} {latency.P95Ms,8:F1}  {p50:F2} {p95:F2}\n");
}
