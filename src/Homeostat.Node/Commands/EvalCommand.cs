using System.CommandLine;
using Homeostat.Node.Progress;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat eval LOOP --data DIR [--json]`: measures a loop against what other chains do, on
/// records. Exit code 1 when a bar does not hold.
/// </summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var command = new Command("eval", "Measure a loop against its baselines on real records");
        command.Subcommands.Add(Loop(
            "capacity", "Steered price and room against EIP-1559, AIMD-1559 and ACP-176",
            (data, isQuick, progress) => CapacityEvaluation.Run(
                data, isQuick ? CapacityEvaluationOptions.Quick : new(),
                Console.Error.WriteLine, progress)));
        command.Subcommands.Add(Loop(
            "ordering", "Classes and drawn places against fee order, FIFO and random",
            (data, isQuick, progress) => OrderingEvaluation.Run(
                data, isQuick ? OrderingEvaluationOptions.Quick : new(), progress)));
        command.Subcommands.Add(Loop(
            "governance", "Hours to effect of recorded proposals, then and by a standing rule",
            (data, _, _) => GovernanceEvaluation.Run(data)));
        return command;
    }

    /// <summary>The records' folder, whether to be quick, and where progress goes.</summary>
    private delegate EvalReport Evaluation(string data, bool isQuick, Action<int, int> progress);

    private static Command Loop(string name, string description, Evaluation run)
    {
        var command = new Command(name, description);
        var data = new Option<string>("--data")
        {
            Description = "Folder with the records",
            Required = true,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table" };
        command.Options.Add(data);
        var quick = new Option<bool>("--quick")
        {
            Description = "A small part of everything: shows that it works, measures nothing",
        };
        command.Options.Add(json);
        command.Options.Add(quick);
        command.SetAction(parsed => Run(
            name, parsed.GetValue(data)!, parsed.GetValue(json), parsed.GetValue(quick), run));
        return command;
    }

    private static int Run(
        string name, string data, bool json, bool isQuick, Evaluation run)
    {
        ProgressLines lines = ProgressLines.Of(json);
        try
        {
            EvalReport report = run(data, isQuick, (done, all) => lines.Tell(
                $"evaluating {name}", done, all, "parts"));
            Console.WriteLine(json ? report.ToJson() : report.ToText());
            return report.Holds ? ExitCode.Done : ExitCode.Failed;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            or FormatException or InvalidDataException
            or IndexOutOfRangeException)
        {
            Console.Error.WriteLine(
                $"homeostat eval: {failure.Message} (--data must hold the records' folders)");
            return ExitCode.Usage;
        }
    }
}
