using System.CommandLine;
using Homeostat.Node.Configuration;
using Homeostat.Node.Keys;
using Homeostat.Node.Operating;
using Homeostat.Node.Supervision;
using Homeostat.Primitives;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat init`: with --network a real network's genesis, keys and settings out of a small
/// file (docs/operating); without, the folder of a development network, not started.
/// </summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Command("init", "Write a network's genesis, keys and settings");
        var network = new Option<string>("--network")
        {
            Description =
                "File that says what the network is (docs/operating); else a development one",
        };
        var output = new Option<string>("--out")
        {
            Description = "With --network: folder to write (default ./network)",
            DefaultValueFactory = _ => "./network",
        };
        var folder = new Option<string>("--datadir")
        {
            Description = "Folder of a development network (default ./.homeostat/up)",
            DefaultValueFactory = _ => "./.homeostat/up",
        };
        var validators = new Option<string>("--validators")
        {
            Description = "Validators of a development network (default 4)",
            DefaultValueFactory = _ => "4",
        };
        var light = new Option<bool>("--lightkdf")
        {
            Description = "With --network: less memory and time for keys, less safety, as in geth",
        };
        foreach (Option option in (Option[])[network, output, folder, validators, light])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => parsed.GetValue(network) is { Length: > 0 } file
            ? RunNetwork(file, parsed.GetValue(output)!, parsed.GetValue(light))
            : Run(parsed.GetValue(folder)!, parsed.GetValue(validators)!));
        return command;
    }

    private static int RunNetwork(string file, string folder, bool light)
    {
        try
        {
            NetworkPlan? plan = NetworkPlan.TryRead(
                File.ReadAllBytes(file), DateTimeOffset.UtcNow, out string error);
            if (plan is null)
            {
                Console.Error.WriteLine($"homeostat init: {file}: {error}");
                return ExitCode.Usage;
            }
            IReadOnlyList<Address> addresses = NetworkFolder.Write(
                plan, folder, light ? KeystoreV3.LightCost : KeystoreV3.StandardCost);
            for (int i = 0; i < addresses.Count; i++)
            {
                PlannedValidator validator = plan.Validators[i];
                Console.WriteLine($"{validator.Name}: {addresses[i].ToChecksum()} at "
                    + $"{validator.Host}:{validator.P2pPort}, "
                    + (validator.Address is null ? "key made" : "key with its operator"));
            }
            string genesis = Path.Combine(folder, "genesis.json");
            Console.WriteLine($"{genesis}: chain {plan.ChainId}; carry "
                + "each folder to its machine (docs/operating)");
            return ExitCode.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"homeostat init: {failure.Message}");
            return ExitCode.Failed;
        }
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
