using System.Globalization;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>
/// A tree of LightGBM's text: lists by split, and by leaf. A child is a split, or the complement of
/// a leaf's number.
/// </summary>
internal sealed record LightGbmTree(
    string Name, int[] Feature, double[] Threshold, int[] Left, int[] Right, double[] Inner,
    double[] Leaf)
{
    // The bits of a split's decision type (LightGBM, include/LightGBM/tree.h); bit 1, whether
    // missing values go left, means nothing where none are treated as missing.
    private const int Categorical = 1;
    private const int MissingTypes = 3 << 2;
    private const int MissingZero = 1 << 2;

    private int Root => Feature.Length == 0 ? ~0 : 0;

    /// <summary>Throws InvalidDataException saying what is not taken, and what to do.</summary>
    public static LightGbmTree Parse(
        string name, Dictionary<string, string> values, int features)
    {
        int[] decisions = Wholes(name, values, "decision_type");
        CheckKind(name, values, decisions);
        var tree = new LightGbmTree(
            name, Wholes(name, values, "split_feature"), Numbers(name, values, "threshold"),
            Wholes(name, values, "left_child"), Wholes(name, values, "right_child"),
            Numbers(name, values, "internal_value"), Numbers(name, values, "leaf_value"));
        int splits = tree.Feature.Length;
        int[] lengths =
        [
            tree.Threshold.Length, tree.Left.Length, tree.Right.Length, tree.Inner.Length,
            decisions.Length, tree.Leaf.Length - 1,
        ];
        if (lengths.Any(length => length != splits))
        {
            throw new InvalidDataException($"{name}: its lists are of different lengths");
        }
        if (tree.Feature.FirstOrDefault(f => f < 0 || f >= features, -1) is var unknown and not -1)
        {
            throw new InvalidDataException($"{name}: it splits on feature {unknown} of {features}");
        }
        // Who has no parent but the root, and each other one, is reached without a circle.
        int[] children = [.. tree.Left, .. tree.Right];
        if (children.Any(child => child == 0 || child >= splits || ~child > splits)
            || children.Distinct().Count() != children.Length)
        {
            throw new InvalidDataException($"{name}: its splits and leaves form no tree");
        }
        return tree;
    }

    public IEnumerable<double> ThresholdsOf(int feature) =>
        Threshold.Where((_, i) => Feature[i] == feature);

    public int LeafOf(double[] row)
    {
        int at = Root;
        while (at >= 0)
        {
            at = row[Feature[at]] <= Threshold[at] ? Left[at] : Right[at];
        }
        return ~at;
    }

    /// <summary>In preorder, values times a share.</summary>
    /// <exception cref="InvalidDataException">It is too deep.</exception>
    public List<TreeNode> ToNodes(double share)
    {
        var nodes = new List<TreeNode>();
        AppendTo(nodes, share, Root, 0);
        return nodes;
    }

    private static void CheckKind(
        string name, Dictionary<string, string> values, int[] decisions)
    {
        if (values.GetValueOrDefault("is_linear", "0") != "0")
        {
            throw new InvalidDataException(
                $"{name}: its leaves are linear models: train without linear_tree");
        }
        if (decisions.Any(type => (type & Categorical) != 0))
        {
            throw new InvalidDataException(
                $"{name}: categorical splits are not taken: train without categorical_feature");
        }
        int[] missing = [.. decisions.Where(type => (type & MissingTypes) != 0)];
        if (missing.Length != 0)
        {
            throw new InvalidDataException(missing.Any(type => (type & MissingTypes) == MissingZero)
                ? $"{name}: {missing.Length} splits send zeros, as missing, in a direction of "
                    + "their own: train without zero_as_missing"
                : $"{name}: {missing.Length} splits send missing values in a direction of their "
                    + "own, and numbers are never missing here: train with use_missing=false, or "
                    + "fill in the values first");
        }
    }

    private void AppendTo(List<TreeNode> nodes, double share, int at, int depth)
    {
        if (at < 0)
        {
            Fixed value = LightGbmModel.ToFixed(Leaf[~at] * share);
            nodes.Add(new TreeNode(-1, Fixed.Zero, value, 0));
            return;
        }
        if (depth == TreeEnsemble.MaximumDepth)
        {
            throw new InvalidDataException(
                $"{Name} is deeper than {TreeEnsemble.MaximumDepth}: train with max_depth="
                + $"{TreeEnsemble.MaximumDepth}");
        }
        nodes.Add(new TreeNode(
            Feature[at], LightGbmModel.ToFixedDown(Threshold[at]),
            LightGbmModel.ToFixed(Inner[at] * share), 0));
        AppendTo(nodes, share, Left[at], depth + 1);
        AppendTo(nodes, share, Right[at], depth + 1);
    }

    private static int[] Wholes(string name, Dictionary<string, string> values, string key) =>
        [.. Parts(values, key).Select(part => int.TryParse(
            part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InvalidDataException($"{name}: {key} has '{part}', no whole number"))];

    private static double[] Numbers(string name, Dictionary<string, string> values, string key) =>
        [.. Parts(values, key).Select(part => double.TryParse(
            part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value)
            ? value
            : throw new InvalidDataException($"{name}: {key} has '{part}', no number"))];

    private static string[] Parts(Dictionary<string, string> values, string key) =>
        values.GetValueOrDefault(key, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
