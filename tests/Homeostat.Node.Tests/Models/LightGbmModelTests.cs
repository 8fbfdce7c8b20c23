using Homeostat.Node.Models;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.Models;

/// <summary>Import of LightGBM's text format, and what the other model commands say.</summary>
public sealed class LightGbmModelTests
{
    // As LightGBM writes it, with the parts that are not read left out.
    private static readonly string[] Text =
    [
        "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0",
        "max_feature_idx=2", "objective=regression", "feature_names=a b c", "",
        "Tree=0", "num_leaves=3", "num_cat=0", "split_feature=0 2", "split_gain=5 3",
        "threshold=1.0000000180025095e-35 0.6666666666666666", "decision_type=2 2",
        "left_child=1 -1", "right_child=-3 -2", "leaf_value=0.1 -0.25 1.7",
        "internal_value=0.4 0.05", "shrinkage=1", "",
        "Tree=1", "num_leaves=1", "num_cat=0", "leaf_value=0.015625", "shrinkage=0.1", "",
        "end of trees", "",
    ];

    [Fact]
    public void A_model_is_taken_over_and_its_error_is_that_of_rounding()
    {
        LightGbmModel source = LightGbmModel.Parse(Text);
        TreeEnsemble trees = source.ToEnsemble(1, isDemand: false);
        Assert.Equal((3, 2, FeatureSets.Free(3)),
            (trees.FeatureCount, trees.TreeCount, trees.FeatureSet));
        foreach ((double[] row, double expected) in ((double[], double)[])
            [([-1, 0, 0], 0.115625), ([-1, 0, 1], -0.234375), ([1, 0, 0], 1.715625)])
        {
            Assert.Equal(expected, source.Predict(row), 12);
            Fixed said = trees.Evaluate([.. row.Select(LightGbmModel.ToFixed)]).Output;
            Assert.InRange(LightGbmModel.FromFixed(said), expected - 1e-9, expected + 1e-9);
        }
        QuantisationError error = source.ErrorOf(trees);
        // A row of Q32.32 falls where it fell; one of doubles on 2 / 3 is rounded above it.
        Assert.InRange(error.Most, 0, error.Bound);
        Assert.True(error.OtherLeaves > 0, error.ToString());
        Assert.Contains("quantisation: over 20,000 rows", error.ToString());
        Assert.Contains("tree ensemble, 2 trees of depth 2",
            ModelTraining.Describe(trees.Encode()));
    }

    [Theory]
    [InlineData("tree", "forest", "begins with 'tree'")]
    [InlineData("max_feature_idx=2", "max_feature_idx=64", "at most 64")]
    [InlineData("num_class=1", "num_class=3", "several classes")]
    [InlineData("decision_type=2 2", "decision_type=1 2", "categorical")]
    [InlineData("leaf_value=0.1 -0.25 1.7", "leaf_value=0.1 -0.25", "different lengths")]
    [InlineData("left_child=1 -1", "left_child=0 -1", "form no tree")]
    [InlineData("left_child=1 -1", "left_child=1 -9", "form no tree")]
    [InlineData("left_child=1 -1", "left_child=1 -3", "form no tree")]
    [InlineData("left_child=1 -1", "left_child=1 x", "no whole number")]
    [InlineData("split_feature=0 2", "split_feature=0 3", "feature 3 of 3")]
    [InlineData("leaf_value=0.015625", "leaf_value=nan", "'nan', no number")]
    [InlineData("version=v4", "version=v9", "v3 and v4")]
    [InlineData("objective=regression", "objective=binary sigmoid:1", "--raw-score")]
    [InlineData("objective=regression", "objective=regression sqrt", "--raw-score")]
    [InlineData("decision_type=2 2", "decision_type=2 10", "use_missing=false")]
    [InlineData("end of trees", "", "cut off")]
    public void What_is_not_taken_is_named(string line, string other, string reason)
    {
        string[] lines = [.. Text.Select(text => text == line ? other : text)];
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => LightGbmModel.Parse(lines).ToEnsemble(1, isDemand: false));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_series_gives_the_same_bytes_and_a_short_one_says_so()
    {
        var random = new SeededRandom(5);
        List<Fixed> samples = [.. Enumerable.Range(0, 400)
            .Select(_ => Fixed.FromRaw(random.NextBetween(0, 20L << 32)))];
        foreach (bool isTrees in (bool[])[false, true])
        {
            byte[] first = ModelTraining.Train(samples, 10, isTrees);
            Assert.Equal(first, ModelTraining.Train([.. samples], 10, isTrees));
            Assert.True(ForecasterCoding.TryDecode(first, out _));
        }
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => ModelTraining.Train(samples[..50], 10, isTrees: false));
        Assert.Contains("90 are needed", error.Message, StringComparison.Ordinal);
    }
}
