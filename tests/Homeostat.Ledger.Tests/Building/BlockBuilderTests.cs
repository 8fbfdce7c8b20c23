using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class BlockBuilderTests
{
    private const ulong Limit = 1_000_000;
    private static readonly Hash256 ProposerKey = Key(1);
    private static readonly Address Proposer = Secp256k1.AddressOf(ProposerKey);
    private static readonly Address Target = Address.FromNumber(0x484f0001);
    private static readonly ChainRules Rules = ChainRules.Homeostat(4242);
    private readonly EvmEngine _engine = new();
    private readonly WorldSnapshot _state;
    private readonly BlockHeader _genesis;
    private readonly BlockInputs _inputs;
    private readonly BlockHeader _header;

    public BlockBuilderTests()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        for (int i = 2; i < 6; i++)
        {
            world.AddBalance(Sender(i), UInt256.Parse("1000000000000000000"));
        }
        foreach (RequestCall call in Rules.At(Height.Genesis, 0).CallsAfter)
        {
            world.SetCode(call.Target, new Code([0x00])); // STOP: no requests.
        }
        world.EndTransaction(false);
        (_state, _) = world.Commit();
        _genesis = new BlockHeader
        {
            StateRoot = _state.Root,
            GasLimit = Limit,
            BaseFee = 7,
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = 0,
        };
        _inputs = new BlockInputs
        {
            TimeMs = 1_500,
            ParentTimeMs = 500,
            PayloadHash = Key(9),
            Transaction0Target = Target,
            Transaction0Data = [1, 2, 3],
            Transaction0Gas = 50_000,
            GasLimit = Limit,
            GasTarget = Limit / 2,
            MinimumBaseFee = 7,
        };
        _header = new BlockProcessor(Rules, _engine)
            .Prepare(_genesis, _inputs, Proposer);
    }

    [Fact]
    public void What_is_built_is_valid()
    {
        var draw = new PlaceDraw(_inputs.Ordering.Seed);
        RecoveredTransaction[] candidates =
        [
            .. new[] { Transfer(2, 0), Transfer(2, 1), Transfer(3, 0), Transfer(4, 0) }
                .OrderBy(item => draw.RankOf(item.Sender)),
        ];
        BuiltBlock built = Build(candidates);
        Assert.Equal(candidates, built.Block.Transactions.Skip(1));
        Assert.Empty(built.LeftOut);
        var processor = new BlockProcessor(Rules, _engine);
        Assert.True(processor.TryCheck(
            built.Block.Block, _genesis, _inputs, out CheckedBlock? block,
            out BlockRefusal? refusal), refusal?.Reason);
        Assert.True(processor.TryExecute(
            block, _state, _inputs, null, out ExecutedBlock? executed, out refusal),
            refusal?.Reason);
        Assert.Equal(built.Block.Hash, executed.Hash);
    }

    [Fact]
    public void What_the_state_refuses_is_reported_and_its_senders_later_ones_skipped()
    {
        RecoveredTransaction gap = Transfer(2, 1);
        RecoveredTransaction follower = Transfer(2, 2);
        RecoveredTransaction fine = Transfer(3, 0);
        BuiltBlock built = Build([gap, follower, fine]);
        Assert.Equal([fine], built.Block.Transactions.Skip(1));
        LeftOut left = Assert.Single(built.LeftOut);
        Assert.Equal(gap, left.Transaction);
        Assert.StartsWith("nonce too high", left.Error);
    }

    [Fact]
    public void What_does_not_fit_is_skipped_and_smaller_ones_still_get_in()
    {
        RecoveredTransaction large = Transfer(2, 0, gas: 990_000);
        RecoveredTransaction small = Transfer(3, 0);
        BuiltBlock built = Build([large, small]);
        Assert.Equal([small], built.Block.Transactions.Skip(1));
        Assert.Empty(built.LeftOut);
    }

    [Fact]
    public void Building_stops_at_the_budget_of_gas()
    {
        RecoveredTransaction[] candidates =
            [.. Enumerable.Range(0, 10).Select(nonce => Transfer(2, (ulong)nonce))];
        BuiltBlock built = Build(candidates, new BuildLimits { ExecutionGas = 80_000 });
        Assert.InRange(built.Block.Transactions.Count, 2, 5);
    }

    [Fact]
    public void Bytes_are_bounded()
    {
        RecoveredTransaction[] candidates =
            [.. Enumerable.Range(0, 10).Select(nonce => Transfer(2, (ulong)nonce))];
        BuiltBlock built = Build(candidates, new BuildLimits { Bytes = 350 });
        Assert.Equal(1 + 3, built.Block.Transactions.Count);
    }

    [Fact]
    public void A_refused_transaction_0_means_no_block()
    {
        BuildRequest request = Request([]) with { Transaction0 = Transfer(2, 0) };
        Assert.False(new BlockBuilder(_engine).TryBuild(request, out _, out BlockRefusal? refusal));
        Assert.StartsWith("transaction 0", refusal.Reason);
    }

    private BuiltBlock Build(
        IReadOnlyList<RecoveredTransaction> candidates, BuildLimits? limits = null)
    {
        BuildRequest request = Request(candidates) with { Limits = limits ?? new BuildLimits() };
        Assert.True(
            new BlockBuilder(_engine).TryBuild(
                request, out BuiltBlock? built, out BlockRefusal? refusal),
            refusal?.Reason);
        return built;
    }

    private BuildRequest Request(IReadOnlyList<RecoveredTransaction> candidates)
    {
        var first = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = 4242,
            GasLimit = 50_000,
            To = Target,
            Data = _inputs.Transaction0Data,
        };
        return new BuildRequest
        {
            ParentState = _state,
            Header = _header,
            Rules = Rules.At(_header),
            Inputs = _inputs,
            Transaction0 = new RecoveredTransaction(first.Sign(ProposerKey), Proposer),
            Candidates = candidates,
        };
    }

    private static RecoveredTransaction Transfer(int sender, ulong nonce, ulong gas = 21_000)
    {
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = 4242,
            Nonce = nonce,
            MaxFee = 1_000,
            MaxPriorityFee = 1,
            GasLimit = gas,
            To = Sender(9),
            Value = 1,
        };
        return new RecoveredTransaction(transaction.Sign(Key(sender)), Sender(sender));
    }

    private static Address Sender(int index) => Secp256k1.AddressOf(Key(index));

    private static Hash256 Key(int index) => ((UInt256)(ulong)index).ToHash256();
}
