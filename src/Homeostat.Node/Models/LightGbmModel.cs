using System.Globalization;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>How far a quantised model is from the one it was made of, over sampled rows.</summary>
/// <param name="Rows">How many of each kind.</param>
/// <param name="Mean">Mean distance of the answers on rows of Q32.32.</param>
/// <param name="Most">Greatest distance on those rows.</param>
/// <param name="Bound">What no row of Q32.32 exceeds: half a unit for each tree.</param>
/// <param name="OtherLeaves">Rows of doubles that fall into another leaf once rounded.</param>
/// <param name="MostOfDoubles">Greatest distance on rows of doubles.</param>
internal sealed record QuantisationError(
    int Rows, double Mean, double Most, double Bound, int OtherLeaves, double MostOfDoubles)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"quantisation: over {Rows:N0} rows of Q32.32 the answers differ by {Mean:G3} on average "
        + $"and {Most:G3} at most (bound {Bound:G3}); of {Rows:N0} rows of doubles at and around "
        + $"thresholds {OtherLeaves:N0} fall into another leaf once rounded, and their answers "
        + $"differ by {MostOfDoubles:G3} at most");
}

/// <summary>
/// A LightGBM model in its text format (`model.txt`, version v3 or v4): one sum of trees with
/// numerical splits, at most 64 features, trees of depth at most 6.
/// </summary>
/// <remarks>
/// Numbers here are never missing, so splits that send missing values, or zeros taken for them, in
/// a direction of their own are refused, and so is all else that a sum of such trees can't say.
/// Thresholds are rounded down: a row of Q32.32 is at most t exactly when it is at most t rounded
/// down, so that such a row falls into the leaf that LightGBM gives it, and only the leaves'
/// values, to nearest, are off by up to 2^-33 each.
/// </remarks>
internal sealed class LightGbmModel
{
    private const int SampledRows = 20_000;
    private const double HalfUnit = 0.5 / 4_294_967_296.0;

    // Objectives whose answer is the sum itself; without one LightGBM gives the sum too.
    private static readonly string[] Plain =
    [
        "", "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank",
        "rank_xendcg", "custom",
    ];

    private readonly List<LightGbmTree> _trees = [];
    private readonly bool _isAveraged;

    private LightGbmModel(int features, bool isAveraged) =>
        (Features, _isAveraged) = (features, isAveraged);

    public int Features { get; }

    /// <summary>Throws InvalidDataException saying what is not taken, and what to do.</summary>
    /// <param name="lines">The text's lines.</param>
    /// <param name="isRaw">Take the sum of the trees where the objective transforms it.</param>
    public static LightGbmModel Parse(IReadOnlyList<string> lines, bool isRaw = false)
    {
        if (lines.Count == 0 || lines[0] != "tree")
        {
            throw new InvalidDataException("not LightGBM's text format: it begins with 'tree'");
        }
        var header = Section(lines, 0);
        CheckHeader(header, isRaw);
        int features = Whole(header, "max_feature_idx") + 1;
        if (features is < 1 or > FeatureSets.MaximumFree)
        {
            throw new InvalidDataException(
                $"{features} features; at most {FeatureSets.MaximumFree} are taken");
        }
        var model = new LightGbmModel(features, header.ContainsKey("average_output"));
        int end = model.ReadTrees(lines);
        int said = header.TryGetValue("tree_sizes", out string? sizes)
            ? sizes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length
            : model._trees.Count;
        if (end < 0 || said != model._trees.Count)
        {
            throw new InvalidDataException(
                $"the text is cut off: {model._trees.Count} of {said} trees, and "
                + (end < 0 ? "no" : "an") + " 'end of trees'");
        }
        return model._trees.Count == 0
            ? throw new InvalidDataException("there is no tree in it")
            : model;
    }

    /// <summary>Thresholds rounded down and values to nearest, both to Q32.32.</summary>
    public TreeEnsemble ToEnsemble(int horizon, bool isDemand)
    {
        if (isDemand && Features != DemandFeatures.Count)
        {
            throw new InvalidDataException(
                $"{Features} features; those of demand are {DemandFeatures.Count}");
        }
        double share = 1.0 / Divisor;
        List<IReadOnlyList<TreeNode>> trees = [.. _trees.Select(tree => tree.ToNodes(share))];
        byte set = isDemand ? DemandFeatures.SetId : FeatureSets.Free(Features);
        return TreeEnsemble.Create(horizon, Fixed.Zero, trees, set)
            ?? throw new InvalidDataException(
                $"over a limit: at most {TreeEnsemble.MaximumTrees} trees and "
                + $"{TreeEnsemble.MaximumBytes:N0} bytes, and values whose sums fit 64 bits");
    }

