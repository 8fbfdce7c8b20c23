using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// `eval capacity` on tables made here, since the records may not be.
/// </summary>
public sealed class CapacityEvaluationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("homeostat-eval").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_policy_is_compared_and_stays_under_the_cap()
    {
        Write("blocks.csv.gz", "number,gas_used,transaction_count,base_fee_per_gas", Rows(300));
        Write("odd.csv.gz", "colour,taste", ["red,sweet"]);
        var told = new List<string>();
        EvalReport report =
            CapacityEvaluation.Run(_folder, CapacityEvaluationOptions.Quick, told.Add);
        Assert.Contains(told, line => line.StartsWith("used: blocks", StringComparison.Ordinal));
        Assert.Contains(told, line => line.StartsWith("not usable: odd", StringComparison.Ordinal));
        EvalRow[] policies =
            [.. report.Rows.Where(r => r.Metrics.Any(m => m.Key == "longest block ms"))];
        Assert.Equal(6, policies.Length);
        Assert.All(policies, row => Assert.InRange(
            row.Metrics.Single(m => m.Key == "longest block ms").Value, 1, 500));
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal("capacity", json.RootElement.GetProperty("loop").GetString());
        Assert.All(json.RootElement.GetProperty("bars").EnumerateArray(), bar =>
            Assert.True(bar.TryGetProperty("holds", out _)));
    }

    [Fact]
    public void Without_a_usable_table_it_says_so()
    {
        Write("short.csv.gz", "number,gas_used", Rows(10));
        var told = new List<string>();
        Assert.Throws<InvalidDataException>(() => CapacityEvaluation.Run(
            _folder, CapacityEvaluationOptions.Quick, told.Add));
        Assert.Contains(told, line => line.Contains("too few", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Rows(int count)
    {
        var random = new SeededRandom(7);
        long fee = 1_000_000_000;
        for (int i = 0; i < count; i++)
        {
            fee += random.NextBetween(-50_000_000, 50_000_001);
            fee = Math.Clamp(fee, 500_000_000, 3_000_000_000);
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{1_000 + i},{random.NextBetween(10_000_000, 20_000_000)},150,{fee}");
        }
    }

    private void Write(string name, string header, IEnumerable<string> rows)
    {
        using var writer = new StreamWriter(new GZipStream(
            File.Create(Path.Combine(_folder, name)), CompressionLevel.Fastest));
        writer.WriteLine(header);
        foreach (string row in rows)
        {
            writer.WriteLine(row);
        }
    }
}
