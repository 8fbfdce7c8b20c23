using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// The quick form of `eval ordering`. It measures nothing; but the lane's bound is proven, so it
/// holds in any form, and who splits or floods loses in any form.
/// </summary>
public sealed class OrderingEvaluationTests
{
    [Fact]
    public void The_quick_form_runs_on_the_records_and_keeps_the_bound()
    {
        string folder = Environment.GetEnvironmentVariable("HOMEOSTAT_SHARED")
            ?? Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "..", "shared");
        string data = Path.Combine(folder, "data");
        if (!Directory.Exists(data))
        {
            Console.WriteLine("skipped: no shared data");
            return;
        }
        EvalReport report = OrderingEvaluation.Run(data, OrderingEvaluationOptions.Quick);
        Assert.All(
            report.Bars.Where(bar => bar.Name.Contains("bound", StringComparison.Ordinal)),
            bar => Assert.True(bar.Holds, bar.Name));
        EvalRow strategies = report.Rows.First(
            row => row.Policy.Contains("strategic", StringComparison.Ordinal));
        Assert.All(
            strategies.Metrics.Where(metric => metric.Key is "gain_two_parts" or "gain_junk"),
            metric => Assert.True(metric.Value < 0, metric.Key));
        Assert.Equal(
            report.ToJson(),
            OrderingEvaluation.Run(data, OrderingEvaluationOptions.Quick).ToJson());
        Assert.Contains("\"loop\":\"ordering\"", report.ToJson(), StringComparison.Ordinal);
    }
}
