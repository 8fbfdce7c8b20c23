using System.Globalization;
using System.Runtime.CompilerServices;
using Homeostat.Node.Models;
using Homeostat.Primitives;
using Homeostat.Steering;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Models;

/// <summary>
/// Texts that LightGBM 4.6.0 wrote, as it wrote them, with its own answers to rows. They are made
/// anew by `tests/lightgbm/run`, which also runs these tests over models of 100 trees of depth 6
/// (HOMEOSTAT_LIGHTGBM names their folder).
/// </summary>
public sealed class LightGbmTextTests(ITestOutputHelper output)
{
    private static readonly string Folder =
        Environment.GetEnvironmentVariable("HOMEOSTAT_LIGHTGBM") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Path.GetDirectoryName(Here())!, "LightGbm");

    [Theory]
    [InlineData("regression")]
    [InlineData("forest")]
    [InlineData("poisson")]
    [InlineData("constant")]
    [InlineData("missing-unused")]
    public void Its_answers_are_ours_within_the_reported_error(string name)
    {
        LightGbmModel model = LightGbmModel.Parse(Text(name), isRaw: name == "poisson");
        TreeEnsemble trees = model.ToEnsemble(1, isDemand: false);
        QuantisationError error = model.ErrorOf(trees);
        Assert.InRange(error.Most, 0, error.Bound + Rounding);
        double most = 0;
        string[] rows = File.ReadAllLines(Path.Combine(Folder, $"{name}.csv"));
        foreach (string row in rows)
        {
            double[] values = [.. row.Split(',').Select(
                value => double.Parse(value, CultureInfo.InvariantCulture))];
            double[] features = values[..model.Features];
            // What LightGBM answers, or the sum of its trees.
            double expected = name == "poisson" ? values[^1] : values[^2];
            Assert.InRange(model.Predict(features), expected - Rounding, expected + Rounding);
            Fixed said = trees.Evaluate([.. features.Select(LightGbmModel.ToFixed)]).Output;
            most = Math.Max(most, Math.Abs(LightGbmModel.FromFixed(said) - expected));
        }
        Assert.InRange(most, 0, error.Bound + Rounding);
        Assert.True(TreeEnsemble.TryDecode(trees.Encode(), out _));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name}: {trees.TreeCount} trees of depth {trees.Depth}, {trees.Encode().Length:N0} "
            + $"bytes; {rows.Length} answers of LightGBM differ by {most:G3} at most; {error}"));
    }

    [Theory]
    [InlineData("poisson", "objective poisson")]
    [InlineData("missing", "train with use_missing=false")]
    [InlineData("zeros", "train without zero_as_missing")]
    [InlineData("categories", "train without categorical_feature")]
    [InlineData("linear", "train without linear_tree")]
    [InlineData("deep", "train with max_depth=6")]
    [InlineData("classes", "several classes")]
    public void What_a_sum_of_trees_can_not_say_is_refused(string name, string reason)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => LightGbmModel.Parse(Text(name)).ToEnsemble(1, isDemand: false));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        output.WriteLine($"{name}: {error.Message}");
    }

    [Fact]
    public void A_text_that_is_cut_off_anywhere_is_refused()
    {
        string[] lines = Text("regression");
        int end = Array.IndexOf(lines, "end of trees");
        for (int i = 0; i < end; i += 1 + end / 200)
        {
            Assert.Throws<InvalidDataException>(() => LightGbmModel.Parse(lines[..i]));
        }
        Assert.Throws<InvalidDataException>(() => LightGbmModel.Parse(lines[..end]));
        Assert.Equal(8, LightGbmModel.Parse(lines[..(end + 1)]).Features);
    }

    // Sums of doubles, ours and LightGBM's, in whatever order.
    private const double Rounding = 1e-12;

    private static string[] Text(string name) =>
        File.ReadAllLines(Path.Combine(Folder, $"{name}.txt"));

    private static string Here([CallerFilePath] string path = "") => path;
}
