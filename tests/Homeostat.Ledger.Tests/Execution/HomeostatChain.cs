using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>
/// A Homeostat chain of one block after genesis, by the production processor and engine: account 1
/// proposes, 2 and 3 are funded, and a recorder stands where Steering's predeploy would.
/// </summary>
internal sealed class HomeostatChain
{
    public const ulong ChainId = 4242;
    public static readonly Address Steering = Address.FromNumber(0x484f0001);

    // Stores the calldata's first word in slot 0; reverts when it is zero.
    public static readonly byte[] Recorder = Hex.Decode("0x6000358015600c57600055005b5f5ffd");

    public static readonly ClassPrices Prices = new(1, 50, 3);

    /// <summary>A seed that draws the first account's place before the second's.</summary>
    public static Hash256 SeedFor(int first, int second)
    {
        for (byte i = 0; ; i++)
        {
            Hash256 seed = Keccak.Hash([i]);
            var draw = new PlaceDraw(seed);
            if (draw.RankOf(Accounts.Address(first)) < draw.RankOf(Accounts.Address(second)))
            {
                return seed;
            }
        }
    }

    public HomeostatChain(bool allowsBlobs = false)
    {
        Rules = ChainRules.Homeostat(ChainId, allowsBlobs);
        Engine = new EvmEngine();
        Processor = new BlockProcessor(Rules, Engine);
        Genesis = WorldStateTests.With(world =>
        {
            world.AddBalance(Accounts.Address(2), UInt256.Parse("1000000000000000000"));
            world.AddBalance(Accounts.Address(3), UInt256.Parse("1000000000000000000"));
            world.SetCode(Steering, new Code(Recorder));
        });
        Parent = new BlockHeader
        {
            StateRoot = Genesis.Root,
            GasLimit = 30_000_000,
            Timestamp = 1_000,
            BaseFee = 1_000_000_000,
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = 0,
            ParentBeaconBlockRoot = Hash256.Zero,
            RequestsHash = SystemContracts.HashOf([]),
        };
    }

    public ChainRules Rules { get; }
    public EvmEngine Engine { get; }
    public BlockProcessor Processor { get; init; }
    public WorldSnapshot Genesis { get; }
    public BlockHeader Parent { get; }

    public BlockInputs Inputs { get; set; } = new()
    {
        TimeMs = 1_000_700,
        ParentTimeMs = 1_000_200,
        PayloadHash = Keccak.Hash([1]),
        Transaction0Target = Steering,
        Transaction0Data = UInt256.One.ToBigEndian(),
        Transaction0Gas = 200_000,
        GasLimit = 30_000_000,
        GasTarget = 15_000_000,
        MinimumBaseFee = 7,
        Ordering = new OrderingTerms { Prices = Prices, Seed = SeedFor(2, 3) },
    };

    public BlockHeader Header =>
        Processor.Prepare(Parent, Inputs, Accounts.Address(1));

    public RecoveredTransaction Transaction0(Func<Transaction, Transaction>? change = null)
    {
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = ChainId,
            GasLimit = Inputs.Transaction0Gas,
            To = Steering,
            Data = Inputs.Transaction0Data,
        };
        transaction = change?.Invoke(transaction) ?? transaction;
        return TransactionTests.Recovered(transaction.Sign(Accounts.Key(1)));
    }

    public static RecoveredTransaction Transfer(
        int from, ulong nonce, ulong value, ulong maxFee = 3_000_000_000, ulong tip = 1) =>
        TransactionTests.Recovered(new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = ChainId,
            Nonce = nonce,
            MaxFee = maxFee,
            MaxPriorityFee = tip,
            GasLimit = 21_000,
            To = Accounts.Address(9),
            Value = value,
        }.Sign(Accounts.Key(from)));

    public BlockExecution Start() => BlockExecution.Start(
        Genesis, Header, Rules.At(Header), Inputs, Engine);

    public ExecutedBlock Build(params RecoveredTransaction[] transactions)
    {
        BlockExecution execution = Start();
        Assert.Null(execution.TryApply(Transaction0()).Error);
        foreach (RecoveredTransaction transaction in transactions)
        {
            Assert.Null(execution.TryApply(transaction).Error);
        }
        Assert.True(execution.TryFinish([], [], out ExecutedBlock? block, out BlockRefusal? why),
            why?.Reason);
        return block;
    }

    /// <summary>Null when the block is valid, else why not.</summary>
    public string? Validate(Block block, BlockProcessor? processor = null)
    {
        processor ??= Processor;
        return !processor.TryCheck(
            block, Parent, Inputs, out CheckedBlock? checkedBlock, out BlockRefusal? refusal)
            ? refusal.Reason
            : processor.TryExecute(checkedBlock, Genesis, Inputs, null, out _, out refusal)
                ? null
                : refusal.Reason;
    }
}
