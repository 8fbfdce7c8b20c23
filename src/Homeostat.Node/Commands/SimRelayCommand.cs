using System.CommandLine;
using System.Globalization;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat sim relay`: bytes that a transaction costs the network.</summary>
internal static class SimRelayCommand
{
    public static Command Create()
    {
        var command = new Command(
            "relay", "Bytes a transaction costs the network, with whole and compact proposals");
        var rate = new Option<int>("--rate")
        {
            Description = "Transfers a second (default 200)", DefaultValueFactory = _ => 200,
        };
        var seconds = new Option<int>("--seconds")
        {
            Description = "Virtual seconds of load (default 20)", DefaultValueFactory = _ => 20,
        };
        foreach (Option<int> option in (Option<int>[])[rate, seconds])
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is not (>= 1 and <= 10_000))
                {
                    result.AddError($"{option.Name} must be from 1 to 10000");
                }
            });
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) =>
        {
            Run(parsed.GetValue(rate), parsed.GetValue(seconds));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static void Run(int rate, int seconds)
    {
        Console.WriteLine(
            "validators proposals transactions blocks  gossip  proposals  other  "
            + "bytes/transaction");
        foreach (int validators in (int[])[4, 7])
        {
            foreach (bool compact in (bool[])[false, true])
            {
                RelayResult result = RelayRun.Run(validators, compact, rate, seconds, 1);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{validators,10} {(compact ? "compact" : "whole"),9} {result.Transactions,12} "
                    + $"{result.Blocks,6} {PerTransaction(result.Gossip, result),7:F0} "
                    + $"{PerTransaction(result.Proposals, result),10:F0} "
                    + $"{PerTransaction(result.Other, result),6:F0} "
                    + $"{result.BytesPerTransaction,18:F0}"));
            }
        }
    }

    private static double PerTransaction(long bytes, RelayResult result) =>
        (double)bytes / Math.Max(1, result.Transactions);
}
