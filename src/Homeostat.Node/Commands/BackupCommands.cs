using System.CommandLine;
using System.Text.Json;
using Homeostat.Node.Progress;
using Homeostat.Node.Store;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat backup` and `homeostat restore`: a data folder copied and put back.
/// </summary>
internal static class BackupCommands
{
    private const double MiB = 1 << 20;

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
            ProgressLines lines = ProgressLines.Of(json);
            BackupManifest manifest = work(copied => lines.Tell(
                copied.Name, copied.Done / MiB, copied.All / MiB, "MiB"));
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
