using Homeostat.Benchmarks.Evm;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Ledger;

/// <summary>
/// Blocks of transfers on a state of many accounts: execution and all roots, senders known. CPU
/// time of the one thread, so that a busy machine does not count.
/// </summary>
internal static class TransferBench
{
    private const int StateAccounts = 20_000;
    private const int Senders = 500;
    private static readonly Address Token = Address.FromNumber(0x70000);

    // transfer(to, amount) of an ERC-20 as a compiler would lay it out: two mapping slots by
    // Keccak-256, a check, the Transfer event, a return value.
    private static readonly byte[] TokenCode = Hex.Decode(
        "33600052604060002080546024358082106065579003905560043560005260406000"
        + "208054602435019055602435600052600435337fddf252ad1be2c89b69c2b068fc37"
        + "8daa952ba7f163c4a11628f55a4df523b3ef60206000a3600160005260206000f35b5f5ffd");

    public static void Run(int transactions)
    {
        WorldSnapshot state = BuildState();
        Measure("ETH transfers", state, Transfers(transactions));
        Measure("ERC-20 transfers", state, TokenTransfers(transactions));
    }

    private static void Measure(
        string name, WorldSnapshot state, RecoveredTransaction[] transactions)
    {
        var engine = new EvmEngine();
        RunBlock(engine, state, transactions);
        RunBlock(engine, state, transactions);
        double start = ThreadClock.NowMs();
        int rounds = 0;
        double seconds;
        do
        {
            RunBlock(engine, state, transactions);
            rounds++;
            seconds = (ThreadClock.NowMs() - start) / 1e3;
        }
        while (seconds < 3);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        RunBlock(engine, state, transactions);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        double rate = rounds * transactions.Length / seconds;
        Console.WriteLine(
            $"{name}: {transactions.Length} a block, {rate:F0} transactions/s a core, "
            + $"{1e3 * seconds / rounds:F2} ms a block, "
            + $"{allocated / transactions.Length} bytes allocated a transaction");
    }

    private static void RunBlock(
        EvmEngine engine, WorldSnapshot state, RecoveredTransaction[] transactions)
    {
        BlockRules rules = EthereumForks.Rules(Fork.Osaka, 1) with
        {
            CallsBefore = [],
            CallsAfter = [],
        };
        var header = new BlockHeader
        {
            Number = new Height(1),
            GasLimit = 1_000_000_000,
            BaseFee = 7,
            BlobGasUsed = 0,
            ExcessBlobGas = 0,
        };
        BlockExecution execution = BlockExecution.Start(state, header, rules, null, engine);
        foreach (RecoveredTransaction transaction in transactions)
        {
            TransactionResult result = execution.TryApply(transaction);
            Invariant.Require(result is { IsIncluded: true, Receipt.Succeeded: true });
        }
        Invariant.Require(execution.TryFinish([], [], out _, out _));
    }

    private static Address Account(int number) => new(
        Keccak.Hash(BitConverter.GetBytes(number)).Bytes[..20]);

    private static WorldSnapshot BuildState()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        for (int i = 0; i < StateAccounts; i++)
        {
            world.AddBalance(Account(i), UInt256.Parse("1000000000000000000000"));
            byte[] key = new byte[64];
            Account(i).CopyTo(key.AsSpan(12));
            world.SetStorage(
                Token, UInt256.FromHash256(Keccak.Hash(key)), UInt256.Parse("1000000000000"));
        }
        world.SetNonce(Token, 1);
        world.SetCode(Token, new Code(TokenCode));
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }

    private static RecoveredTransaction[] Transfers(int count) => Make(count, i => new Transaction
    {
        Type = TransactionType.DynamicFee,
        ChainId = 1,
        Nonce = (ulong)(i / Senders),
        MaxFee = 10,
        MaxPriorityFee = 1,
        GasLimit = 21_000,
        To = Account(Senders + i * 7 % (StateAccounts - Senders)),
        Value = 5,
    });

    private static RecoveredTransaction[] TokenTransfers(int count) => Make(count, i =>
    {
        byte[] data = new byte[68];
        data[0] = 0xa9;
        Account(Senders + i * 7 % (StateAccounts - Senders)).CopyTo(data.AsSpan(16));
        data[67] = 5;
        return new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = 1,
            Nonce = (ulong)(i / Senders),
            MaxFee = 10,
            MaxPriorityFee = 1,
            GasLimit = 100_000,
            To = Token,
            Data = data,
        };
    });

    private static RecoveredTransaction[] Make(int count, Func<int, Transaction> make) =>
        [.. Enumerable.Range(0, count).Select(
            i => new RecoveredTransaction(make(i), Account(i % Senders)))];
}
