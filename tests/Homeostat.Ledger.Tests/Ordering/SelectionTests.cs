using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

public sealed class SelectionTests
{
    private static readonly ClassPrices Prices = new(10, 100, 1);
    private readonly PoolWorld _world = new();
    private readonly TransactionPool _pool;
    private int _senders;

    public SelectionTests() => _pool = new TransactionPool(new PoolLimits(), _world, Chain);

    [Fact]
    public void Quotas_hold_when_all_classes_are_overloaded()
    {
        Add(600, 0);
        Add(600, 10);
        Add(600, 100);
        int[] taken = TakenByClass(blocks: 40, gas: 100 * 21_000);
        // Urgent: its quarter, and of the rest a share by draw; so each class at least its quota
        // less what the draw takes of the last one.
        Assert.Equal(40 * 100, taken.Sum());
        Assert.True(taken[2] >= 40 * 25);
        Assert.True(taken[1] + taken[2] >= 40 * 60);
        Assert.True(taken[0] >= 40 * 40 / 5, $"standard got {taken[0]}");
        Assert.True(taken[2] > taken[1] && taken[1] > taken[0]);
    }

    [Fact]
    public void A_quota_that_is_not_used_is_everyones()
    {
        Add(500, 0);
        Assert.Equal(100, Select(100 * 21_000, seed: 1).Count);
    }

    [Fact]
    public void An_overloaded_class_spills_down_and_is_never_slower()
    {
        Add(1_500, 100);
        Add(100, 10);
        Add(100, 0);
        int urgent = 0, fast = 0, standard = 0;
        for (int block = 0; block < 60; block++)
        {
            IReadOnlyList<RecoveredTransaction> taken = Select(100 * 21_000, (byte)block);
            urgent += taken.Count(item => item.Transaction.MaxPriorityFee == 100);
            fast += taken.Count(item => item.Transaction.MaxPriorityFee == 10);
            standard += taken.Count(item => item.Transaction.MaxPriorityFee == 0);
        }
        // 1,500 urgent share a quarter and then draw with the 100 fast and the 100 standard.
        Assert.True(urgent > 60 * 90);
        Assert.True(fast > 0 && standard > 0, $"{fast} fast, {standard} standard");
    }

    [Fact]
    public void A_large_transaction_gets_its_share_though_it_exceeds_its_quota()
    {
        Address large = NewSender();
        Assert.True(_pool.Add(Transfer(large, 0, 1_000, 100, gas: 1_000_000)).IsTaken);
        Add(300, 100);
        int times = 0;
        for (int block = 0; block < 100; block++)
        {
            IReadOnlyList<RecoveredTransaction> taken = Select(100 * 21_000, (byte)block);
            times += taken.Any(item => item.Sender == large) ? 1 : 0;
        }
        Assert.InRange(times, 5, 60); // A small one is taken in a third of them.
    }

    [Fact]
    public void The_lane_comes_first_and_counts_for_nonces()
    {
        Address sender = NewSender();
        RecoveredTransaction first = Transfer(sender, 0, 1_000, 0);
        RecoveredTransaction second = Transfer(sender, 1, 1_000, 100);
        Assert.True(_pool.Add(first).IsTaken && _pool.Add(second).IsTaken);
        Add(50, 100);
        var terms = new OrderingTerms
        {
            Prices = Prices,
            Seed = Keccak.Hash([1]),
            Overdue = [second.Hash, Keccak.Hash([1]), first.Hash],
        };
        IReadOnlyList<RecoveredTransaction> taken = _pool.Select(
            _world, 500, terms, new SelectionBudget(30 * 21_000, 1 << 20, 100));
        Assert.Equal(first, taken[0]); // second can't stand before it
        Assert.Equal(30, taken.Count);
        Assert.Null(OrderRule.Check(taken.ToArray(), terms, Chain.GasLimit));
    }

    [Fact]
    public void Levels_go_before_the_draw_inside_a_quota()
    {
        Add(200, 0);
        var terms = new OrderingTerms { Prices = Prices, Seed = Keccak.Hash([1]) };
        IReadOnlyList<RecoveredTransaction> taken = _pool.Select(
            _world, 500, terms, new SelectionBudget(50 * 21_000, 1 << 20, 100),
            entry => entry.Sender.Bytes[^1] % 4);
        Assert.All(taken, item => Assert.Equal(0, item.Sender.Bytes[^1] % 4));
    }

    [Fact]
    public void Spares_leave_room_for_those_chosen_after_them()
    {
        Add(60, 0);
        var terms = new OrderingTerms { Prices = Prices, Seed = Keccak.Hash([1]) };
        BlockSelection selection = _pool.SelectWithSpares(
            _world, 500, terms, new SelectionBudget(40 * 21_000, 1 << 20, 100));
        Assert.Equal(60, selection.Transactions.Count);
        Assert.Null(OrderRule.Check(selection.Transactions.ToArray(), terms, Chain.GasLimit));
        ulong left = 40 * 21_000;
        int taken = 0;
        for (int i = 0; i < selection.Transactions.Count; i++)
        {
            ulong gas = selection.Transactions[i].Transaction.GasLimit;
            bool fits = gas + selection.RoomToLeave[i] <= left;
            taken += fits ? 1 : 0;
            left -= fits ? gas : 0;
        }
        // All use what was expected, so the block is full, and by those chosen but for its end.
        Assert.Equal(40, taken);
    }

    private int[] TakenByClass(int blocks, ulong gas)
    {
        int[] taken = new int[ClassPrices.Classes];
        for (int block = 0; block < blocks; block++)
        {
            foreach (RecoveredTransaction item in Select(gas, (byte)block))
            {
                taken[(int)Prices.ClassOf(item.Transaction, 500)]++;
            }
        }
        return taken;
    }

    private IReadOnlyList<RecoveredTransaction> Select(ulong gas, byte seed) => _pool.Select(
        _world, 500, new OrderingTerms { Prices = Prices, Seed = Keccak.Hash([seed]) },
        new SelectionBudget(gas, 1 << 24, 10_000));

    private void Add(int count, ulong tip)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(_pool.Add(Transfer(NewSender(), 0, 1_000, tip)).IsTaken);
        }
    }

    private Address NewSender()
    {
        Address sender = Sender(_senders++);
        _world.Set(sender, 0, Ether);
        return sender;
    }
}
