using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>Learning in the ratified box: it learns, forgets, and can't be wound up.</summary>
public sealed class LearnerTests
{
    private const string PinnedDigest =
        "0xa0c032e6a443f992a2bd40ea25d9cd8efcc20172e6817f037929b7a1d65300d3";

    internal static LearnerSpec Spec(int rate = 3, int leak = 12) => LearnerSpec.Create(
        DemandFeatures.SetId, 10, rate, leak, Fixed.One.Scale(-7), Fixed.FromInteger(-2),
        Fixed.FromInteger(2), [.. Enumerable.Repeat(Fixed.One.Scale(-3), 8)])!;

    [Fact]
    public void The_encoding_round_trips_and_limits_are_checked()
    {
        LearnerSpec spec = Spec();
        byte[] bytes = spec.Encode();
        Assert.Equal(100, bytes.Length);
        Assert.True(LearnerSpec.TryDecode(bytes, out LearnerSpec? decoded));
        Assert.Equal(bytes, decoded!.Encode());
        foreach ((int at, byte value) in ((int, byte)[])
            [(0, 0), (4, 2), (5, 9), (6, 0), (8, 33), (9, 0), (10, 1), (12, 1), (20, 0x7f)])
        {
            byte[] altered = [.. bytes];
            altered[at] = value;
            if (at == 6)
            {
                altered[7] = 0;
            }
            Assert.False(LearnerSpec.TryDecode(altered, out _), $"byte {at}");
        }
        Assert.False(LearnerSpec.TryDecode(bytes.AsSpan(1), out _));
    }

    [Fact]
    public void It_learns_a_linear_law_and_returns_to_its_first_weights_when_nothing_is_said()
    {
        LearnerSpec spec = Spec();
        var random = new SeededRandom(3);
        Fixed[] weights = [.. spec.FirstWeights];
        Fixed before = Error(spec.FirstWeights, new SeededRandom(4));
        for (int i = 0; i < 4_000; i++)
        {
            Fixed[] x = Features(random);
            weights = spec.Learn(weights, x, Law(x));
        }
        Fixed after = Error(weights, new SeededRandom(4));
        Assert.True(after < before.Scale(-3), $"{before} then {after}");
        // Nothing to learn: the leak alone draws it home.
        for (int i = 0; i < 100_000; i++)
        {
            weights = spec.Learn(weights, new Fixed[8], Fixed.Zero);
        }
        Assert.All(weights.Zip(spec.FirstWeights),
            pair => Assert.True(Fixed.Abs(pair.First - pair.Second) < Fixed.One.Scale(-18)));
    }

    // Whatever it is told, weights stay in the box: no wind-up, no overflow.
    [Fact]
    public void No_sequence_of_samples_leaves_the_box()
    {
        LearnerSpec spec = Spec(rate: 0, leak: 32);
        var random = new SeededRandom(9);
        Fixed[] weights = [.. spec.FirstWeights];
        Hash256 digest = Hash256.Zero;
        for (int i = 0; i < 20_000; i++)
        {
            Fixed[] x = [.. Enumerable.Range(0, 8).Select(_ => Wild(random))];
            weights = spec.Learn(weights, x, Wild(random));
            Assert.All(weights, w => Assert.True(w >= spec.Low && w <= spec.High));
            digest = Keccak.Hash([.. digest.Bytes, .. weights.SelectMany(
                w => BitConverter.GetBytes(w.Raw))]);
        }
        Assert.True(digest.ToString() == PinnedDigest, digest.ToString());
    }

    [Fact]
    public void Errors_within_the_dead_zone_teach_nothing()
    {
        LearnerSpec spec = Spec(leak: 32);
        Fixed[] x = [.. Enumerable.Repeat(Fixed.FromInteger(10), 8)];
        Fixed said = spec.Evaluate(x).Output;
        Fixed[] same = spec.Learn([.. spec.FirstWeights], x, said + said.Scale(-8));
        Assert.Equal(spec.FirstWeights, same);
        Fixed[] moved = spec.Learn([.. spec.FirstWeights], x, said + said.Scale(-5));
        Assert.NotEqual(spec.FirstWeights, moved);
    }

    private static Fixed Law(Fixed[] x) => x[0].Scale(-1) + x[3].Scale(-2) - x[6].Scale(-2);

    private static Fixed Error(IReadOnlyList<Fixed> weights, SeededRandom random)
    {
        Fixed sum = Fixed.Zero;
        for (int i = 0; i < 200; i++)
        {
            Fixed[] x = Features(random);
            sum += Fixed.Abs(LearnerSpec.Evaluate(x, weights).Output - Law(x));
        }
        return sum;
    }

    private static Fixed[] Features(SeededRandom random) =>
        [.. Enumerable.Range(0, 8).Select(_ => Fixed.FromRaw(random.NextBetween(0, 30L << 32)))];

    private static Fixed Wild(SeededRandom random) => random.NextBelow(4) switch
    {
        0 => FeatureSets.MaximumFeature,
        1 => Fixed.Zero,
        2 => Fixed.FromRaw((long)random.NextBelow(1UL << 52)),
        _ => Fixed.FromRaw(-(long)random.NextBelow(1UL << 52)),
    };
}
