using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class ClassTests
{
    private static readonly ClassPrices Prices = new(10, 100, 3);

    [Theory]
    [InlineData(1_000, 9, FeeClass.Standard)]
    [InlineData(1_000, 10, FeeClass.Fast)]
    [InlineData(1_000, 99, FeeClass.Fast)]
    [InlineData(1_000, 100, FeeClass.Urgent)]
    [InlineData(550, 100, FeeClass.Fast)] // 550 − 500 leaves 50
    [InlineData(505, 100, FeeClass.Standard)]
    public void A_class_is_the_highest_whose_premium_the_priority_fee_covers(
        ulong maxFee, ulong tip, FeeClass expected) =>
        Assert.Equal(expected, Prices.ClassOf(maxFee, tip, 500));

    [Fact]
    public void Prices_stand_in_extra_data_and_other_bytes_are_none()
    {
        byte[] encoded = Prices.ToExtraData();
        Assert.InRange(encoded.Length, 1, BlockHeader.LongestExtraData);
        Assert.Equal(Prices, ClassPrices.FromExtraData(encoded));
        Assert.Null(ClassPrices.FromExtraData([]));
        Assert.Null(ClassPrices.FromExtraData(new byte[27]));
        Assert.Null(ClassPrices.FromExtraData(new byte[32]));
    }

    [Fact]
    public void What_is_paid_is_the_class_premium_and_at_most_the_preceding_ones_class()
    {
        var chain = new HomeostatChain();
        ulong fee = (ulong)chain.Header.BaseFee!.Value;
        ExecutedBlock built = chain.Build(
            HomeostatChain.Transfer(2, 0, 5, tip: 60),
            HomeostatChain.Transfer(2, 1, 5, tip: 7),
            HomeostatChain.Transfer(2, 2, 5, tip: 60),
            HomeostatChain.Transfer(3, 0, 5, tip: 0));
        Assert.Equal(
            [fee + 50, fee + 1, fee + 1, fee],
            built.Receipts.Skip(1).Select(receipt => (ulong)receipt.EffectiveGasPrice));
        Assert.Null(chain.Validate(built.Block));
        UInt256 paid = (UInt256)21_000UL * (4 * fee + 52) + 15;
        UInt256 left = built.State.GetAccount(Accounts.Address(2))!.Balance;
        Assert.True(UInt256.Parse("1000000000000000000") - left < paid);
    }

    [Fact]
    public void A_legacy_transaction_falls_into_a_class_by_what_its_price_leaves()
    {
        var chain = new HomeostatChain();
        ulong fee = (ulong)chain.Header.BaseFee!.Value;
        RecoveredTransaction legacy = TransactionTests.Recovered(new Transaction
        {
            Type = TransactionType.Legacy,
            ChainId = HomeostatChain.ChainId,
            MaxFee = fee + 49,
            MaxPriorityFee = fee + 49,
            GasLimit = 21_000,
            To = Accounts.Address(9),
        }.Sign(Accounts.Key(3)));
        Assert.Equal(fee + 1, (ulong)chain.Build(legacy).Receipts[1].EffectiveGasPrice);
    }

    [Fact]
    public void On_a_free_network_nothing_is_paid_and_nothing_gathers()
    {
        var chain = new HomeostatChain();
        BlockRules rules = chain.Rules.At(chain.Header);
        BlockHeader free = chain.Header with { BaseFee = UInt256.Zero };
        BlockExecution execution = BlockExecution.Start(
            chain.Genesis, free, rules, chain.Inputs, chain.Engine);
        Assert.Null(execution.TryApply(chain.Transaction0()).Error);
        TransactionResult result = execution.TryApply(
            HomeostatChain.Transfer(2, 0, 5, maxFee: 0, tip: 0));
        Assert.Null(result.Error);
        Assert.True(result.Receipt!.EffectiveGasPrice.IsZero);
        Assert.True(execution.State.GetBalance(EthereumForks.FeePool).IsZero);
    }
}
