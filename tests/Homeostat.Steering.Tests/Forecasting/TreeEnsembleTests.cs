using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class TreeEnsembleTests
{
    // Of this trainer, encoding and evaluation on drawn rows: other bytes are another protocol.
    private const string PinnedModel =
        "0x28b50b35ed4c9ee8e590e762aa51d24508ad2e75db411a0d7ccb63882f3fa9bf";

    private const string PinnedForecasts =
        "0xd19cd4dd9269713ed9a7b20ee6f1fb7d025702e66dc6e22252486c0e0f902d41";

    private static readonly List<Fixed[]> Rows = DrawRows(new SeededRandom(11), 2_000);

    private static readonly List<Fixed> Targets = [.. Rows.Select(Target)];

    [Fact]
    public void Training_and_evaluation_give_the_pinned_bytes()
    {
        TreeEnsemble model = GradientBoosting.Train(10, Rows, Targets, BoostingOptions.Default);
        var forecasts = new RlpWriter();
        foreach (Fixed[] row in Rows)
        {
            Forecast forecast = model.Evaluate(row);
            forecasts.Write(unchecked((ulong)forecast.Output.Raw));
            foreach (Fixed share in forecast.Attributions)
            {
                forecasts.Write(unchecked((ulong)share.Raw));
            }
        }
        string own = $"{model.Hash} {forecasts.Hash()}";
        Assert.True(own == $"{PinnedModel} {PinnedForecasts}", own);
    }

    [Fact]
    public void Attributions_and_bias_sum_exactly_to_the_output()
    {
        TreeEnsemble model = GradientBoosting.Train(10, Rows, Targets, BoostingOptions.Default);
        foreach (Fixed[] row in Rows)
        {
            Forecast forecast = model.Evaluate(row);
            Assert.Equal(DemandFeatures.Count + 1, forecast.Attributions.Count);
            Int128 sum = 0;
            foreach (Fixed share in forecast.Attributions)
            {
                sum += share.Raw;
            }
            Assert.Equal(sum, forecast.Output.Raw);
        }
    }

    // The target has a step and an interaction; the mean alone leaves all of its variance.
    [Fact]
    public void Boosting_learns_what_a_mean_can_not()
    {
        var options = BoostingOptions.Default with { Trees = 60 };
        TreeEnsemble model = GradientBoosting.Train(10, Rows, Targets, options);
        List<Fixed[]> unseen = DrawRows(new SeededRandom(12), 500);
        Int128 own = 0;
        Int128 mean = 0;
        foreach (Fixed[] row in unseen)
        {
            own += Int128.Abs((model.Evaluate(row).Output - Target(row)).Raw);
            mean += Int128.Abs((model.Base - Target(row)).Raw);
        }
        Assert.True(own * 4 < mean, $"{own} of {mean}");
    }

    [Fact]
    public void A_feature_no_tree_asks_about_weighs_nothing()
    {
        TreeEnsemble model = GradientBoosting.Train(10, Rows, Targets, BoostingOptions.Default);
        var asked = model.Nodes.Where(n => !n.IsLeaf).Select(n => n.Feature).ToHashSet();
        Assert.Contains(0, asked);
        for (int f = 0; f < DemandFeatures.Count; f++)
        {
            Assert.True(asked.Contains(f) ||
                Rows.All(row => model.Evaluate(row).Attributions[f] == Fixed.Zero));
        }
    }

    [Fact]
    public void Only_canonical_bytes_decode()
    {
        byte[] bytes =
            GradientBoosting.Train(10, Rows, Targets, BoostingOptions.Default).Encode();
        Assert.True(ForecasterCoding.TryDecode(bytes, out IForecaster? model));
        Assert.Equal(bytes, model!.Encode());
        Assert.False(TreeEnsemble.TryDecode([.. bytes, 0], out _));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(TreeEnsemble.TryDecode(bytes.AsSpan(0, length), out _));
        }
        foreach (int place in (int[])[0, 1, 2, 3, 4, 5, 8, 9])
        {
            byte[] altered = [.. bytes];
            altered[place] ^= 0x55;
            Assert.False(TreeEnsemble.TryDecode(altered, out _), $"byte {place}");
        }
        var random = new SeededRandom(13);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] altered = [.. bytes];
            altered[random.NextBelow(bytes.Length)] ^= (byte)(1 << random.NextBelow(8));
            if (TreeEnsemble.TryDecode(altered, out TreeEnsemble? other))
            {
                Assert.Equal(altered, other!.Encode());
                other.Evaluate(Rows[0]);
            }
        }
    }

    // depth 1: |base| + 3 · largest value ≤ 2^63 − 1, met exactly and missed by one.
    [Fact]
    public void Sums_that_could_overflow_do_not_decode()
    {
        long most = long.MaxValue / 3;
        Assert.NotNull(Stump(long.MaxValue - 3 * most, most));
        Assert.Null(Stump(long.MaxValue - 3 * most + 1, most));
        Assert.Null(Stump(0, most + 1));
        Assert.Null(Stump(0, long.MinValue));
        Forecast forecast = Stump(long.MaxValue - 3 * most, most)!.Evaluate(Rows[0]);
        Assert.Equal(
            (Int128)forecast.Output.Raw, forecast.Attributions.Aggregate(
                (Int128)0, (sum, share) => sum + share.Raw));
    }

    [Fact]
    public void Trees_deeper_or_more_than_the_caps_do_not_decode()
    {
        Assert.NotNull(Chain(TreeEnsemble.MaximumDepth));
        Assert.Null(Chain(TreeEnsemble.MaximumDepth + 1));
        TreeNode[] leaf = [new(-1, Fixed.Zero, Fixed.One, 0)];
        Assert.NotNull(TreeEnsemble.Create(
            1, Fixed.Zero, [.. Enumerable.Repeat(leaf, TreeEnsemble.MaximumTrees)]));
        Assert.Null(TreeEnsemble.Create(
            1, Fixed.Zero, [.. Enumerable.Repeat(leaf, TreeEnsemble.MaximumTrees + 1)]));
        Assert.Null(TreeEnsemble.Create(1, Fixed.Zero, []));
        Assert.Null(TreeEnsemble.Create(0, Fixed.Zero, [leaf]));
    }

    private static TreeEnsemble? Stump(long bias, long value) => TreeEnsemble.Create(
        10, Fixed.FromRaw(bias),
        [[
            new(0, Fixed.MaxValue, Fixed.FromRaw(-Math.Max(value, -long.MaxValue)), 0),
            new(-1, Fixed.Zero, Fixed.FromRaw(value), 0),
            new(-1, Fixed.Zero, Fixed.Zero, 0),
        ]]);

    private static TreeEnsemble? Chain(int depth)
    {
        var nodes = new List<TreeNode>();
        for (int i = 0; i < depth; i++)
        {
            nodes.Add(new TreeNode(1, Fixed.FromInteger(i), Fixed.One, 0));
        }
        nodes.AddRange(Enumerable.Repeat(new TreeNode(-1, Fixed.Zero, Fixed.One, 0), depth + 1));
        return TreeEnsemble.Create(10, Fixed.Zero, [nodes]);
    }

    private static Fixed Target(Fixed[] row) =>
        (row[0] > Fixed.FromInteger(50) ? Fixed.FromInteger(40) : Fixed.Zero) +
        (row[1] > Fixed.FromInteger(30) && row[2] > Fixed.FromInteger(60)
            ? Fixed.FromInteger(20) : Fixed.Zero);

    private static List<Fixed[]> DrawRows(SeededRandom random, int count) =>
    [
        .. Enumerable.Range(0, count).Select(_ => (Fixed[])
        [
            .. Enumerable.Range(0, DemandFeatures.Count)
                .Select(_ => Fixed.FromRaw(random.NextBetween(0, 100L << 32))),
        ]),
    ];
}
