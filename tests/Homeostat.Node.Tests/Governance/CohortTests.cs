using Homeostat.Ledger;
using Homeostat.Node.Governance;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.Governance;

/// <summary>Whom a proposal affects, and what its calls are, by what lies on the chain.</summary>
public sealed class CohortTests
{
    // Twenty senders: the i-th uses 10,000 · i gas; the last sends ten transactions, urgent ones.
    private static readonly RecentTransaction[] Recent =
    [
        .. Enumerable.Range(1, 20).SelectMany(i => Enumerable.Range(0, i == 20 ? 10 : 1).Select(
            k => new RecentTransaction(
                Keccak.Hash([(byte)i, (byte)k]), Address.FromNumber((uint)i), i > 15,
                i == 20 ? FeeClass.Urgent : FeeClass.Standard, (ulong)(10_000 * i), 100))),
    ];

    [Fact]
    public void Cohorts_count_senders_fees_and_who_is_left_out()
    {
        List<Cohort> cohorts = Cohorts.Of(
            Recent, -25, new HashSet<Hash256> { Recent[3].Hash },
            new HashSet<Hash256> { Recent[^1].Hash });
        Cohort Of(string start) => cohorts.Single(
            c => c.Name.StartsWith(start, StringComparison.Ordinal));
        Cohort all = Of("all");
        Assert.Equal((20, 29, 1, 1), (all.Senders, all.Transactions, all.LeftOut, all.Changed));
        Assert.Equal(all.Gas * (UInt256)100UL, all.Fees);
        Assert.Equal(all.Gas * (UInt256)75UL, all.FeesUnder);
        Assert.Equal((10, 10, 1), (Of("small").Senders, Of("small").Transactions,
            Of("small").LeftOut));
        Assert.Equal((UInt256)550_000UL, Of("small").Gas);
        Assert.Equal(2, Of("large").Senders);
        Assert.Equal(19, Of("senders of one").Senders);
        Assert.Equal((1, 10, 1), (Of("senders of 8").Senders, Of("senders of 8").Transactions,
            Of("senders of 8").Changed));
        Assert.Equal(10, Of("urgent").Transactions);
        Assert.Equal(15, Of("plain").Senders);
        Assert.DoesNotContain(cohorts, c => c.Name.StartsWith("fast", StringComparison.Ordinal));
    }

    [Fact]
    public void A_price_falls_to_zero_and_no_further()
    {
        Cohort all = Cohorts.Of(
            Recent, -1_000, new HashSet<Hash256>(), new HashSet<Hash256>())[0];
        Assert.Equal(UInt256.Zero, all.FeesUnder);
    }

    [Fact]
    public void A_call_is_told_by_its_type_and_loop()
    {
        byte[] ratify = AbiCall.Encode("ratify(bytes32,uint64[])",
            new AbiTuple().Add(SteeringProgram.CapacityLoopName)
                .Add((ulong[])[20_000_000, 70_000_000, 90_000_000, 300]));
        ProposedAct act = ProposedAct.Of(
            new ProposedCall(PredeployAddresses.Constitution, UInt256.Zero, ratify));
        Assert.Equal(SteeringProgram.CapacityLoopName, act.Loop);
        Assert.Equal(4, act.Values.Count);
        Assert.Contains("capacity: gas target 20,000,000 gas/s", act.Words,
            StringComparison.Ordinal);
        ProposedAct unknown = ProposedAct.Of(
            new ProposedCall(PredeployAddresses.Constitution, UInt256.Zero, [1, 2, 3, 4]));
        Assert.Equal("", unknown.Type);
        Assert.Contains("does not know", unknown.Words, StringComparison.Ordinal);
    }
}
