using System.Globalization;
using System.Text.Json.Nodes;
using Homeostat.Primitives;
using Spectre.Console;

namespace Homeostat.Node.Replay;

/// <summary>Inclusion delay of one quarter of the transactions, by recorded price.</summary>
internal sealed record DelayRow(
    int Quartile, UInt256 LowestPrice, int Count, int Included, double P50, double P95, double Max);

/// <summary>What a replay showed; made once, printed as a table or as one line of JSON.</summary>
internal sealed record ReplayReport(
    int Transactions,
    int Included,
    int Unaffordable,
    int Lost,
    ulong Blocks,
    int Decisions,
    int DecisionsApplied,
    double Seconds,
    IReadOnlyList<DelayRow> Delays,
    IReadOnlyList<string> Left)
{
    /// <summary>True when everything that was affordable in time was included.</summary>
    public bool Holds => Lost == 0;

    public static ReplayReport From(ReplayRun run, int decisions, int applied)
    {
        List<PlayedTransaction> left = run.All.Where(t => t.IncludedSeconds is null).ToList();
        return new ReplayReport(
            run.All.Count,
            run.Included,
            left.Count(t => !t.WasAffordable),
            left.Count(t => t.WasAffordable),
            run.LastBlock + 1 - run.FirstBlock,
            decisions,
            applied,
            run.Seconds,
            Quartiles(run.All),
            left.Select(Reason).ToList());
    }

    public string ToJson() => new JsonObject
    {
        ["event"] = "replayed",
        ["transactions"] = Transactions,
        ["included"] = Included,
        ["unaffordable"] = Unaffordable,
        ["lost"] = Lost,
        ["blocks"] = Blocks,
        ["decisions"] = Decisions,
        ["decisionsApplied"] = DecisionsApplied,
        ["seconds"] = Math.Round(Seconds, 2),
        ["delays"] = new JsonArray(Delays.Select(d => (JsonNode)new JsonObject
        {
            ["quartile"] = d.Quartile,
            ["lowestPriceWei"] = d.LowestPrice.ToString(),
            ["count"] = d.Count,
            ["included"] = d.Included,
            ["p50Seconds"] = Number(d.P50),
            ["p95Seconds"] = Number(d.P95),
            ["maxSeconds"] = Number(d.Max),
        }).ToArray()),
        ["left"] = new JsonArray(Left.Select(l => (JsonNode)l).ToArray()),
    }.ToJsonString();

    public void Print(IAnsiConsole console)
    {
        var table = new Table().Title("Inclusion delay by recorded price")
            .AddColumns("quarter", "price from [[gwei]]", "transactions", "included",
                "p50 [[s]]", "p95 [[s]]", "max [[s]]");
        foreach (DelayRow row in Delays)
        {
            table.AddRow(
                $"{row.Quartile} of 4", Gwei(row.LowestPrice), $"{row.Count}", $"{row.Included}",
                Text(row.P50), Text(row.P95), Text(row.Max));
        }
        console.Write(table);
        console.WriteLine(
            $"{Included} of {Transactions} transactions included in {Text(Seconds)} s and {Blocks} "
            + $"blocks; {Decisions} decisions on the way, {DecisionsApplied} applied.");
        console.WriteLine($"{Unaffordable} never became affordable in time, {Lost} were lost.");
        Left.Take(20).ToList().ForEach(console.WriteLine);
    }

    private static List<DelayRow> Quartiles(IReadOnlyList<PlayedTransaction> all)
    {
        List<PlayedTransaction> byPrice = all.OrderBy(t => t.Recorded.GasPrice).ToList();
        return Enumerable.Range(0, 4).Select(q =>
        {
            int from = byPrice.Count * q / 4;
            List<PlayedTransaction> part = byPrice[from..(byPrice.Count * (q + 1) / 4)];
            List<double> delays = part.Where(t => t.DelaySeconds is not null)
                .Select(t => t.DelaySeconds!.Value).Order().ToList();
            UInt256 price = part.Count > 0 ? part[0].Recorded.GasPrice : UInt256.Zero;
            return new DelayRow(
                q + 1, price, part.Count, delays.Count, Rank(delays, 50), Rank(delays, 95),
                Rank(delays, 100));
        }).ToList();
    }

    private static double Rank(List<double> sorted, int percent) =>
        sorted.Count == 0 ? double.NaN : sorted[(sorted.Count - 1) * percent / 100];

    private static string Reason(PlayedTransaction left) =>
        $"block {left.Recorded.BlockNumber} index {left.Recorded.Index}: "
        + (left.WasAffordable
            ? "affordable in time but not included"
            : $"its {Gwei(left.Recorded.GasPrice)} gwei stayed below the base fee")
        + (left.LastRefusal is null ? "" : $" (last answer: {left.LastRefusal})");

    private static JsonNode? Number(double seconds) =>
        double.IsNaN(seconds) ? null : Math.Round(seconds, 3);

    private static string Gwei(UInt256 wei) =>
        ((double)wei.ToBigInteger() / 1e9).ToString("0.###", CultureInfo.InvariantCulture);

    private static string Text(double value) =>
        value.ToString("0.00", CultureInfo.InvariantCulture);
}
