using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

public sealed class SealedTests
{
    private const ulong Limit = 30_000_000;
    private static readonly ClassPrices Prices = new(10, 100, 1);

    [Fact]
    public void A_commitment_counts_in_the_next_blocks_and_no_other()
    {
        var chain = new HomeostatChain();
        RecoveredTransaction trade = HomeostatChain.Transfer(2, 1, 5);
        ExecutedBlock block = chain.Build(
            Commit(2, 0, SealedCommitments.CommitmentTo(trade.Hash)));
        Assert.True(block.Receipts[1].Succeeded);
        Assert.False(Read(chain.Genesis, 1).Opens(trade.Hash));
        for (ulong number = 2; number <= 1 + SealedCommitments.Window; number++)
        {
            Assert.True(Read(block.State, number).Opens(trade.Hash), $"block {number}");
            Assert.False(Read(block.State, number).Opens(block.Transactions[1].Hash));
        }
        Assert.True(Read(block.State, 2 + SealedCommitments.Window).IsEmpty);
    }

    [Fact]
    public void A_block_without_commitments_writes_none()
    {
        var chain = new HomeostatChain();
        Assert.True(Read(chain.Build(HomeostatChain.Transfer(2, 0, 5)).State, 2).IsEmpty);
    }

    [Fact]
    public void The_ring_holds_as_many_of_a_block_as_count_and_forgets_earlier_rounds()
    {
        WorldState world = new(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.AddBalance(EthereumForks.FeePool, 1); // An empty account keeps no storage.
        RecoveredTransaction[] many =
            [.. Enumerable.Range(0, 300).Select(i => Committing(i))];
        SealedCommitments.Record(world, EthereumForks.FeePool, new Height(3), many);
        SealedCommitments.Record(world, EthereumForks.FeePool, new Height(7), many[..2]);
        world.EndTransaction(clearsEmptyAccounts: true);
        WorldSnapshot state = world.Commit().State;
        SealedCommitments late = Read(state, 8), early = Read(state, 4);
        Assert.True(late.Opens(Name(0)) && late.Opens(Name(1)) && !late.Opens(Name(2)));
        Assert.True(early.IsEmpty); // Block 7 has taken its place.

        WorldState other = new(WorldSnapshot.Empty(new MemoryNodeSource()));
        other.AddBalance(EthereumForks.FeePool, 1);
        SealedCommitments.Record(other, EthereumForks.FeePool, new Height(3), many);
        other.EndTransaction(clearsEmptyAccounts: true);
        SealedCommitments full = Read(other.Commit().State, 4);
        Assert.True(full.Opens(Name(SealedCommitments.MostOfBlock - 1)));
        Assert.False(full.Opens(Name(SealedCommitments.MostOfBlock)));
    }

    [Fact]
    public void Sealed_transactions_stand_before_all_others_that_are_drawn()
    {
        RecoveredTransaction[] drawn = Drawn(8);
        RecoveredTransaction early = drawn[4], late = drawn[7];
        var terms = new OrderingTerms { Seed = Seed, Sealed = SealedTo(early, late) };
        RecoveredTransaction[] others =
            [.. drawn.Where(item => item != early && item != late)];
        Assert.Null(OrderRule.Check([early, late, .. others], terms, Limit));
        Assert.Contains(
            "out of order", OrderRule.Check([late, early, .. others], terms, Limit),
            StringComparison.Ordinal);
        Assert.Contains(
            "it is sealed", OrderRule.Check([early, .. others, late], terms, Limit),
            StringComparison.Ordinal);
        Assert.Contains(
            "it is sealed", OrderRule.Check(drawn, terms, Limit), StringComparison.Ordinal);
        OrderingTerms lane = terms with { Overdue = [others[3].Hash] };
        Assert.Null(OrderRule.Check(
            [others[3], early, late, .. others.Where(item => item != others[3])], lane, Limit));
    }

    [Fact]
    public void Who_has_read_a_sealed_transaction_stands_after_it_whatever_the_draw()
    {
        var world = new PoolWorld();
        var pool = new TransactionPool(new PoolLimits(), world, Chain);
        RecoveredTransaction trade = Add(pool, world, 0, 100);
        for (int copy = 1; copy <= 64; copy++)
        {
            Add(pool, world, copy, 100);
        }
        for (byte seed = 0; seed < 50; seed++)
        {
            var terms = new OrderingTerms
            {
                Prices = Prices,
                Seed = Keccak.Hash([seed]),
                Sealed = SealedTo(trade),
            };
            IReadOnlyList<RecoveredTransaction> taken = pool.Select(
                world, 500, terms, new SelectionBudget(65 * 21_000, 1 << 20, 100));
            Assert.Equal(65, taken.Count);
            Assert.Equal(trade, taken[0]);
            Assert.Null(OrderRule.Check(taken.ToArray(), terms, Chain.GasLimit));
        }
    }

    [Fact]
    public void Sealed_urgent_ones_do_not_wait_for_lots_and_others_do()
    {
        var world = new PoolWorld();
        var pool = new TransactionPool(new PoolLimits(), world, Chain);
        RecoveredTransaction urgent = Add(pool, world, 0, 100);
        RecoveredTransaction standard = Add(pool, world, 1, 0);
        for (int i = 2; i < 500; i++)
        {
            Add(pool, world, i, 100);
        }
        int standards = 0;
        for (byte seed = 0; seed < 40; seed++)
        {
            var terms = new OrderingTerms
            {
                Prices = Prices,
                Seed = Keccak.Hash([seed]),
                Sealed = SealedTo(urgent, standard),
            };
            IReadOnlyList<RecoveredTransaction> taken = pool.Select(
                world, 500, terms, new SelectionBudget(40 * 21_000, 1 << 20, 100));
            Assert.Contains(urgent, taken);
            standards += taken.Contains(standard) ? 1 : 0;
            Assert.Null(OrderRule.Check(taken.ToArray(), terms, Chain.GasLimit));
        }
        Assert.True(standards < 20, $"{standards} of 40");
    }

    [Fact]
    public void Behind_an_open_one_of_its_sender_a_sealed_one_is_not_first()
    {
        var world = new PoolWorld();
        var pool = new TransactionPool(new PoolLimits(), world, Chain);
        RecoveredTransaction open = Add(pool, world, 0, 100);
        RecoveredTransaction trade = Transfer(Sender(0), 1, 1_000, 100);
        Assert.True(pool.Add(trade).IsTaken);
        for (int i = 1; i < 20; i++)
        {
            Add(pool, world, i, 100);
        }
        var terms = new OrderingTerms { Prices = Prices, Seed = Seed, Sealed = SealedTo(trade) };
        IReadOnlyList<RecoveredTransaction> taken = pool.Select(
            world, 500, terms, new SelectionBudget(30 * 21_000, 1 << 20, 100));
        Assert.Equal(21, taken.Count);
        Assert.Null(OrderRule.Check(taken.ToArray(), terms, Chain.GasLimit));
        int place = taken.ToList().IndexOf(open);
        Assert.Equal(trade, taken[place + 1]);
    }

    [Fact]
    public void Nothing_that_runs_in_a_block_knows_its_seed()
    {
        var chain = new HomeostatChain();
        Hash256 seed = chain.Inputs.Ordering.Seed, reveal = Keccak.Hash([7]);
        chain.Inputs = chain.Inputs with
        {
            Ordering = chain.Inputs.Ordering with { Reveal = reveal },
        };
        Assert.Equal(Keccak.Hash(seed.Bytes), chain.Header.MixHash);
        BlockExecution execution = chain.Start();
        Assert.Null(execution.TryApply(chain.Transaction0()).Error);
        UInt256 pending = PlaceSeed.PendingSlot(Accounts.Address(1));
        Assert.True(execution.State.GetStorage(PlaceSeed.Contract, pending).IsZero);
        Assert.True(execution.TryFinish([], [], out ExecutedBlock? block, out _));
        Assert.NotEqual(chain.Genesis.Root, block.State.Root);
    }

    private static readonly Hash256 Seed = Keccak.Hash([1]);

    private static SealedCommitments Read(WorldSnapshot state, ulong number) =>
        SealedCommitments.Read(state, EthereumForks.FeePool, new Height(number));

    private static SealedCommitments SealedTo(params RecoveredTransaction[] transactions) =>
        SealedCommitments.Of(
            transactions.Select(item => SealedCommitments.CommitmentTo(item.Hash)));

    private static Hash256 Name(int number) => Keccak.Hash(BitConverter.GetBytes(number));

    private static RecoveredTransaction Committing(int number) => new(
        new Transaction
        {
            To = SealedCommitments.Target,
            Data = SealedCommitments.CommitmentTo(Name(number)).ToArray(),
        },
        Sender(number));

    private static RecoveredTransaction Commit(int from, ulong nonce, in Hash256 commitment) =>
        TransactionTests.Recovered(new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = HomeostatChain.ChainId,
            Nonce = nonce,
            MaxFee = 3_000_000_000,
            MaxPriorityFee = 1,
            GasLimit = 30_000,
            To = SealedCommitments.Target,
            Data = commitment.ToArray(),
        }.Sign(Accounts.Key(from)));

    private static RecoveredTransaction[] Drawn(int count)
    {
        var draw = new PlaceDraw(Seed);
        return [.. Enumerable.Range(0, count).Select(i => Transfer(Sender(i), 0))
            .OrderBy(item => draw.RankOf(item.Sender))];
    }

    private static RecoveredTransaction Add(
        TransactionPool pool, PoolWorld world, int sender, ulong tip)
    {
        world.Set(Sender(sender), 0, Ether);
        RecoveredTransaction transaction = Transfer(Sender(sender), 0, 1_000, tip);
        Assert.True(pool.Add(transaction).IsTaken);
        return transaction;
    }
}
