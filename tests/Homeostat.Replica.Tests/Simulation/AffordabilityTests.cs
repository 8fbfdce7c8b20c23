using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

public sealed class AffordabilityTests
{
    private const long Second = 1_000_000;

    /// <summary>
    /// The base fee starts at 1 gwei, a minute before the run, and falls by e in four minutes
    /// without load: it is 0.2 gwei at 326.3 s.
    /// </summary>
    private const ulong FeeCap = 200_000_000;

    [Fact]
    public void One_validator_waits_until_the_fee_has_fallen_and_includes_it_then()
    {
        var cluster = new Cluster(1, new ClusterSetup(SimulationRunner.Network(1)));
        cluster.StartAll();
        cluster.RunUntil(Second);
        cluster.Submit(0, Transfer(0, 0, FeeCap));
        cluster.Submit(0, Transfer(1, 0, FeeCap / 3)); // Below the minimum: never.
        cluster.RunUntil(325 * Second);
        Assert.Equal(Height.Genesis, cluster.Checks.Highest);
        cluster.RunUntil(328 * Second);
        Assert.Equal(1, cluster.Checks.Transactions);
        cluster.RunUntil(590 * Second);
        // The block with the transfer and the five empty ones that follow it; no more.
        Assert.Equal(new Height(6), cluster.Checks.Highest);
        cluster.Submit(0, Transfer(1, 0, 10 * FeeCap)); // The replacement pays.
        cluster.RunUntil(592 * Second);
        Assert.Equal(2, cluster.Checks.Transactions);
    }

    [Fact]
    public void Four_validators_make_no_blocks_for_what_is_not_affordable()
    {
        var setup = new ClusterSetup(SimulationRunner.Network(4));
        var idle = new Cluster(2, setup);
        idle.StartAll();
        idle.RunUntil(324 * Second);
        var cluster = new Cluster(2, setup);
        cluster.StartAll();
        cluster.RunUntil(Second);
        cluster.Submit(2, Transfer(0, 0, FeeCap));
        cluster.RunUntil(324 * Second);
        Assert.Equal(0, cluster.Checks.Transactions);
        Assert.InRange(cluster.Checks.Highest.Value, 0UL, idle.Checks.Highest.Value + 2);
        cluster.RunUntil(330 * Second);
        Assert.Equal(1, cluster.Checks.Transactions);
    }

    private static byte[] Transfer(int account, ulong nonce, ulong maxFee)
    {
        Address from = DevelopmentNetwork.FundedAccounts[account].Address;
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            MaxFee = maxFee,
            MaxPriorityFee = maxFee,
            GasLimit = 21_000,
            To = Address.FromNumber(0x20000),
            Value = 1,
        };
        return unsigned
            .WithSignature(SimulatedKeys.Sign(from, unsigned.SigningHash)).Encoded.ToArray();
    }
}
