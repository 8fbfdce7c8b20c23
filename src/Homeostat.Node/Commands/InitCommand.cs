using System.CommandLine;
using Homeostat.Node.Configuration;
using Homeostat.Node.Supervision;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat init`: the folder of a development network, without starting it. (A genesis of
/// one's own choices follows with docs/operating.)
/// </summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Command("init", "Write a development network's genesis and keys");
        var folder = new Option<string>("--datadir")
        {
            Description = "Folder to write (default ./.homeostat/up)",
            DefaultValueFactory = _ => "./.homeostat/up",
        };
        var validators = new Option<string>("--validators")
        {
            Description = "Number of validators (default 4)",
            DefaultValueFactory = _ => "4",
        };
        command.Options.Add(folder);
        command.Options.Add(validators);
        command.SetAction(
            parsed => Run(parsed.GetValue(folder)!, parsed.GetValue(validators)!));
        return command;
    }

    private static int Run(string folder, string validators)
    {
        (int count, string? error) = Settings.Range(validators, 1, UpOptions.MostValidators);
        if (error is not null)
        {
            Console.Error.WriteLine($"homeostat init: validators: {error}");
            return ExitCode.Usage;
        }
        try
        {
            DevelopmentFolder made = DevelopmentFolder.Open(folder, count);
            Console.WriteLine($"{made.GenesisFile}: {made.Validators} validators");
            return ExitCode.Done;
        }
        catch (UpException failure)
        {
            Console.Error.WriteLine($"homeostat init: {failure.Message}");
            return ExitCode.Failed;
        }
    }
}
