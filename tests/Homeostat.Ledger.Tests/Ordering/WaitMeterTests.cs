using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class WaitMeterTests
{
    private const int Block = WaitMeter.UnitsOfBlock;
    private static readonly ClassPrices Prices = new(10, 100, 3);

    // A block each second, at a base fee of 500.
    [Theory]
    [InlineData(9_500, 1)] // after the block before its own
    [InlineData(9_000, 1)] // a block's own time is too late for it
    [InlineData(8_999, 2)]
    [InlineData(5_500, 5)]
    [InlineData(-9_000, 8)] // what is longer is not known
    public void A_wait_is_counted_in_the_blocks_that_could_have_held_it(long sinceMs, int blocks)
    {
        WaitMeter meter = After(10);
        meter.Included(Bid(1_000, 100), FeeClass.Urgent, sinceMs);
        meter.EndBlock(Terms(10));
        Assert.Equal(Math.Min(blocks * Block, WaitMeter.MostUnits), meter.Of(FeeClass.Urgent));
        Assert.Equal(0, meter.Of(FeeClass.Fast));
    }

    [Fact]
    public void Blocks_it_could_not_have_paid_for_are_no_wait()
    {
        var meter = new WaitMeter();
        meter.EndBlock(Terms(0));
        meter.EndBlock(Terms(1) with { BaseFee = 1_001 });
        meter.EndBlock(Terms(2) with { Prices = new ClassPrices(10, 101, 3) });
        meter.EndBlock(Terms(3) with { Prices = new ClassPrices(10, 90, 3) });
        meter.Included(Bid(1_000, 100), FeeClass.Urgent, -1);
        meter.EndBlock(Terms(4));
        Assert.Equal(3 * Block, meter.Of(FeeClass.Urgent));
    }

    [Fact]
    public void A_class_waits_the_mean_of_its_transactions_in_the_last_blocks()
    {
        WaitMeter meter = After(10);
        meter.Included(Bid(1_000, 100), FeeClass.Urgent, 9_500);
        meter.Included(Bid(1_000, 100), FeeClass.Urgent, 9_500);
        meter.Included(Bid(1_000, 100), FeeClass.Urgent, 6_500);
        meter.Included(Bid(1_000, 10), FeeClass.Fast, 6_500);
        meter.Included(Bid(1_000, 0), FeeClass.Standard, 0);
        meter.EndBlock(Terms(10));
        Assert.Equal(2 * Block, meter.Of(FeeClass.Urgent));
        Assert.Equal(4 * Block, meter.Of(FeeClass.Fast));
        Assert.Equal(0, meter.Of(FeeClass.Standard));
        for (int i = 11; i <= 26; i++)
        {
            Assert.Equal(2 * Block, meter.Of(FeeClass.Urgent));
            meter.EndBlock(Terms(i));
        }
        Assert.Equal(0, meter.Of(FeeClass.Urgent));
        Assert.Equal(0, meter.Of(FeeClass.Fast));
    }

    [Fact]
    public void The_pool_tells_since_when_a_transaction_is_its_senders_next()
    {
        var world = new PoolWorld();
        Address sender = PoolWorld.Sender(1);
        world.Set(sender, 0, PoolWorld.Ether);
        var pool = new TransactionPool(new PoolLimits(), world, PoolWorld.Chain) { NowMs = 5 };
        RecoveredTransaction first = PoolWorld.Transfer(sender, 0);
        RecoveredTransaction second = PoolWorld.Transfer(sender, 1);
        Assert.Null(pool.NextSinceMs(first));
        pool.Add(first);
        pool.NowMs = 7;
        pool.Add(second);
        Assert.Equal(5, pool.NextSinceMs(first));
        Assert.Null(pool.NextSinceMs(second));
        pool.NowMs = 9;
        world.Include([first]);
        pool.OnFinalized([first], world, PoolWorld.Chain);
        Assert.Null(pool.NextSinceMs(first));
        Assert.Equal(9, pool.NextSinceMs(second));
    }

    private static WaitMeter After(int blocks)
    {
        var meter = new WaitMeter();
        for (int i = 0; i < blocks; i++)
        {
            meter.EndBlock(Terms(i));
        }
        return meter;
    }

    private static BlockTerms Terms(int height) => new(1_000 * height, 500, Prices);

    private static Transaction Bid(ulong maxFee, ulong tip) =>
        PoolWorld.Transfer(PoolWorld.Sender(1), 0, maxFee, tip).Transaction;
}
