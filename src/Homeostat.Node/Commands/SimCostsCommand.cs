using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Simulator;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat sim costs`: measures what virtual time charges, for the table in the source
/// (`MeasuredCosts`).
/// </summary>
internal static class SimCostsCommand
{
    private const int Commits = 400;
    private const int RecordBytes = 400;

    public static Command Create()
    {
        var command = new Command(
            "costs", "Measure what a simulation charges for work, signatures and disk");
        var folder = new Option<string>("--datadir")
        {
            Description = "A folder on the disk to measure (default: the current one)",
            DefaultValueFactory = _ => ".",
        };
        command.Options.Add(folder);
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetValue(folder)!)));
        return command;
    }

    private static int Run(string folder)
    {
        double[] syncs = MeasureCommits(folder);
        CostMeasurement costs = CostMeasurement.Take();
        Write("BlockUs", costs.BlockUs, "a block without users' transactions, executed");
        Write("TransferUs", costs.TransferUs, "one transfer more in it");
        Write("IntakeUs", costs.IntakeUs, "decoding a transaction, recovering its sender");
        Write("RecoverUs", costs.RecoverUs, "recovering who signed a vote");
        Write("SignUs", costs.SignUs, "signing a vote");
        Write("SyncP5Us", syncs[syncs.Length / 20], "a commit of the store, 5th percentile");
        Write("(median)", syncs[syncs.Length / 2], "a commit of the store, median");
        Write("SyncP95Us", syncs[syncs.Length * 19 / 20], "a commit of the store, 95th");
        return ExitCode.Done;
    }

    private static void Write(string name, double us, string what) => Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{name,-12} {us,10:F0} us  {what}"));

    /// <summary>A vote's journal record, as the store writes it: one fsync each.</summary>
    private static double[] MeasureCommits(string folder)
    {
        string path = Path.Combine(folder, $"homeostat-costs-{Environment.ProcessId}");
        var times = new List<double>();
        try
        {
            using var store = new NodeStore(
                path, new ChainId(1), Hash256.Zero, 0, error => throw error,
                NullLogger.Instance);
            for (int i = 0; i < Commits; i++)
            {
                var batch = new PersistBatch
                {
                    Durable = true,
                    Journal = [new JournalEntry(new View((ulong)i + 1), new byte[RecordBytes])],
                };
                long start = Stopwatch.GetTimestamp();
                store.Commit([batch]);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }
        finally
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        return [.. times.Skip(Commits / 10).Order()];
    }
}
