using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

/// <summary>
/// Random histories: after every step the pool agrees with what can be said about it by looking at
/// all of it, and two pools with the same history agree with each other.
/// </summary>
public sealed class PoolPropertyTests
{
    private const int Senders = 8;
    private static readonly OrderingTerms Terms = new()
    {
        Prices = new ClassPrices(3, 9, 1),
        Seed = Keccak.Hash([7]),
    };

    private static readonly SelectionBudget Large =
        new(ulong.MaxValue / 2, long.MaxValue / 2, 10_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Invariants_hold_through_random_histories(ulong seed)
    {
        var random = new SeededRandom(seed);
        var world = new PoolWorld();
        for (int i = 0; i < Senders; i++)
        {
            world.Set(Sender(i), 0, (ulong)(i + 1) * 2_000_000_000);
        }
        var limits = new PoolLimits
        {
            Transactions = 40,
            TransactionsPerSender = 12,
            TransactionBytes = 4_096,
            Bytes = 8_192,
        };
        var pool = new TransactionPool(limits, world, Chain);
        var twin = new TransactionPool(limits, world, Chain);
        for (int step = 0; step < 1_500; step++)
        {
            Step(random, world, pool, twin);
            CheckLimits(pool, limits);
            CheckView(pool, world);
            Assert.Equal(
                Hashes(pool.Select(world, 5, Terms, Large)),
                Hashes(twin.Select(world, 5, Terms, Large)));
            CheckSelection(pool, world, random.NextBelow(30));
        }
    }

    private static void Step(
        SeededRandom random, PoolWorld world, TransactionPool pool, TransactionPool twin)
    {
        if (random.Chance(1, 12))
        {
            var budget = new SelectionBudget((ulong)random.NextBelow(8) * 21_000, 4_096, 100);
            IReadOnlyList<RecoveredTransaction> block = pool.Select(world, 0, Terms, budget);
            world.Include(block);
            pool.OnFinalized(block, world, Chain);
            twin.OnFinalized(block, world, Chain);
            return;
        }
        if (random.Chance(1, 30) && pool.Select(world, 0, Terms, Large) is [var first, ..])
        {
            pool.Discard(first.Hash);
            twin.Discard(first.Hash);
            return;
        }
        Address sender = Sender(random.NextBelow(Senders));
        ulong nonce = world.Read(sender).Nonce + (ulong)random.NextBelow(6);
        ulong fee = 1 + (ulong)random.NextBelow(40);
        RecoveredTransaction transaction = Transfer(
            sender, nonce, fee, (ulong)random.NextBelow((int)fee + 1),
            value: (ulong)random.NextBelow(1_000_000_000), data: new byte[random.NextBelow(300)],
            gas: 30_000);
        PoolAddResult result = pool.Add(transaction);
        Assert.Equal(result, twin.Add(transaction));
        Assert.Equal(result.IsTaken, pool.Contains(transaction.Hash) && result.Error is null);
    }

    private static void CheckLimits(TransactionPool pool, PoolLimits limits)
    {
        Assert.InRange(pool.Count, 0, limits.Transactions);
        Assert.InRange(pool.Bytes, 0, limits.Bytes);
        Assert.InRange(pool.ExecutableCount, 0, pool.Count);
    }

    private static void CheckView(TransactionPool pool, PoolWorld world)
    {
        PoolView view = pool.View();
        IReadOnlyList<PooledSender> senders = view.Senders();
        PooledTransaction[] all = [.. senders.SelectMany(sender => sender.Transactions)];
        Assert.Equal(pool.Count, all.Length);
        Assert.Equal(pool.Count, view.Count);
        Assert.Equal(pool.Bytes, all.Sum(entry => (long)entry.EncodedBytes));
        Assert.Equal(pool.ExecutableCount, senders.Sum(sender => sender.ExecutableCount));
        foreach (PooledSender sender in senders)
        {
            AccountStanding standing = world.Read(sender.Address);
            Assert.Equal(standing.Nonce, sender.StateNonce);
            ulong[] nonces = [.. sender.Transactions.Select(entry => entry.Nonce)];
            Assert.Equal(nonces.Order().Distinct(), nonces);
            int contiguous = nonces.TakeWhile((n, i) => n == standing.Nonce + (ulong)i).Count();
            Assert.Equal(contiguous, sender.ExecutableCount);
            UInt256 cost = sender.Transactions.Aggregate(
                UInt256.Zero, (sum, entry) => sum + entry.Cost);
            Assert.True(cost <= standing.Balance);
            Assert.All(
                sender.Transactions,
                entry => Assert.True(view.TryGet(entry.Hash, out PooledTransaction found)
                    && ReferenceEquals(found, entry)));
        }
    }

    /// <summary>
    /// With room for all, what can pay is taken, whole queues up to the first that can't, and in
    /// the order a block must have.
    /// </summary>
    private static void CheckSelection(TransactionPool pool, PoolWorld world, int baseFee)
    {
        UInt256 fee = (ulong)baseFee;
        IEnumerable<Hash256> expected = pool.View().Senders().SelectMany(
            sender => sender.Transactions.Take(sender.ExecutableCount)
                .TakeWhile(entry => entry.MaxFeePerGas >= fee)
                .Select(entry => entry.Hash));
        RecoveredTransaction[] taken = [.. pool.Select(world, fee, Terms, Large)];
        Assert.Equal(expected.Order(), Hashes(taken).Order());
        Assert.Null(OrderRule.Check(taken, Terms, 30_000_000));
        foreach (IGrouping<Address, RecoveredTransaction> mine in
            taken.GroupBy(item => item.Sender))
        {
            ulong[] nonces = [.. mine.Select(item => item.Transaction.Nonce)];
            Assert.Equal(nonces.Order(), nonces);
        }
    }

    private static Hash256[] Hashes(IEnumerable<RecoveredTransaction> transactions) =>
        [.. transactions.Select(transaction => transaction.Hash)];
}
