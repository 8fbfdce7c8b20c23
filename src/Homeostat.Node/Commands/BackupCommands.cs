using System.CommandLine;
using System.Text.Json;
using Homeostat.Node.Store;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat backup` and `homeostat restore`: a data folder copied and put back.
/// </summary>
internal static class BackupCommands
{
    public static Command CreateBackup()
    {
        Option<string> folder = Folder("--datadir", "The node's data folder; it may be running");
        Option<string> target = Folder("--to", "Folder to write the backup to; made when absent");
        Option<bool> json = Json();
        var command = new Command("backup", "Copy a node's data folder while it runs")
        {
            folder, target, json,
        };
        command.SetAction(parsed => Run(
            "backup", parsed.GetValue(json), progress => NodeBackup.Take(
                parsed.GetRequiredValue(folder), parsed.GetRequiredValue(target), progress)));
        return command;
    }

    public static Command CreateRestore()
    {
        Option<string> source = Folder("--from", "Folder that `homeostat backup` wrote");
        Option<string> folder = Folder(
            "--datadir", "Data folder to make; it must not hold a chain");
        Option<bool> json = Json();
        var command = new Command("restore", "Make a data folder of a backup")
        {
            source, folder, json,
        };
        command.SetAction(parsed => Run(
            "restore", parsed.GetValue(json), progress => NodeBackup.Restore(
                parsed.GetRequiredValue(source), parsed.GetRequiredValue(folder), progress)));
        return command;
    }

    private static Option<string> Folder(string name, string description) =>
        new(name) { Description = description, Required = true };

    private static Option<bool> Json() =>
        new("--json") { Description = "Print the manifest as one line of JSON" };

    private static int Run(
        string name, bool json, Func<Action<CopyProgress>, BackupManifest> work)
    {
        try
        {
            BackupManifest manifest = work(new CopyLines(Console.Error).Tell);
            Console.WriteLine(json
                ? JsonSerializer.Serialize(manifest, JsonSerializerOptions.Web)
                : $"block {manifest.Height} ({manifest.BlockHash}), state root "
                    + $"{manifest.StateRoot}; {manifest.Network}; taken {manifest.TakenAt}");
            return ExitCode.Done;
        }
        catch (StoreException error)
        {
            Console.Error.WriteLine($"homeostat {name}: {error.Message}");
            return ExitCode.Failed;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"homeostat {name}: {error.Message}");
            return ExitCode.Failed;
        }
    }
}

/// <summary>A line each second of a copy, with rate and time left.</summary>
internal sealed class CopyLines(TextWriter output)
{
    private const double EverySeconds = 1;
    private const double MiB = 1 << 20;

    private string _name = "";
    private long _start;
    private long _told;

    public void Tell(CopyProgress progress)
    {
        long now = Environment.TickCount64;
        if (progress.Name != _name)
        {
            (_name, _start, _told) = (progress.Name, now, now);
        }
        bool isDone = progress.Done >= progress.All;
        if (!isDone && now - _told < EverySeconds * 1_000)
        {
            return;
        }
        _told = now;
        double seconds = Math.Max(0.001, (now - _start) / 1_000.0);
        double rate = progress.Done / MiB / seconds;
        double left = (progress.All - progress.Done) / MiB / Math.Max(rate, 0.001);
        output.WriteLine(FormattableString.Invariant(
            $"{progress.Name}: {progress.Done / MiB:F1} of {progress.All / MiB:F1} MiB")
            + FormattableString.Invariant($", {rate:F0} MiB/s")
            + (isDone ? "" : FormattableString.Invariant($", {left:F0} s left")));
    }
}
