using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

public sealed class TransactionPoolTests
{
    private static readonly SelectionBudget Large =
        new(ulong.MaxValue / 2, long.MaxValue / 2, 10_000);
    private readonly PoolWorld _world = new();
    private readonly Address _alice = Sender(1);
    private readonly Address _bob = Sender(2);

    public TransactionPoolTests()
    {
        _world.Set(_alice, 5, Ether);
        _world.Set(_bob, 0, Ether);
    }

    private TransactionPool Pool(PoolLimits? limits = null) =>
        new(limits ?? new PoolLimits(), _world, Chain);

    [Fact]
    public void The_next_nonce_is_pending_and_a_later_one_waits_until_the_gap_is_filled()
    {
        TransactionPool pool = Pool();
        Assert.Equal(PoolOutcome.Queued, pool.Add(Transfer(_alice, 7)).Outcome);
        Assert.Equal(5UL, pool.NextNonce(_alice));
        Assert.Equal(PoolOutcome.Pending, pool.Add(Transfer(_alice, 5)).Outcome);
        Assert.Equal(6UL, pool.NextNonce(_alice));
        Assert.Equal(PoolOutcome.Pending, pool.Add(Transfer(_alice, 6)).Outcome);
        Assert.Equal(8UL, pool.NextNonce(_alice));
        Assert.Equal(3, pool.ExecutableCount);
    }

    [Fact]
    public void Refusals_have_geths_texts()
    {
        TransactionPool pool = Pool();
        RecoveredTransaction first = Transfer(_alice, 5);
        Assert.True(pool.Add(first).IsTaken);
        (RecoveredTransaction, string)[] cases =
        [
            (first, "already known"),
            (Transfer(_alice, 4), "nonce too low: next nonce 5, tx nonce 4"),
            (Transfer(_alice, 5, fee: 10, tip: 2), "replacement transaction underpriced"),
            (Transfer(_alice, 5, fee: 11, tip: 1), "replacement transaction underpriced"),
            (Transfer(_bob, 0, gas: 20_999),
                "intrinsic gas too low: gas 20999, minimum needed 21000"),
            (Transfer(_bob, 0, gas: 60_000_001), "exceeds block gas limit"),
            (Transfer(_bob, 0, gas: 16_777_217),
                "transaction gas limit too high (cap: 16777216, tx: 16777217)"),
            (Transfer(_bob, 0, fee: 1, tip: 2),
                "max priority fee per gas higher than max fee per gas"),
            (Transfer(Sender(9), 0), "insufficient funds for gas * price + value: "
                + "balance 0, tx cost 210000, overshot 210000"),
            (Transfer(_bob, 0, data: new byte[200_000]),
                "oversized data: transaction size 200046, limit 131072"),
        ];
        foreach ((RecoveredTransaction transaction, string text) in cases)
        {
            Assert.Equal(text, pool.Add(transaction).Error);
        }
        RecoveredTransaction other = new(
            new Transaction { Type = TransactionType.Blob, ChainId = 4242, To = _bob }, _bob);
        Assert.StartsWith("transaction type not supported", pool.Add(other).Error);
    }

    [Fact]
    public void A_tenth_dearer_in_both_fees_replaces()
    {
        TransactionPool pool = Pool();
        RecoveredTransaction old = Transfer(_alice, 5, fee: 100, tip: 10);
        pool.Add(old);
        pool.Add(Transfer(_alice, 6));
        PoolAddResult result = pool.Add(Transfer(_alice, 5, fee: 110, tip: 11));
        Assert.Equal(PoolOutcome.Pending, result.Outcome);
        Assert.Equal(old.Hash, result.Replaced);
        Assert.False(pool.Contains(old.Hash));
        Assert.Equal(2, pool.Count);
        Assert.Equal(7UL, pool.NextNonce(_alice));
    }

    [Fact]
    public void All_of_a_senders_transactions_together_must_be_payable()
    {
        TransactionPool pool = Pool();
        _world.Set(_bob, 0, 3 * 210_000);
        Assert.True(pool.Add(Transfer(_bob, 0)).IsTaken);
        Assert.True(pool.Add(Transfer(_bob, 1)).IsTaken);
        Assert.Equal(
            "insufficient funds for gas * price + value: "
                + "balance 630000, queued cost 420000, tx cost 210001, overshot 1",
            pool.Add(Transfer(_bob, 2, value: 1)).Error);
        Assert.True(pool.Add(Transfer(_bob, 2)).IsTaken);
    }

    [Fact]
    public void Selection_leaves_out_what_the_parents_state_has_used()
    {
        TransactionPool pool = Pool();
        for (ulong nonce = 5; nonce < 9; nonce++)
        {
            pool.Add(Transfer(_alice, nonce));
        }
        PoolWorld parent = _world.Copy();
        parent.Set(_alice, 7, Ether);
        Assert.Equal(
            [7UL, 8UL],
            pool.Select(parent, 0, OrderingTerms.None, Large)
                .Select(taken => taken.Transaction.Nonce));
        Assert.Equal(4, pool.Count);
    }

