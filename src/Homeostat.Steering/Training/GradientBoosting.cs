using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>How an ensemble is trained; all of it decides the bytes that come out.</summary>
/// <param name="Trees">At most <see cref="TreeEnsemble.MaximumTrees"/>.</param>
/// <param name="Depth">At most <see cref="TreeEnsemble.MaximumDepth"/>.</param>
/// <param name="Bins">Most parts a feature's range is cut into.</param>
/// <param name="LeastRows">Least rows on either side of a split.</param>
/// <param name="Ridge">Rows of residual 0 added to each node: draws small nodes to 0.</param>
/// <param name="RateDenominator">A tree corrects this part of what is left: 1 / it.</param>
public readonly record struct BoostingOptions(
    int Trees, int Depth, int Bins, int LeastRows, int Ridge, int RateDenominator)
{
    public static readonly BoostingOptions Default = new(12, 3, 32, 20, 8, 8);
}

/// <summary>
/// Histogram gradient boosting of the squared error in integers (Friedman 2001; histograms as in
/// LightGBM, Ke et al. 2017). The same rows give the same bytes on every machine: no floats, no
/// sampling, rows in their order, ties to the first feature and the lowest threshold.
/// </summary>
/// <remarks>
/// Thresholds are feature values at even ranks. A split's gain is S²/(n + ridge), floored, summed
/// over its sides, less its node's; S sums residuals shifted right until all are under 2^30, so
/// that with at most 2^20 rows S² stays under 2^100. Node values are sums of whole residuals by
/// (n + ridge) · rate, rounded once.
/// </remarks>
public sealed class GradientBoosting
{
    public const int MaximumRows = 1 << 20;
    private const int GainBits = 30;
    private readonly IReadOnlyList<Fixed[]> _rows;
    private readonly BoostingOptions _options;
    private readonly int _features;
    private readonly Fixed[][] _edges;
    private readonly byte[][] _bins;
    private readonly long[] _residuals;
    private readonly long[] _scaled;

    private GradientBoosting(
        IReadOnlyList<Fixed[]> rows, long[] residuals, in BoostingOptions options)
    {
        (_rows, _residuals, _options) = (rows, residuals, options);
        _scaled = new long[rows.Count];
        _features = rows[0].Length;
        _edges = [.. Enumerable.Range(0, _features).Select(Edges)];
        _bins = [.. Enumerable.Range(0, _features).Select(BinsOf)];
    }

    /// <param name="rows">Features; at least one row.</param>
    /// <param name="targets">Within ±<see cref="DemandFeatures.MaximumDemand"/>.</param>
    public static TreeEnsemble Train(
        int horizonBlocks, IReadOnlyList<Fixed[]> rows, IReadOnlyList<Fixed> targets,
        in BoostingOptions options, byte featureSet = DemandFeatures.SetId)
    {
        bool isKnown = FeatureSets.TryGetCount(featureSet, out int features);
        Invariant.Require(isKnown && rows.All(row => row.Length == features));
        Invariant.Require(rows.Count is > 0 and <= MaximumRows);
        Invariant.Require(rows.Count == targets.Count);
        Invariant.Require(targets.All(t => Fixed.Abs(t) <= DemandFeatures.MaximumDemand));
        Invariant.Require(options.Trees is > 0 and <= TreeEnsemble.MaximumTrees);
        Invariant.Require(options.Depth is > 0 and <= TreeEnsemble.MaximumDepth);
        Invariant.Require(options.Bins is > 1 and <= 256);
        Invariant.Require(options is { LeastRows: > 0, Ridge: >= 0, RateDenominator: > 0 });
        Int128 sum = 0;
        foreach (Fixed target in targets)
        {
            sum += target.Raw;
        }
        Fixed bias = Quotient(sum, rows.Count);
        long[] residuals = [.. targets.Select(target => (target - bias).Raw)];
        var training = new GradientBoosting(rows, residuals, options);
        var trees = new List<IReadOnlyList<TreeNode>>();
        for (int t = 0; t < options.Trees; t++)
        {
            trees.Add(training.GrowTree());
        }
        TreeEnsemble? model = TreeEnsemble.Create(horizonBlocks, bias, trees, featureSet);
        Invariant.Require(model is not null);
        return model;
    }

