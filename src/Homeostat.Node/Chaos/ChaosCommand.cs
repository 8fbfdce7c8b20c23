using System.CommandLine;
using System.Globalization;
using Homeostat.Node.Commands;
using Homeostat.Node.Supervision;

namespace Homeostat.Node.Chaos;

/// <summary>
/// `homeostat chaos`: real validator processes under load while they are killed, stopped, cut off,
/// left without disk space and given a wrong clock.
/// </summary>
internal static class ChaosCommand
{
    public static Command Create()
    {
        var command = new Command(
            "chaos", "Torment a network of real processes and check that it recovers");
        var minutes = new Option<double>("--minutes")
        {
            Description = "How long faults go on (default 10)",
            DefaultValueFactory = _ => 10,
        };
        var validators = Number("--validators", "Validator processes, 4 to 16", 4, 4, 16);
        var rate = Number("--rate", "Transfers a second", 40, 1, 1_000);
        var seed = Number("--seed", "Draws the order of faults and whom they hit", 1, 0, 1 << 30);
        var port = Number(
            "--port", "First port, where there are no network namespaces", 8645, 1, 65_000);
        var only = new Option<string>("--only")
        {
            Description = "Only faults whose names contain this",
            DefaultValueFactory = _ => "",
        };
        var json = new Option<bool>("--json") { Description = "End with one JSON object" };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 10_000))
            {
                result.AddError("--minutes must be more than 0 and at most 10000");
            }
        });
        Option[] all = [minutes, validators, rate, seed, port, only, json];
        foreach (Option option in all)
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => RunAsync(new ChaosOptions
        {
            Minutes = parsed.GetValue(minutes),
            Validators = parsed.GetValue(validators),
            Rate = parsed.GetValue(rate),
            Seed = (ulong)parsed.GetValue(seed),
            Port = parsed.GetValue(port),
            Only = parsed.GetValue(only)!,
            Json = parsed.GetValue(json),
        }));
        return command;
    }

    private static Option<int> Number(
        string name, string description, int value, int least, int most)
    {
        var option = new Option<int>(name)
        {
            Description = string.Create(
                CultureInfo.InvariantCulture, $"{description} (default {value})"),
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            int given = result.GetValueOrDefault<int>();
            if (given < least || given > most)
            {
                result.AddError($"{name} must be from {least} to {most}");
            }
        });
        return option;
    }

    private static async Task<int> RunAsync(ChaosOptions options)
    {
        using var stop = new StopSignals(supervised: false);
        ChaosCluster? cluster = null;
        try
        {
            cluster = new ChaosCluster(options);
            foreach (string skipped in cluster.Skipped)
            {
                await Console.Error.WriteLineAsync($"homeostat chaos: without {skipped}")
                    .ConfigureAwait(false);
            }
            ChaosReport report = await new ChaosRun(cluster, options, Console.Error)
                .RunAsync(stop.Token).ConfigureAwait(false);
            cluster.KeepsFolder = !report.Holds;
            report.Write(options.Json ? Console.Error : Console.Out);
            if (options.Json)
            {
                await Console.Out.WriteLineAsync(report.ToJson()).ConfigureAwait(false);
            }
            return report.Holds ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("homeostat chaos: stopped").ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (Exception error) when (error is ChaosException or UpException)
        {
            cluster?.KeepsFolder = true;
            await Console.Error.WriteLineAsync($"homeostat chaos: {error.Message}")
                .ConfigureAwait(false);
            return ExitCode.Failed;
        }
        finally
        {
            cluster?.Dispose();
            if (cluster is { KeepsFolder: true })
            {
                await Console.Error.WriteLineAsync(
                    $"homeostat chaos: logs are kept in {cluster.Folder}").ConfigureAwait(false);
            }
        }
    }
}
