using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class BaseFeeTests
{
    private const ulong Target = 15_000_000;
    private static readonly UInt256 Gwei = 1_000_000_000;

    [Fact]
    public void Gas_at_the_target_leaves_the_price()
    {
        for (ulong elapsed = 1; elapsed < 100_000; elapsed += 997)
        {
            Assert.Equal(Gwei, BaseFee.Next(Gwei, 15_000 * elapsed, elapsed, Target, 1));
        }
    }

    [Fact]
    public void Falls_by_e_over_the_time_constant_without_use()
    {
        UInt256 next = BaseFee.Next(Gwei, 0, BaseFee.TimeConstantMs, Target, 0);
        Assert.Equal(UInt256.Parse("367879441"), next); // floor(10^9 / e)
    }

    /// <summary>One interval or many: the dynamics do not depend on the block interval.</summary>
    [Fact]
    public void Splitting_an_interval_changes_only_the_rounding()
    {
        var random = new SeededRandom(11);
        for (int i = 0; i < 200; i++)
        {
            ulong price = 1_000_000_000 + random.NextUInt64() % 1_000_000_000_000;
            ulong gas = random.NextUInt64() % (4 * Target);
            UInt256 whole = BaseFee.Next(price, 10 * gas, 10_000, Target, 0);
            UInt256 split = price;
            for (int j = 0; j < 10; j++)
            {
                split = BaseFee.Next(split, gas, 1_000, Target, 0);
            }
            UInt256 difference = whole < split ? split - whole : whole - split;
            Assert.True(difference < 64, $"{whole} and {split}");
        }
    }

    /// <summary>
    /// The target is in the exponent only: a change of it never makes the price jump.
    /// </summary>
    [Fact]
    public void Changing_the_target_moves_no_price_by_itself()
    {
        var random = new SeededRandom(12);
        for (int i = 0; i < 500; i++)
        {
            ulong price = 1_000_000 + random.NextUInt64() % 1_000_000_000_000;
            ulong target = 1_000_000 + random.NextUInt64() % 100_000_000;
            UInt256 next = BaseFee.Next(price, 0, 1, target, 0);
            UInt256 least = (UInt256)price - (UInt256)price / 50_000 - 2;
            Assert.True(next > least && !(next > price), $"{price} {target}: {next}");
        }
    }

    [Fact]
    public void More_gas_never_gives_a_lower_price_nor_more_time_a_higher_one()
    {
        var random = new SeededRandom(13);
        for (int i = 0; i < 1_000; i++)
        {
            ulong price = random.NextUInt64() % 1_000_000_000;
            ulong gas = random.NextUInt64() % 100_000_000;
            ulong elapsed = 1 + random.NextUInt64() % 10_000;
            UInt256 next = BaseFee.Next(price, gas, elapsed, Target, 0);
            Assert.False(BaseFee.Next(price, gas + 1_000, elapsed, Target, 0) < next);
            Assert.False(BaseFee.Next(price, gas, elapsed + 10, Target, 0) > next);
        }
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(7UL)]
    public void Never_sticks_at_a_small_price(ulong price)
    {
        UInt256 up = BaseFee.Next(price, 501 * Target / 1000, 500, Target, 0);
        Assert.True(up > price);
        UInt256 down = BaseFee.Next(price, 499 * Target / 1000, 500, Target, 0);
        Assert.True(price == 0 ? down.IsZero : down < price);
    }

    [Fact]
    public void Holds_to_its_bounds_whatever_the_inputs()
    {
        ulong[] extremes = [0, 1, 1_000, ulong.MaxValue / 2, ulong.MaxValue];
        foreach (ulong gas in extremes)
        {
            foreach (ulong elapsed in extremes)
            {
                foreach (ulong target in extremes)
                {
                    UInt256 next = BaseFee.Next(UInt256.MaxValue, gas, elapsed, target, 5);
                    Assert.False(next < 5 || next > BaseFee.Maximum);
                }
            }
        }
        Assert.Equal(7, (int)(ulong)BaseFee.Next(0, 0, 1_000, Target, 7));
    }
}
