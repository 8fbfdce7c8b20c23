using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Drills;
using Homeostat.Node.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim fuzz`: mutated wire messages against a running validator.</summary>
internal static class SimFuzzCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var command = new Command(
            "fuzz", "Send mutated wire messages to a running validator of a network");
        var messages = new Option<long>("--messages")
        {
            Description = "Messages (default 1000000)", DefaultValueFactory = _ => 1_000_000,
        };
        var overTls = new Option<int>("--tls")
        {
            Description = "Of them over TLS (default 2000)", DefaultValueFactory = _ => 2_000,
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "The seed (default 1)", DefaultValueFactory = _ => 1,
        };
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
        messages.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() is not (>= 1_000 and <= 1_000_000_000))
            {
                result.AddError("--messages must be from 1000 to 1000000000");
            }
        });
        foreach (Option option in (Option[])[messages, overTls, seed, json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => RunAsync(
            new FuzzOptions
            {
                Messages = parsed.GetValue(messages),
                OverTls = parsed.GetValue(overTls),
                Seed = parsed.GetValue(seed),
                Folder = Directory.CreateTempSubdirectory("homeostat-fuzz").FullName,
            },
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(FuzzOptions options, bool json)
    {
        using var stop = new StopSignals(supervised: false);
        try
        {
            FuzzResult result = await new FuzzRun(
                options, NullLoggerFactory.Instance, Console.Error.WriteLine)
                .RunAsync(stop.Token).ConfigureAwait(false);
            Console.WriteLine(json ? JsonSerializer.Serialize(result, Json) : Words(result));
            return result.Failure is null ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("homeostat sim fuzz: stopped")
                .ConfigureAwait(false);
            return ExitCode.Failed;
        }
        finally
        {
            Directory.Delete(options.Folder, recursive: true);
        }
    }

    private static string Words(FuzzResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Messages} messages in {result.Seconds:F0} s: {result.Bans} identities banned, "
        + $"{result.BansExpired} of those over TLS let in again after their time; memory "
        + $"{result.MemoryAtTenth:F0} MB after a tenth, {result.MemoryAtEnd:F0} MB at the end; "
        + $"{result.Blocks} blocks meanwhile, a transfer final in {result.SlowestMs} ms at worst: "
        + $"{result.Failure ?? "borne"}");
}
