using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>One policy's sums over segments.</summary>
internal sealed record PolicyResult(string Policy, IReadOnlyList<SegmentOutcome> Segments)
{
    public double DelayP95 => P95Of(Segments);

    public double DelayMean => Mean(Segments.SelectMany(s => s.DelaysMs));

    public double DelayAfterRise => Mean(Segments.SelectMany(s => s.DelaysAfterRise));

    public double Gas => Segments.Sum(s => s.GasUsed);

    public double Value => Segments.Sum(s => s.ServedValue);

    public double Left => (double)Segments.Sum(s => s.Left)
        / Math.Max(Segments.Sum(s => s.DelaysMs.Count), 1);

    /// <summary>
    /// Of the time that those waited who waited as long as the p95 or longer, the part in which
    /// the price was over their value; the rest they waited for room.
    /// </summary>
    public double PricedPartOfLongest
    {
        get
        {
            (double priced, double all) = (0, 0);
            double longest = DelayP95;
            foreach (SegmentOutcome segment in Segments)
            {
                for (int i = 0; i < segment.DelaysMs.Count; i++)
                {
                    if (segment.DelaysMs[i] >= longest)
                    {
                        priced += segment.Waits[i].Priced;
                        all += segment.Waits[i].Priced + segment.Waits[i].Crowded;
                    }
                }
            }
            return priced / Math.Max(1, all);
        }
    }

    /// <summary>Mean blocks an agent waited while the price was over its value.</summary>
    public double PricedBlocks => Segments.Sum(s => s.Waits.Sum(wait => (double)wait.Priced))
        / Math.Max(Segments.Sum(s => s.Waits.Count), 1);

    /// <summary>Mean blocks an agent that could have paid waited for room.</summary>
    public double CrowdedBlocks => Segments.Sum(s => s.Waits.Sum(wait => (double)wait.Crowded))
        / Math.Max(Segments.Sum(s => s.Waits.Count), 1);

    public double MostBlockMs => Segments.Max(s => s.MostBlockMs);

    /// <summary>Root mean square of the price's change by span, in the logarithm.</summary>
    public double Volatility => VolatilityOf(Segments);

    public static double VolatilityOf(IReadOnlyList<SegmentOutcome> segments) => Math.Sqrt(
        segments.Sum(s => s.SquaredReturns) / Math.Max(segments.Sum(s => s.Returns), 1));

    /// <summary>In ms, by counts of tenths of a second: a bootstrap asks often.</summary>
    public static double P95Of(IReadOnlyList<SegmentOutcome> segments)
    {
        long[] counts = new long[SegmentOutcome.Bins];
        long all = 0;
        foreach (SegmentOutcome segment in segments)
        {
            for (int bin = 0; bin < counts.Length; bin++)
            {
                counts[bin] += segment.DelayCounts[bin];
                all += segment.DelayCounts[bin];
            }
        }
        long left = all * 95 / 100;
        int at = 0;
        while (at + 1 < counts.Length && left >= counts[at])
        {
            left -= counts[at++];
        }
        return (at + 1) * SegmentOutcome.BinMs;
    }

    private static double Mean(IEnumerable<double> values) => values.DefaultIfEmpty(0).Average();
}

/// <summary>Confidence intervals by drawing whole segments with replacement.</summary>
internal static class BlockBootstrap
{
    private const int Draws = 400;

    /// <summary>The 95 % interval of a statistic of paired segments.</summary>
    public static (double Low, double High) Interval(
        int segments, Func<IReadOnlyList<int>, double> statistic)
    {
        var random = new SeededRandom(0xb007);
        double[] values = new double[Draws];
        for (int d = 0; d < Draws; d++)
        {
            int[] chosen = [.. Enumerable.Range(0, segments)
                .Select(_ => random.NextBelow(segments))];
            values[d] = statistic(chosen);
        }
        Array.Sort(values);
        return (values[Draws * 25 / 1_000], values[Draws * 975 / 1_000 - 1]);
    }
}