    /// <summary>
    /// Rows are drawn at thresholds and around them, where a rounded threshold shows.
    /// </summary>
    public QuantisationError ErrorOf(TreeEnsemble trees)
    {
        var random = new Random(1);
        double[][] around = [.. Enumerable.Range(0, Features).Select(f =>
            _trees.SelectMany(tree => tree.ThresholdsOf(f)).DefaultIfEmpty(0).ToArray())];
        double sum = 0;
        double most = 0;
        double mostOfDoubles = 0;
        int others = 0;
        for (int i = 0; i < SampledRows; i++)
        {
            double[] row = [.. around.Select(t =>
                t[random.Next(t.Length)] + (random.Next(4) == 0 ? 0 : random.NextDouble() - 0.5))];
            Fixed[] rounded = [.. row.Select(ToFixed)];
            double[] same = [.. rounded.Select(FromFixed)];
            double answer = FromFixed(trees.Evaluate(rounded).Output);
            (double ofRow, double ofSame, bool isOther) = Compare(row, same);
            others += isOther ? 1 : 0;
            sum += Math.Abs(ofSame - answer);
            most = Math.Max(most, Math.Abs(ofSame - answer));
            mostOfDoubles = Math.Max(mostOfDoubles, Math.Abs(ofRow - answer));
        }
        return new QuantisationError(
            SampledRows, sum / SampledRows, most, _trees.Count * HalfUnit, others, mostOfDoubles);
    }

    /// <summary>The sum of the trees, or its mean where LightGBM gives that.</summary>
    internal double Predict(double[] row) => Compare(row, row).OfRow;

    // The answers to a row and to what is left of it in Q32.32, and whether a leaf is another.
    private (double OfRow, double OfSame, bool IsOther) Compare(double[] row, double[] same)
    {
        double ofRow = 0;
        double ofSame = 0;
        bool isOther = false;
        foreach (LightGbmTree tree in _trees)
        {
            int leaf = tree.LeafOf(row);
            int leafOfSame = tree.LeafOf(same);
            isOther |= leaf != leafOfSame;
            ofRow += tree.Leaf[leaf];
            ofSame += tree.Leaf[leafOfSame];
        }
        return (ofRow / Divisor, ofSame / Divisor, isOther);
    }

    internal static Fixed ToFixed(double value) =>
        Scaled(Math.Round(value * 4_294_967_296.0, MidpointRounding.ToEven));

    internal static Fixed ToFixedDown(double value) =>
        Scaled(Math.Floor(value * 4_294_967_296.0));

    internal static double FromFixed(Fixed value) => value.Raw / 4_294_967_296.0;

    // A random forest's answer is the mean of its trees.
    private int Divisor => _isAveraged ? _trees.Count : 1;

    private static Fixed Scaled(double raw) =>
        raw >= long.MaxValue ? Fixed.MaxValue
        : raw <= long.MinValue + 1.0 ? -Fixed.MaxValue
        : Fixed.FromRaw((long)raw);

    private static void CheckHeader(Dictionary<string, string> header, bool isRaw)
    {
        string version = header.GetValueOrDefault("version", "none");
        if (version is not ("v3" or "v4"))
        {
            throw new InvalidDataException($"version {version}; v3 and v4 are known");
        }
        if (header.GetValueOrDefault("num_class", "1") != "1"
            || header.GetValueOrDefault("num_tree_per_iteration", "1") != "1")
        {
            throw new InvalidDataException(
                "models of several classes are not taken: train one for each");
        }
        string[] objective = header.GetValueOrDefault("objective", "").Split(' ');
        if (!isRaw && (!Plain.Contains(objective[0]) || objective.Contains("sqrt")))
        {
            throw new InvalidDataException(
                $"LightGBM transforms the sum of this model's trees (objective "
                + $"{string.Join(' ', objective)}), which is not taken over: with --raw-score the "
                + "answer is the sum");
        }
    }

    // Where 'end of trees' is, or -1.
    private int ReadTrees(IReadOnlyList<string> lines)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i] == "end of trees")
            {
                return i;
            }
            if (lines[i].StartsWith("Tree=", StringComparison.Ordinal))
            {
                _trees.Add(LightGbmTree.Parse(lines[i], Section(lines, i + 1), Features));
            }
        }
        return -1;
    }

    // The lines to the next empty one: names with values, and names alone.
    private static Dictionary<string, string> Section(IReadOnlyList<string> lines, int from)
    {
        var values = new Dictionary<string, string>();
        for (int i = from; i < lines.Count && lines[i].Length != 0; i++)
        {
            int at = lines[i].IndexOf('=', StringComparison.Ordinal);
            values[at < 0 ? lines[i] : lines[i][..at]] = at < 0 ? "" : lines[i][(at + 1)..];
        }
        return values;
    }

    private static int Whole(Dictionary<string, string> values, string name) =>
        values.TryGetValue(name, out string? text) && int.TryParse(
            text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InvalidDataException($"no {name} in it");
}