    [Fact]
    public void What_a_final_block_holds_leaves_and_what_follows_moves_up()
    {
        TransactionPool pool = Pool();
        RecoveredTransaction[] mine =
            [.. Enumerable.Range(5, 4).Select(nonce => Transfer(_alice, (ulong)nonce))];
        foreach (RecoveredTransaction transaction in mine)
        {
            pool.Add(transaction);
        }
        _world.Include(mine[..2]);
        pool.OnFinalized(mine[..2], _world, Chain);
        Assert.Equal(2, pool.Count);
        Assert.Equal(9UL, pool.NextNonce(_alice));
        Assert.Equal(mine[2..], pool.Select(_world, 0, OrderingTerms.None, Large));

        // A block whose transactions we never saw uses up the rest.
        _world.Set(_alice, 9, Ether);
        pool.OnFinalized([Transfer(_alice, 8, fee: 99)], _world, Chain);
        Assert.Equal(0, pool.Count);
        Assert.Equal(0, pool.Bytes);
        Assert.Null(pool.View().Sender(_alice));
    }

    [Fact]
    public void A_full_pool_gives_up_the_tail_of_the_cheapest_queue()
    {
        TransactionPool pool = Pool(new PoolLimits { Transactions = 3 });
        RecoveredTransaction cheapTail = Transfer(_alice, 6, fee: 50);
        pool.Add(Transfer(_alice, 5, fee: 5));
        pool.Add(cheapTail);
        pool.Add(Transfer(_bob, 0, fee: 10));
        Address carol = Sender(3);
        _world.Set(carol, 0, Ether);
        Assert.Equal("transaction underpriced", pool.Add(Transfer(carol, 0, fee: 5)).Error);
        Assert.True(pool.Add(Transfer(carol, 0, fee: 6)).IsTaken);
        Assert.False(pool.Contains(cheapTail.Hash));
        Assert.Equal("txpool is full", pool.Add(Transfer(_alice, 6, fee: 99)).Error);
        Assert.Equal(3, pool.Count);
    }

    [Fact]
    public void A_full_pool_gives_up_what_waits_for_a_nonce_first()
    {
        TransactionPool pool = Pool(new PoolLimits { Transactions = 2 });
        RecoveredTransaction waiting = Transfer(_alice, 9, fee: 1_000);
        pool.Add(waiting);
        pool.Add(Transfer(_bob, 0, fee: 10));
        Assert.True(pool.Add(Transfer(_bob, 1, fee: 2)).IsTaken);
        Assert.False(pool.Contains(waiting.Hash));
    }

    [Fact]
    public void One_sender_can_hold_a_thousand_and_no_more()
    {
        TransactionPool pool = Pool();
        int limit = new PoolLimits().TransactionsPerSender;
        for (int i = 0; i < limit; i++)
        {
            Assert.Equal(PoolOutcome.Pending, pool.Add(Transfer(_bob, (ulong)i)).Outcome);
        }
        Assert.StartsWith("account limit exceeded", pool.Add(Transfer(_bob, (ulong)limit)).Error);
        Assert.True(pool.Add(Transfer(_bob, 3, fee: 20, tip: 2)).IsTaken);
    }

    [Fact]
    public void A_discarded_transaction_makes_its_followers_wait()
    {
        TransactionPool pool = Pool();
        RecoveredTransaction first = Transfer(_alice, 5);
        pool.Add(first);
        pool.Add(Transfer(_alice, 6));
        pool.Discard(first.Hash);
        Assert.Equal(1, pool.Count);
        Assert.Equal(0, pool.ExecutableCount);
        Assert.Empty(pool.Select(_world, 0, OrderingTerms.None, Large));
        Assert.True(pool.Add(first).IsTaken);
        Assert.Equal(2, pool.ExecutableCount);
    }

    [Fact]
    public void A_view_stays_as_it_was_and_tells_what_arrived()
    {
        TransactionPool pool = Pool();
        RecoveredTransaction first = Transfer(_alice, 5);
        pool.Add(first);
        PoolView before = pool.View();
        pool.Add(Transfer(_alice, 6));
        _world.Include([first]);
        pool.OnFinalized([first], _world, Chain);
        PoolView after = pool.View();
        Assert.True(before.TryGet(first.Hash, out _));
        Assert.False(after.TryGet(first.Hash, out _));
        Assert.Equal(6UL, before.Sender(_alice)!.NextNonce);
        Assert.Equal(7UL, after.Sender(_alice)!.NextNonce);
        Assert.Equal([5UL], before.ArrivalsSince(0).Select(arrival => arrival.Nonce));
        ulong cursor = before.NextArrival;
        Assert.Equal([6UL], after.ArrivalsSince(cursor).Select(arrival => arrival.Nonce));
        Assert.Empty(pool.View().ArrivalsSince(after.NextArrival));
    }

    [Fact]
    public void Arrivals_too_far_back_are_missing_but_never_wrong()
    {
        TransactionPool pool = Pool(new PoolLimits { ArrivalHistory = 3 });
        for (ulong nonce = 0; nonce < 5; nonce++)
        {
            pool.Add(Transfer(_bob, nonce));
        }
        PoolView old = pool.View();
        Assert.Equal([2UL, 3, 4], old.ArrivalsSince(0).Select(arrival => arrival.Nonce));
        pool.Add(Transfer(_bob, 5));
        Assert.Equal([3UL, 4], old.ArrivalsSince(0).Select(arrival => arrival.Nonce));
    }
}
