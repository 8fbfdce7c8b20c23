using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class HomeostatBlockTests
{
    [Fact]
    public void A_built_block_is_valid_and_says_what_it_did()
    {
        var chain = new HomeostatChain();
        ExecutedBlock built = chain.Build(
            HomeostatChain.Transfer(2, 0, 5), HomeostatChain.Transfer(2, 1, 6),
            HomeostatChain.Transfer(3, 0, 7));
        Assert.True(Block.TryDecode(built.Block.Encode(), out Block read, out string error), error);
        Assert.Equal(built.Hash, read.Hash);
        Assert.Null(chain.Validate(read));
        Assert.Equal(18UL, built.State.GetAccount(Accounts.Address(9))!.Balance);
        Assert.Equal(1UL, built.State.GetStorage(HomeostatChain.Steering, 0));
        Assert.All(built.Receipts, receipt => Assert.True(receipt.Succeeded));
        Assert.True(built.Receipts[0].EffectiveGasPrice.IsZero);
        Assert.Equal(chain.Header.BaseFee + 1, built.Receipts[1].EffectiveGasPrice);
        Assert.Null(chain.Genesis.GetAccount(Accounts.Address(1)));
        Assert.True(built.State.GetAccount(Accounts.Address(1))!.Balance.IsZero);
        Assert.Equal(
            3 * 21_000UL * HomeostatChain.Prices.InclusionFee,
            (ulong)built.State.GetAccount(EthereumForks.FeePool)!.Balance);
        Assert.Contains(
            built.Changes.Accounts, change => change.Address == HomeostatChain.Steering);
    }

    [Fact]
    public void Successive_blocks_may_share_a_second_but_not_a_millisecond()
    {
        var chain = new HomeostatChain();
        Assert.Equal(chain.Parent.Timestamp, chain.Header.Timestamp);
        Assert.Null(chain.Validate(chain.Build().Block));
        Block block = chain.Build().Block;
        chain.Inputs = chain.Inputs with { ParentTimeMs = chain.Inputs.TimeMs };
        Assert.Contains("not after the parent", chain.Validate(block), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> WrongHeaders() => new()
    {
        { "gasLimit", "invalid gas limit" },
        { "payload", "invalid payload hash" },
        { "baseFee", "invalid baseFee" },
        { "time", "invalid timestamp" },
        { "root", "invalid merkle root" },
        { "receipts", "invalid receipt root hash" },
        { "gasUsed", "invalid gas used" },
        { "bloom", "invalid bloom" },
        { "parent", "unknown ancestor" },
        { "withdrawals", "withdrawals" },
        { "requests", "invalid requests hash" },
    };

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void A_wrong_header_is_refused_with_its_reason(string what, string reason)
    {
        var chain = new HomeostatChain();
        Block block = chain.Build(HomeostatChain.Transfer(2, 0, 5)).Block;
        BlockHeader header = block.Header;
        header = what switch
        {
            "gasLimit" => header with { GasLimit = header.GasLimit + 1 },
            "payload" => header with { ParentBeaconBlockRoot = Hash256.Zero },
            "baseFee" => header with { BaseFee = header.BaseFee + 1 },
            "time" => header with { Timestamp = header.Timestamp + 1 },
            "root" => header with { StateRoot = Hash256.Zero },
            "receipts" => header with { ReceiptsRoot = Hash256.Zero },
            "gasUsed" => header with { GasUsed = header.GasUsed + 1 },
            "bloom" => header with { LogsBloom = new Bloom([.. new byte[255], 1]) },
            "parent" => header with { ParentHash = Hash256.Zero },
            "requests" => header with { RequestsHash = Hash256.Zero },
            _ => header,
        };
        block = what == "withdrawals"
            ? block with { Withdrawals = [new Withdrawal(0, 0, Accounts.Address(2), 1_000)] }
            : block with { Header = header };
        Assert.Contains(reason, chain.Validate(block), StringComparison.Ordinal);
    }

    [Fact]
    public void Transaction_0_must_be_exactly_what_the_inputs_say()
    {
        var chain = new HomeostatChain();
        AssertRefused("calldata differs", t => Copy(t, data: [1]));
        AssertRefused("price is not zero", t => Copy(t, fee: 5_000_000_000));
        AssertRefused("to ", t => Copy(t, to: Accounts.Address(5)));
        AssertRefused("has a value", t => Copy(t, value: 1));
        AssertRefused("gas limit", t => Copy(t, gas: 150_000));
        TransactionResult other = chain.Start().TryApply(HomeostatChain.Transfer(2, 0, 1));
        Assert.Contains("transaction 0: signed by", other.Error, StringComparison.Ordinal);

        void AssertRefused(string reason, Func<Transaction, Transaction> change) => Assert.Contains(
            reason, chain.Start().TryApply(chain.Transaction0(change)).Error,
            StringComparison.Ordinal);
    }

    private static Transaction Copy(
        Transaction t, byte[]? data = null, ulong fee = 0, Address? to = null, ulong value = 0,
        ulong? gas = null) =>
        new()
        {
            Type = t.Type,
            ChainId = t.ChainId,
            GasLimit = gas ?? t.GasLimit,
            To = to ?? t.To,
            Data = data ?? t.Data,
            MaxFee = fee,
            Value = value,
        };

    [Fact]
    public void Only_index_0_is_free()
    {
        var chain = new HomeostatChain();
        BlockExecution execution = chain.Start();
        Assert.True(execution.TryApply(chain.Transaction0()).IsIncluded);
        RecoveredTransaction again = chain.Transaction0(t => new Transaction
        {
            Type = t.Type,
            ChainId = t.ChainId,
            Nonce = 1,
            GasLimit = t.GasLimit,
            To = t.To,
            Data = t.Data,
        });
        Assert.StartsWith(
            "max fee per gas less than block base fee", execution.TryApply(again).Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_without_or_with_a_failing_transaction_0_is_refused()
    {
        var chain = new HomeostatChain();
        Assert.False(chain.Start().TryFinish([], [], out _, out BlockRefusal? refusal));
        Assert.Equal("transaction 0 is missing", refusal.Reason);
        chain.Inputs = chain.Inputs with { Transaction0Data = new byte[32] };
        BlockExecution execution = chain.Start();
        execution.TryApply(chain.Transaction0());
        Assert.False(execution.TryFinish([], [], out _, out refusal));
        Assert.StartsWith("transaction 0 failed: Revert", refusal.Reason, StringComparison.Ordinal);
    }

    /// <summary>No block can be a poison pill.</summary>
    [Fact]
    public void A_block_that_makes_execution_throw_is_refused_and_the_next_one_is_fine()
    {
        var chain = new HomeostatChain();
        Block block = chain.Build(HomeostatChain.Transfer(2, 0, 5)).Block;
        var throwing = new BlockProcessor(chain.Rules, chain.Engine)
        {
            BeforeTransaction = transaction =>
                Invariant.Require(transaction.Sender == Accounts.Address(1)),
        };
        Assert.True(throwing.TryCheck(
            block, chain.Parent, chain.Inputs, out CheckedBlock? checkedBlock, out _));
        Assert.False(throwing.TryExecute(
            checkedBlock, chain.Genesis, chain.Inputs, null, out _, out BlockRefusal? refusal));
        Assert.IsType<InvariantViolation>(refusal.Broken);
        Assert.Null(chain.Validate(block));
    }

    /// <summary>Nor can a transaction stop the builder.</summary>
    [Fact]
    public void A_transaction_that_makes_execution_throw_is_left_out_and_undone()
    {
        var chain = new HomeostatChain();
        BlockExecution execution = chain.Start();
        Assert.True(execution.TryApply(chain.Transaction0()).IsIncluded);
        execution.BeforeTransaction = _ =>
        {
            execution.State.AddBalance(Accounts.Address(9), 1_000);
            throw new InvalidOperationException("on purpose");
        };
        TransactionResult result = execution.TryApply(HomeostatChain.Transfer(2, 0, 5));
        Assert.IsType<InvalidOperationException>(result.Broken);
        Assert.Equal("execution threw: on purpose", result.Error);
        execution.BeforeTransaction = null;
        Assert.True(execution.TryApply(HomeostatChain.Transfer(2, 0, 5)).IsIncluded);
        Assert.True(execution.TryFinish([], [], out ExecutedBlock? block, out _));
        Assert.Equal(5UL, block.State.GetAccount(Accounts.Address(9))!.Balance);
        Assert.Null(chain.Validate(block.Block));
    }

    [Fact]
    public void Blob_transactions_are_refused_unless_the_genesis_enables_them()
    {
        RecoveredTransaction blob = TransactionTests.Recovered(new Transaction
        {
            Type = TransactionType.Blob,
            ChainId = HomeostatChain.ChainId,
            MaxFee = 3_000_000_000,
            GasLimit = 21_000,
            To = Accounts.Address(9),
            MaxFeePerBlobGas = 10,
            BlobHashes = [new Hash256([1, .. new byte[31]])],
        }.Sign(Accounts.Key(2)));
        foreach (bool allows in new[] { false, true })
        {
            var chain = new HomeostatChain(allows);
            BlockExecution execution = chain.Start();
            Assert.True(execution.TryApply(chain.Transaction0()).IsIncluded);
            string? error = execution.TryApply(blob).Error;
            Assert.Equal(
                allows ? null : "blob transactions are not supported on this network", error);
        }
    }

    [Fact]
    public void Refuses_transactions_with_geths_texts_and_goes_on()
    {
        var chain = new HomeostatChain();
        BlockExecution execution = chain.Start();
        Assert.True(execution.TryApply(chain.Transaction0()).IsIncluded);
        string sender = Accounts.Address(2).ToChecksum();
        Assert.Equal(
            $"nonce too high: address {sender}, tx: 4 state: 0",
            execution.TryApply(HomeostatChain.Transfer(2, 4, 1)).Error);
        Assert.True(execution.TryApply(HomeostatChain.Transfer(2, 0, 1)).IsIncluded);
        Assert.Equal(
            $"nonce too low: address {sender}, tx: 0 state: 1",
            execution.TryApply(HomeostatChain.Transfer(2, 0, 1)).Error);
        Assert.StartsWith(
            "insufficient funds for gas * price + value: address ",
            execution.TryApply(HomeostatChain.Transfer(4, 0, 1)).Error,
            StringComparison.Ordinal);
        Assert.Equal(2, execution.Transactions.Count);
        Assert.Equal(execution.GasUsed, execution.Receipts[^1].CumulativeGasUsed);
    }
}