    private List<TreeNode> GrowTree()
    {
        Scale();
        var nodes = new List<TreeNode>();
        Grow(nodes, [.. Enumerable.Range(0, _rows.Count)], _options.Depth);
        return nodes;
    }

    // Adds the subtree of these rows; a leaf takes its value from their residuals.
    private void Grow(List<TreeNode> nodes, int[] rows, int depth)
    {
        Int128 sum = 0;
        foreach (int row in rows)
        {
            sum += _residuals[row];
        }
        Fixed value = Quotient(
            sum, (Int128)(rows.Length + _options.Ridge) * _options.RateDenominator);
        (int feature, int bin) = depth == 0 ? (-1, 0) : BestSplit(rows);
        if (feature < 0)
        {
            nodes.Add(new TreeNode(-1, Fixed.Zero, value, 0));
            foreach (int row in rows)
            {
                _residuals[row] -= value.Raw;
            }
            return;
        }
        nodes.Add(new TreeNode(feature, _edges[feature][bin], value, 0));
        Grow(nodes, [.. rows.Where(row => _bins[feature][row] <= bin)], depth - 1);
        Grow(nodes, [.. rows.Where(row => _bins[feature][row] > bin)], depth - 1);
    }

    private (int Feature, int Bin) BestSplit(int[] rows)
    {
        long all = 0;
        foreach (int row in rows)
        {
            all += _scaled[row];
        }
        Int128 best = Score(all, rows.Length);
        (int Feature, int Bin) place = (-1, 0);
        for (int f = 0; f < _features; f++)
        {
            (long[] sums, int[] counts) = Histogram(rows, _bins[f], _edges[f].Length + 1);
            long left = 0;
            int leftRows = 0;
            for (int b = 0; b < _edges[f].Length; b++)
            {
                left += sums[b];
                leftRows += counts[b];
                int rightRows = rows.Length - leftRows;
                if (leftRows < _options.LeastRows || rightRows < _options.LeastRows)
                {
                    continue;
                }
                Int128 score = Score(left, leftRows) + Score(all - left, rightRows);
                if (score > best)
                {
                    (best, place) = (score, (f, b));
                }
            }
        }
        return place;
    }

    private (long[] Sums, int[] Counts) Histogram(int[] rows, byte[] bins, int size)
    {
        long[] sums = new long[size];
        int[] counts = new int[size];
        foreach (int row in rows)
        {
            sums[bins[row]] += _scaled[row];
            counts[bins[row]]++;
        }
        return (sums, counts);
    }

    private Int128 Score(long sum, int rows) => (Int128)sum * sum / (rows + _options.Ridge);

    private void Scale()
    {
        long most = 0;
        foreach (long residual in _residuals)
        {
            most = Math.Max(most, Math.Abs(residual));
        }
        int shift = Math.Max(0, 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)most)
            - GainBits);
        for (int row = 0; row < _scaled.Length; row++)
        {
            _scaled[row] = _residuals[row] >> shift;
        }
    }

    // Values at even ranks, each once; the greatest splits nothing off.
    private Fixed[] Edges(int feature)
    {
        Fixed[] sorted = [.. _rows.Select(row => row[feature]).Order()];
        var edges = new List<Fixed>();
        for (int b = 1; b < _options.Bins; b++)
        {
            Fixed edge = sorted[(int)((long)(sorted.Length - 1) * b / _options.Bins)];
            if (edge < sorted[^1] && (edges.Count == 0 || edges[^1] < edge))
            {
                edges.Add(edge);
            }
        }
        return [.. edges];
    }

    private byte[] BinsOf(int feature)
    {
        byte[] bins = new byte[_rows.Count];
        for (int row = 0; row < bins.Length; row++)
        {
            int place = Array.BinarySearch(_edges[feature], _rows[row][feature]);
            bins[row] = (byte)(place < 0 ? ~place : place);
        }
        return bins;
    }

    private static Fixed Quotient(Int128 raw, Int128 divisor) =>
        Fixed.FromRatio(raw, divisor << Fixed.FractionBits);
}
