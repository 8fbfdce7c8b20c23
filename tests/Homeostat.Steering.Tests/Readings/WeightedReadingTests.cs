using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class WeightedReadingTests
{
    // Liars hold as much weight as they can (f of W > 3f) and say what they like, or nothing; any
    // subset of the honest that still makes a notarization reports.
    [Fact]
    public void Whatever_f_say_a_reading_lies_between_honest_values()
    {
        var random = new SeededRandom(7);
        int readings = 0;
        for (int round = 0; round < 20_000; round++)
        {
            int n = 4 + random.NextBelow(20);
            ulong all = 0;
            var honest = new List<WeightedValue>();
            var lies = new List<WeightedValue>();
            ulong[] weights = [.. Enumerable.Range(0, n).Select(_ => 1 + random.NextBelow(9UL))];
            ulong total = weights.Aggregate(0UL, (sum, w) => sum + w);
            ulong faulty = (total + 2) / 3 - 1;
            ulong lying = 0;
            foreach (ulong weight in weights)
            {
                all += weight;
                if (lying + weight <= faulty)
                {
                    lying += weight;
                    lies.Add(new WeightedValue(Lie(random), weight));
                }
                else if (random.Chance(9, 10))
                {
                    honest.Add(new WeightedValue(1_000 + random.NextBelow(1_000UL), weight));
                }
            }
            List<WeightedValue> reports = random.Chance(1, 4) ? honest : [.. honest, .. lies];
            uint third = 1 + (uint)random.NextBelow(2);
            if (WeightedReading.TryQuantile(reports, all, third, 3, out ulong value))
            {
                readings++;
                Assert.InRange(value, honest.Min(h => h.Value), honest.Max(h => h.Value));
            }
        }
        Assert.True(readings > 10_000, $"{readings} readings");
    }

    [Fact]
    public void Too_little_weight_gives_no_reading()
    {
        WeightedValue[] two = [new(10, 1), new(20, 1)];
        Assert.False(WeightedReading.TryQuantile(two, 4, 2, 3, out _));
        WeightedValue[] three = [.. two, new(30, 1)];
        Assert.True(WeightedReading.TryQuantile(three, 4, 2, 3, out ulong value));
        Assert.Equal(20UL, value);
        Assert.False(WeightedReading.TryQuantile([], 0, 2, 3, out _));
        Assert.True(WeightedReading.TryQuantile([new(5, 1)], 1, 2, 3, out value));
        Assert.Equal(5UL, value);
    }

    [Fact]
    public void A_reading_moves_by_a_quarter_at_most()
    {
        Assert.Equal(125u, WeightedReading.Slew(100, ulong.MaxValue));
        Assert.Equal(75u, WeightedReading.Slew(100, 0));
        Assert.Equal(110u, WeightedReading.Slew(100, 110));
        Assert.Equal(1u, WeightedReading.Slew(0, 50));
        Assert.Equal(0u, WeightedReading.Slew(1, 0));
        Assert.Equal(uint.MaxValue, WeightedReading.Slew(uint.MaxValue, ulong.MaxValue));
    }

    private static ulong Lie(SeededRandom random) => random.NextBelow(3) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        _ => random.NextUInt64() >> random.NextBelow(64),
    };
}
