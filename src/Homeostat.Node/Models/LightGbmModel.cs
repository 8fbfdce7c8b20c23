using System.Globalization;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>How far a quantised model is from the one it was made of, over sampled rows.</summary>
internal sealed record QuantisationError(int Rows, double Mean, double Most, int OtherLeaves)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"quantisation: over {Rows:N0} rows the answers differ by {Mean:G3} on average and "
        + $"{Most:G3} at most; {OtherLeaves} rows fall into another leaf");
}

/// <summary>
/// A LightGBM model in its text format (`model.txt`, version v3 or v4): numerical splits, at most
/// 64 features, trees of depth at most 6. Missing values don't exist here, so what LightGBM would
/// do with them is left out.
/// </summary>
internal sealed class LightGbmModel
{
    private const int SampledRows = 20_000;
    private const int Categorical = 1;
    private readonly List<Tree> _trees = [];

    private LightGbmModel(int features) => Features = features;

    public int Features { get; }

    /// <summary>Throws InvalidDataException saying what is not taken.</summary>
    public static LightGbmModel Parse(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0 || lines[0] != "tree")
        {
            throw new InvalidDataException("not LightGBM's text format: it begins with 'tree'");
        }
        var header = Section(lines, 0);
        int features = Whole(header, "max_feature_idx") + 1;
        if (features is < 1 or > FeatureSets.MaximumFree)
        {
            throw new InvalidDataException(
                $"{features} features; at most {FeatureSets.MaximumFree} are taken");
        }
        if (header.TryGetValue("num_class", out string? classes) && classes != "1")
        {
            throw new InvalidDataException("models of several classes are not taken");
        }
        var model = new LightGbmModel(features);
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].StartsWith("Tree=", StringComparison.Ordinal))
            {
                model._trees.Add(Tree.Parse(lines[i], Section(lines, i + 1)));
            }
        }
        return model._trees.Count == 0
            ? throw new InvalidDataException("there is no tree in it")
            : model;
    }

    /// <summary>Thresholds and values rounded to Q32.32.</summary>
    public TreeEnsemble ToEnsemble(int horizon, bool isDemand)
    {
        if (isDemand && Features != DemandFeatures.Count)
        {
            throw new InvalidDataException(
                $"{Features} features; those of demand are {DemandFeatures.Count}");
        }
        var trees = new List<IReadOnlyList<TreeNode>>();
        foreach (Tree tree in _trees)
        {
            var nodes = new List<TreeNode>();
            tree.AppendTo(nodes, tree.Root, 0);
            trees.Add(nodes);
        }
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
        int others = 0;
        for (int i = 0; i < SampledRows; i++)
        {
            double[] row = [.. around.Select(t =>
                t[random.Next(t.Length)] + (random.Next(4) == 0 ? 0 : random.NextDouble() - 0.5))];
            Fixed[] rounded = [.. row.Select(ToFixed)];
            double error = Math.Abs(Predict(row) - FromFixed(trees.Evaluate(rounded).Output));
            double same = Math.Abs(Predict([.. rounded.Select(FromFixed)]) - Predict(row));
            others += same > 0 ? 1 : 0;
            sum += error;
            most = Math.Max(most, error);
        }
        return new QuantisationError(SampledRows, sum / SampledRows, most, others);
    }

    internal double Predict(double[] row) => _trees.Sum(tree => tree.Predict(row));

    internal static Fixed ToFixed(double value)
    {
        double raw = Math.Round(value * 4_294_967_296.0, MidpointRounding.ToEven);
        return raw >= long.MaxValue ? Fixed.MaxValue
            : raw <= long.MinValue + 1.0 ? -Fixed.MaxValue
            : Fixed.FromRaw((long)raw);
    }

    internal static double FromFixed(Fixed value) => value.Raw / 4_294_967_296.0;

    private static Dictionary<string, string> Section(IReadOnlyList<string> lines, int from)
    {
        var values = new Dictionary<string, string>();
        for (int i = from; i < lines.Count && lines[i].Length != 0; i++)
        {
            int at = lines[i].IndexOf('=', StringComparison.Ordinal);
            if (at > 0)
            {
                values[lines[i][..at]] = lines[i][(at + 1)..];
            }
        }
        return values;
    }

    private static int Whole(Dictionary<string, string> values, string name) =>
        values.TryGetValue(name, out string? text) && int.TryParse(
            text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InvalidDataException($"no {name} in it");

    private sealed record Tree(
        int[] Feature, double[] Threshold, int[] Left, int[] Right, double[] Inner, double[] Leaf)
    {
        // A leaf is the complement of its number.
        public int Root => Feature.Length == 0 ? ~0 : 0;

        public static Tree Parse(string name, Dictionary<string, string> values)
        {
            double[] Numbers(string key) => values.TryGetValue(key, out string? text)
                ? [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part =>
                    double.Parse(part, CultureInfo.InvariantCulture))]
                : [];
            int[] Indexes(string key) => [.. Numbers(key).Select(value => (int)value)];
            var tree = new Tree(
                Indexes("split_feature"), Numbers("threshold"), Indexes("left_child"),
                Indexes("right_child"), Numbers("internal_value"), Numbers("leaf_value"));
            int splits = tree.Feature.Length;
            bool isWhole = tree.Threshold.Length == splits && tree.Left.Length == splits
                && tree.Right.Length == splits && tree.Inner.Length == splits
                && tree.Leaf.Length == splits + 1;
            if (!isWhole)
            {
                throw new InvalidDataException($"{name}: its lists are of different lengths");
            }
            if (Indexes("decision_type").Any(type => (type & Categorical) != 0))
            {
                throw new InvalidDataException($"{name}: categorical splits are not taken");
            }
            return tree;
        }

        public IEnumerable<double> ThresholdsOf(int feature) =>
            Threshold.Where((_, i) => Feature[i] == feature);

        public double Predict(double[] row)
        {
            int at = Root;
            while (at >= 0)
            {
                at = row[Feature[at]] <= Threshold[at] ? Left[at] : Right[at];
            }
            return Leaf[~at];
        }

        public void AppendTo(List<TreeNode> nodes, int at, int depth)
        {
            if (at < 0)
            {
                nodes.Add(new TreeNode(-1, Fixed.Zero, ToFixed(Leaf[~at]), 0));
                return;
            }
            if (depth == TreeEnsemble.MaximumDepth || at >= Feature.Length)
            {
                throw new InvalidDataException(
                    $"a tree is deeper than {TreeEnsemble.MaximumDepth}: train with max_depth="
                    + $"{TreeEnsemble.MaximumDepth}");
            }
            nodes.Add(new TreeNode(
                Feature[at], ToFixed(Threshold[at]), ToFixed(Inner[at]), 0));
            AppendTo(nodes, Left[at], depth + 1);
            AppendTo(nodes, Right[at], depth + 1);
        }
    }
}
