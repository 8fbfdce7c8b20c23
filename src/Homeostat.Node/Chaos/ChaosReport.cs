using System.Globalization;
using System.Text.Json;

namespace Homeostat.Node.Chaos;

/// <summary>How long one kind of fault took to recover from, over all its times.</summary>
internal sealed record ChaosRow(string Fault, int Times, long P50Ms, long P95Ms, long WorstMs);

/// <summary>What `chaos` found; with --json the last line, as one object.</summary>
internal sealed record ChaosReport
{
    /// <summary>From the end of a fault to full speed, at the 95th percentile.</summary>
    public const long BarMs = 10_000;

    private static readonly JsonSerializerOptions Naming =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public required double Minutes { get; init; }

    public required int Validators { get; init; }

    public required ulong Seed { get; init; }

    public required IReadOnlyList<ChaosRow> Faults { get; init; }

    /// <summary>Of all faults together.</summary>
    public required long P95Ms { get; init; }

    public required int NeverRecovered { get; init; }

    public required IReadOnlyList<string> Violations { get; init; }

    public required IReadOnlyList<string> Skipped { get; init; }

    public required ulong Blocks { get; init; }

    /// <summary>Of the last block, the same on all nodes.</summary>
    public required string StateRoot { get; init; }

    public required ulong Sent { get; init; }

    public required ulong Included { get; init; }

    public bool Holds =>
        Violations.Count == 0 && NeverRecovered == 0 && P95Ms <= BarMs && Sent == Included;

    public static ChaosReport Of(
        ChaosOptions options, ChaosCluster cluster, ChaosWatch watch,
        IReadOnlyList<ChaosOutcome> outcomes, ChaosLoad load, bool areAllIn)
    {
        if (!areAllIn)
        {
            watch.Accuse($"{load.Sent - load.Confirmed} transfers are not final in the end");
        }
        (ulong blocks, string root) = watch.Common();
        return new ChaosReport
        {
            Minutes = options.Minutes,
            Validators = options.Validators,
            Seed = options.Seed,
            Faults =
            [
                .. outcomes.Where(outcome => outcome.RecoveredMs is not null)
                    .GroupBy(outcome => outcome.Fault)
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => RowOf(
                        group.Key, [.. group.Select(x => x.RecoveredMs!.Value)])),
            ],
            P95Ms = Quantile([.. outcomes.Select(x => x.RecoveredMs).OfType<long>()], 95),
            NeverRecovered = outcomes.Count(outcome => outcome.RecoveredMs is null),
            Violations = [.. watch.Violations],
            Skipped = cluster.Skipped,
            Blocks = blocks,
            StateRoot = root,
            Sent = load.Sent,
            Included = load.Confirmed,
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, Naming);

    public void Write(TextWriter output)
    {
        output.WriteLine(
            $"{"fault",-18} {"times",5} {"p50",8} {"p95",8} {"worst",8}  to full speed");
        foreach (ChaosRow row in Faults)
        {
            output.WriteLine(
                $"{row.Fault,-18} {row.Times,5} {Seconds(row.P50Ms),8} {Seconds(row.P95Ms),8} "
                + $"{Seconds(row.WorstMs),8}");
        }
        foreach (string skipped in Skipped)
        {
            output.WriteLine($"skipped: {skipped}");
        }
        foreach (string violation in Violations)
        {
            output.WriteLine($"VIOLATION: {violation}");
        }
        output.WriteLine(
            $"{Blocks} blocks, the same on all {Validators} validators; {Included} of {Sent} "
            + $"transfers final; p95 {Seconds(P95Ms)} to full speed (bar {Seconds(BarMs)}); "
            + $"{NeverRecovered} never: {(Holds ? "holds" : "DOES NOT HOLD")}");
    }

    private static ChaosRow RowOf(string fault, long[] times) => new(
        fault, times.Length, Quantile(times, 50), Quantile(times, 95), times.Max());

    /// <summary>The value that this percentage does not exceed (nearest rank).</summary>
    private static long Quantile(long[] values, int percent)
    {
        if (values.Length == 0)
        {
            return 0;
        }
        long[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (percent * sorted.Length + 99) / 100 - 1)];
    }

    public static string Seconds(long ms) =>
        string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:F1} s");
}
