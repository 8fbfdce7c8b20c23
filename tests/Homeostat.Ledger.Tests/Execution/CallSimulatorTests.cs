using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class CallSimulatorTests
{
    private readonly HomeostatChain _chain = new();

    private CallSimulator Simulator => new(_chain.Rules, _chain.Engine);

    private CallContext Context => new()
    {
        State = _chain.Genesis,
        Header = _chain.Parent,
        GasCap = 50_000_000,
    };

    private static CallRequest Record(ulong value) => new()
    {
        From = Accounts.Address(2),
        To = HomeostatChain.Steering,
        Data = ((UInt256)value).ToBigEndian(),
    };

    [Fact]
    public void A_call_gives_output_and_gas_and_changes_nothing()
    {
        CallOutcome outcome = Simulator.Call(Context, Record(5));
        Assert.True(outcome.Succeeded, outcome.Error);
        Assert.True(outcome.GasUsed > 40_000);
        Assert.Equal(ExecutionStatus.Revert, Simulator.Call(Context, Record(0)).Status);
        Assert.True(_chain.Genesis.GetStorage(HomeostatChain.Steering, 0).IsZero);
    }

    [Fact]
    public void A_transfer_is_estimated_at_21000()
    {
        var request = new CallRequest
        {
            From = Accounts.Address(2),
            To = Accounts.Address(9),
            Value = 1,
        };
        Assert.True(Simulator.TryEstimateGas(Context, request, out ulong gas, out _));
        Assert.Equal(21_000UL, gas);
    }

    [Fact]
    public void An_estimate_is_enough_and_not_much_more()
    {
        Assert.True(Simulator.TryEstimateGas(Context, Record(5), out ulong gas, out _));
        Assert.True(Simulator.Call(Context, Record(5) with { Gas = gas }).Succeeded);
        Assert.False(
            Simulator.Call(Context, Record(5) with { Gas = gas * 97 / 100 }).Succeeded);
        Assert.False(Simulator.TryEstimateGas(Context, Record(0), out _, out CallOutcome outcome));
        Assert.Equal(ExecutionStatus.Revert, outcome.Status);
        Assert.False(Simulator.TryEstimateGas(
            Context, Record(5) with { Gas = 30_000 }, out _, out outcome));
        Assert.Equal("gas required exceeds allowance (30000)", outcome.Error);
    }

    [Fact]
    public void An_access_list_names_the_slots_that_are_touched()
    {
        CallOutcome outcome = Simulator.CreateAccessList(
            Context, Record(5), out AccessListEntry[] list);
        Assert.True(outcome.Succeeded, outcome.Error);
        AccessListEntry entry = Assert.Single(list);
        Assert.Equal(HomeostatChain.Steering, entry.Address);
        Assert.Equal([UInt256.Zero], entry.Slots);
    }

    [Fact]
    public void Overrides_hold_for_the_call_only()
    {
        // Returns slot 1, then the block's number.
        byte[] code = Hex.Decode("0x6001545f524360205260405ff3");
        CallContext context = Context with
        {
            Accounts =
            [
                new(Accounts.Address(9), new AccountOverride
                {
                    Code = code,
                    StateDiff = [new(1, 77)],
                    Balance = 4,
                }),
            ],
            Block = new BlockOverrides { Number = 123 },
        };
        CallOutcome outcome = Simulator.Call(
            context, new CallRequest { To = Accounts.Address(9) });
        Assert.True(outcome.Succeeded, outcome.Error);
        Assert.Equal(77UL, UInt256.FromBigEndian(outcome.Output.AsSpan(0, 32)));
        Assert.Equal(123UL, UInt256.FromBigEndian(outcome.Output.AsSpan(32, 32)));
        Assert.Null(_chain.Genesis.GetAccount(Accounts.Address(9)));
    }

    [Fact]
    public void A_price_is_checked_against_base_fee_and_funds_only_when_given()
    {
        CallRequest poor = Record(5) with { From = Accounts.Address(40) };
        Assert.True(Simulator.Call(Context, poor).Succeeded);
        Assert.StartsWith(
            "insufficient funds for gas * price + value",
            Simulator.Call(Context, poor with { GasPrice = 2_000_000_000, Gas = 50_000 }).Error,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "max fee per gas less than block base fee",
            Simulator.Call(Context, poor with { MaxFee = 1, Gas = 50_000 }).Error,
            StringComparison.Ordinal);
    }
}
