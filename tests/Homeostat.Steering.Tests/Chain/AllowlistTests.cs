using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Lists of senders and deployers on a chain of real blocks: accounts 1, 2 and 9 may send, 2 and 9
/// may deploy, 9 governs.
/// </summary>
public sealed class AllowlistTests
{
    // CREATE of nothing, then what it gave into slot 0.
    private static readonly byte[] Factory = Hex.Decode("0x600060006000f060005500");

    private static readonly Address FactoryAddress = Address.FromNumber(0xfac7);

    [Fact]
    public void Who_is_not_on_the_lists_can_neither_send_nor_deploy()
    {
        SteeredChain chain = Create();
        Assert.Null(chain.ErrorOf(chain.CallOf(1, Address.FromNumber(1), [])));
        Assert.StartsWith("sender not allowed: ",
            chain.ErrorOf(chain.CallOf(3, Address.FromNumber(1), []))!,
            StringComparison.Ordinal);
        Assert.StartsWith("deployment not allowed: ",
            chain.ErrorOf(chain.CallOf(1, null, [0]))!, StringComparison.Ordinal);
        Assert.Null(chain.ErrorOf(chain.CallOf(2, null, [0])));
    }

    [Fact]
    public void Nor_deploy_through_a_contract_that_it_calls()
    {
        SteeredChain chain = Create();
        chain.Next(transactions: [chain.CallOf(1, FactoryAddress, [])]);
        Assert.True(chain.State.GetStorage(FactoryAddress, UInt256.Zero).IsZero);
        chain.Next(transactions: [chain.CallOf(2, FactoryAddress, [])]);
        Assert.False(chain.State.GetStorage(FactoryAddress, UInt256.Zero).IsZero);
    }

    [Fact]
    public void Governance_changes_them_from_the_next_block_on()
    {
        SteeredChain chain = Create();
        Address third = DevelopmentNetwork.FundedAccounts[3].Address;
        byte[] admit = Encode("set(address,uint8)", new AbiTuple().Add(third).Add((UInt256)1UL));
        Assert.False(Send(chain, 1, admit));
        Assert.True(Send(chain, 9, admit));
        Assert.Null(chain.ErrorOf(chain.CallOf(3, Address.FromNumber(1), [])));
        Assert.True(Send(
            chain, 9, Encode("setLists(uint8)", new AbiTuple().Add(UInt256.Zero))));
        Assert.Null(chain.ErrorOf(chain.CallOf(4, null, [0])));
    }

    [Fact]
    public void The_pool_says_who_may_not_send()
    {
        SteeredChain chain = Create();
        var pool = new TransactionPool(
            new PoolLimits(), new SnapshotAccounts(chain.State),
            new PoolChain(DevelopmentNetwork.ChainId, 30_000_000));
        PoolAddResult Add(int account, Address? to) => pool.Add(new RecoveredTransaction(
            chain.CallOf(account, to, []), DevelopmentNetwork.FundedAccounts[account].Address));
        Assert.Null(Add(1, Address.FromNumber(1)).Error);
        Assert.StartsWith(
            "sender not allowed", Add(3, Address.FromNumber(1)).Error!, StringComparison.Ordinal);
        Assert.StartsWith(
            "deployment not allowed", Add(1, null).Error!, StringComparison.Ordinal);
    }

    [Fact]
    public void Genesis_keeps_them_and_refuses_lists_nobody_could_live_with()
    {
        DevelopmentNetwork network = DevelopmentNetwork.Create(4, change: Listed);
        Assert.True(GenesisDocument.TryParse(
            network.Genesis.ToJson(), out GenesisDocument? read, out string? error), error);
        Assert.Equal(network.Genesis.Config.Allowlists!.Senders, read!.Config.Allowlists!.Senders);
        Assert.Equal(network.Genesis.ToJson(), read.ToJson());
        Assert.NotNull(new GenesisAllowlists([], null).Fault);
        Assert.NotNull(new GenesisAllowlists(
            [Address.FromNumber(1)], [Address.FromNumber(2)]).Fault);
        Assert.Null(new GenesisAllowlists(null, []).Fault);
    }

    private static ChainConfig Listed(ChainConfig config) => config with
    {
        Allowlists = new GenesisAllowlists(
            [.. new[] { 1, 2, 9 }.Select(i => DevelopmentNetwork.FundedAccounts[i].Address)],
            [.. new[] { 2, 9 }.Select(i => DevelopmentNetwork.FundedAccounts[i].Address)]),
    };

    // The timelock's place is account 9's here, also as the lists' owner.
    private static SteeredChain Create() => new(
        amend: world =>
        {
            world.SetCode(FactoryAddress, new Evm.Code(Factory));
            UInt256 word = world.GetStorage(PredeployAddresses.Allowlists, UInt256.Zero);
            world.SetStorage(PredeployAddresses.Allowlists, UInt256.Zero,
                (word >> 160 << 160) | DevelopmentNetwork.FundedAccounts[9].Address.ToWord());
        },
        change: Listed);

    private static bool Send(SteeredChain chain, int account, byte[] data) => chain.Next(
        transactions: [chain.CallOf(account, PredeployAddresses.Allowlists, data)])
        .Receipts[1].Succeeded;

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
