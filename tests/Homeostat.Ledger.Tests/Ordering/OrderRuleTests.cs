using Homeostat.Primitives;
using static Homeostat.Ledger.Tests.PoolWorld;

namespace Homeostat.Ledger.Tests;

public sealed class OrderRuleTests
{
    private const ulong Limit = 30_000_000;

    [Fact]
    public void Reference_vectors_of_siphash()
    {
        // Appendix A of the paper: key 00..0f, input 00..0e.
        byte[] key = new byte[32];
        for (int i = 0; i < 16; i++)
        {
            key[i] = (byte)i;
        }
        byte[] input = [.. Enumerable.Range(0, 15).Select(i => (byte)i)];
        Assert.Equal(0xa129ca6149be45e5UL, new SipHash(new Hash256(key)).Hash(input));
    }

    [Fact]
    public void A_block_out_of_the_drawn_order_is_invalid()
    {
        var chain = new HomeostatChain();
        Block right = chain.Build(
            HomeostatChain.Transfer(2, 0, 5), HomeostatChain.Transfer(3, 0, 5)).Block;
        Block wrong = chain.Build(
            HomeostatChain.Transfer(3, 0, 5), HomeostatChain.Transfer(2, 0, 5)).Block;
        Assert.Null(chain.Validate(right));
        Assert.Contains("out of order", chain.Validate(wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sender_can_not_stand_in_two_places()
    {
        var chain = new HomeostatChain();
        Block split = chain.Build(
            HomeostatChain.Transfer(2, 0, 5), HomeostatChain.Transfer(3, 0, 5),
            HomeostatChain.Transfer(2, 1, 5)).Block;
        Assert.Contains("out of order", chain.Validate(split), StringComparison.Ordinal);
    }

    [Fact]
    public void The_lane_stands_first_in_its_own_order_and_takes_half()
    {
        RecoveredTransaction[] drawn = Drawn(Terms([]), 6);
        RecoveredTransaction late = drawn[^1], middle = drawn[3];
        OrderingTerms terms = Terms([late.Hash, Keccak.Hash([9]), middle.Hash]);
        RecoveredTransaction[] lane =
            [late, middle, .. drawn.Where(item => item != late && item != middle)];
        Assert.Null(OrderRule.Check(lane, terms, Limit));
        Assert.Equal(2, OrderRule.LaneLength(lane, terms.Overdue, Limit));
        RecoveredTransaction[] swapped = [middle, late, .. lane[2..]];
        Assert.NotNull(OrderRule.Check(swapped, terms, Limit));
        // Two of 21,000 are over half of 70,000, so the second has to stand at its place.
        Assert.NotNull(OrderRule.Check(lane, terms, 70_000));
        Assert.Null(OrderRule.Check([late, .. drawn.Where(item => item != late)], terms, 70_000));
    }

    [Fact]
    public void Places_are_even()
    {
        int[] first = new int[4];
        for (int block = 0; block < 4_000; block++)
        {
            var draw = new PlaceDraw(Keccak.Hash(BitConverter.GetBytes(block)));
            SenderRank[] ranks = [.. Enumerable.Range(0, 4).Select(i => draw.RankOf(Sender(i)))];
            first[Array.IndexOf(ranks, ranks.Min())]++;
        }
        Assert.All(first, count => Assert.InRange(count, 900, 1_100)); // 3.6 deviations
    }

    private static OrderingTerms Terms(IReadOnlyList<Hash256> overdue) =>
        new() { Seed = Keccak.Hash([1]), Overdue = overdue };

    private static RecoveredTransaction[] Drawn(OrderingTerms terms, int count)
    {
        var draw = new PlaceDraw(terms.Seed);
        return [.. Enumerable.Range(0, count).Select(i => Transfer(Sender(i), 0))
            .OrderBy(item => draw.RankOf(item.Sender))];
    }
}
