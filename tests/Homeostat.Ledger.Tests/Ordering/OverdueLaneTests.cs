using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

public sealed class OverdueLaneTests
{
    private static readonly Hash256[] Hashes =
        [.. Enumerable.Range(0, 6).Select(i => Keccak.Hash([(byte)i]))];

    [Fact]
    public void More_than_a_third_of_the_weight_makes_overdue()
    {
        Assert.Empty(OverdueLane.Agree([new(1, [Hashes[0]])], 3));
        Assert.Equal([Hashes[0]], OverdueLane.Agree([new(2, [Hashes[0]])], 5));
        Assert.Equal(
            [Hashes[1]],
            OverdueLane.Agree([new(1, [Hashes[0], Hashes[1]]), new(1, [Hashes[1]])], 4));
    }

    [Fact]
    public void A_third_that_lies_moves_nobody_before_what_all_others_list_first()
    {
        OverdueVote honest = new(1, [Hashes[0], Hashes[1], Hashes[2]]);
        OverdueVote liar = new(1, [Hashes[5], Hashes[2], Hashes[1], Hashes[0]]);
        Assert.Equal(
            [Hashes[0], Hashes[1], Hashes[2]],
            OverdueLane.Agree([honest, liar, honest, honest], 4));
    }

    [Fact]
    public void The_pool_lists_what_has_waited_as_its_senders_next_oldest_first()
    {
        var world = new PoolWorld();
        var pool = new TransactionPool(new PoolLimits(), world, Chain);
        for (int i = 0; i < 8; i++)
        {
            world.Set(Sender(7 - i), 0, Ether);
            pool.NowMs = 100 * i;
            Assert.True(pool.Add(Transfer(Sender(7 - i), 0, fee: i == 2 ? 3UL : 10UL)).IsTaken);
            pool.Add(Transfer(Sender(7 - i), 1));
        }
        pool.NowMs = 1_000;
        // 500 ms old: the senders 7 to 2, without 5, which can't pay; 4 has used its nonce.
        PoolWorld state = world.Copy();
        state.Set(Sender(4), 1, Ether);
        Assert.Equal(
            [Sender(7), Sender(6), Sender(3)],
            pool.Overdue(state, 5, 500, 3).Select(entry => entry.Sender));
        Assert.Equal(4, pool.Overdue(state, 5, 500, 16).Count);
        Assert.Empty(pool.Overdue(state, 5, 1_001, 16));
        // A successor's time begins when it becomes the next.
        world.Set(Sender(7), 1, Ether);
        pool.OnFinalized([Transfer(Sender(7), 0)], world, Chain);
        pool.NowMs = 1_400;
        Assert.DoesNotContain(
            Sender(7), pool.Overdue(world, 5, 500, 16).Select(entry => entry.Sender));
    }

    [Fact]
    public void Leaving_out_one_that_fits_is_found_and_a_full_lane_is_not_a_fault()
    {
        var chain = new HomeostatChain();
        RecoveredTransaction first = HomeostatChain.Transfer(2, 0, 5);
        RecoveredTransaction second = HomeostatChain.Transfer(3, 0, 5);
        RecoveredTransaction gap = HomeostatChain.Transfer(3, 1, 5);
        var terms = new OrderingTerms { Overdue = [gap.Hash, first.Hash, second.Hash] };
        RecoveredTransaction? Known(Hash256 hash) =>
            new[] { first, second, gap }.FirstOrDefault(item => item.Hash == hash);
        string? Omitted(RecoveredTransaction[] block, ulong gasLimit = 1_000_000) =>
            OverdueLane.FindOmitted(
                block, terms, Known, chain.Genesis, chain.Header.BaseFee!.Value, gasLimit,
                gasLimit);
        Assert.Null(Omitted([first, second]));
        Assert.Contains(second.Hash.ToString(), Omitted([first]), StringComparison.Ordinal);
        Assert.Contains(first.Hash.ToString(), Omitted([]), StringComparison.Ordinal);
        Assert.Null(Omitted([first], gasLimit: 50_000)); // half holds one
        Assert.NotNull(Omitted([], gasLimit: 30_000)); // but one always
        Assert.Null(OverdueLane.FindOmitted(
            [], terms, _ => null, chain.Genesis, chain.Header.BaseFee!.Value, 1_000_000,
            1_000_000));
    }

    // Otherwise honest validators refuse honest blocks, and none is ever made.
    [Fact]
    public void What_an_honest_proposer_selects_owes_nobody_a_place()
    {
        const ulong GasLimit = 3_000_000, Room = 2_000_000;
        var world = new PoolWorld();
        WorldSnapshot state = WorldStateTests.With(changes =>
        {
            for (int i = 0; i < 40; i++)
            {
                changes.AddBalance(Sender(i), Ether);
            }
        });
        var random = new SeededRandom(0x1a5e);
        for (int round = 0; round < 200; round++)
        {
            var pool = new TransactionPool(new PoolLimits(), world, Chain);
            var all = new List<RecoveredTransaction>();
            for (int i = 0; i < 40; i++)
            {
                world.Set(Sender(i), 0, Ether);
                ulong gas = 21_000 + (random.NextUInt64() >> 40) % (random.Chance(1, 4)
                    ? 1_900_000UL
                    : 200_000UL);
                all.Add(Transfer(
                    Sender(i), 0, 1_000, random.Chance(1, 2) ? 100UL : 0, gas: gas));
                Assert.True(pool.Add(all[^1]).IsTaken);
            }
            var terms = new OrderingTerms
            {
                Prices = new ClassPrices(10, 100, 1),
                Seed = Keccak.Hash(BitConverter.GetBytes(round)),
                Overdue = [.. all.Select(item => item.Hash)
                    .Where(_ => random.Chance(2, 5)).OrderBy(_ => random.NextUInt64())],
            };
            RecoveredTransaction[] block = [.. pool.Select(
                world, 500, terms, new SelectionBudget(Room, 1 << 20, 100, 5_000)
                {
                    GasLimit = GasLimit,
                })];
            Assert.Null(OrderRule.Check(block, terms, GasLimit));
            Assert.Null(OverdueLane.FindOmitted(
                block, terms, hash => all.Find(item => item.Hash == hash), state, 500,
                GasLimit, Room));
        }
    }
}
