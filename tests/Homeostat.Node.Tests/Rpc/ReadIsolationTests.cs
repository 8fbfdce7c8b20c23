using System.Text.Json;
using Homeostat.Node.Rpc;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>A server over a chain whose blocks may execute for seconds.</summary>
public sealed class WideBlockFixture : RpcFixture
{
    private protected override TestChain NewChain() =>
        new(gasLimit: 200_000_000) { MinesAtOnce = false };
}

/// <summary>Reads run on immutable snapshots: none waits for a block that executes.</summary>
public sealed class ReadIsolationTests(WideBlockFixture rpc) : IClassFixture<WideBlockFixture>
{
    private const int Accounts = 8;

    // EIP-7825's cap on one transaction.
    private const ulong TransactionGas = 1 << 24;

    // Init code that hashes 4 KiB again and again: some 300 ms until its gas is used up.
    private static readonly byte[] Burn = Convert.FromHexString("5b611000600020506000" + "56");

    [Fact]
    public async Task Every_read_is_answered_from_the_last_block_while_the_next_executes()
    {
        string[] raw =
        [
            .. Enumerable.Range(0, Accounts).Select(account => RpcFixture.Sign(
                nonce: 0, to: null, Burn, gas: TransactionGas, account: account)),
        ];
        await rpc.Chain.SubmitAsync(
            [.. raw.Select(one => Convert.FromHexString(one[2..]))], CancellationToken.None);
        ulong before = rpc.Chain.View!.Finalized.Height.Value;
        string payer = $"{DevelopmentNetwork.FundedAccounts[0].Address}";
        (string Method, string Parameters)[] reads =
        [
            ("eth_blockNumber", "[]"),
            ("eth_getBalance", $"[\"{payer}\",\"latest\"]"),
            ("eth_call", $$"""[{"to":"{{payer}}"},"latest"]"""),
            ("eth_estimateGas", $$"""[{"from":"{{payer}}","to":"{{payer}}"}]"""),
            ("eth_getBlockByNumber", "[\"latest\",true]"),
            ("eth_getLogs", "[{}]"),
            ("eth_getProof", $"[\"{payer}\",[],\"latest\"]"),
            ("eth_feeHistory", "[\"0x1\",\"latest\",[50]]"),
            ("txpool_status", "[]"),
            ("homeostat_classes", "[]"),
        ];
        foreach ((string method, string parameters) in reads)
        {
            await rpc.CallAsync(method, parameters); // Its code is compiled.
        }

        Task<ChainHead> mining = Task.Factory.StartNew(
            rpc.Chain.Mine, TaskCreationOptions.LongRunning);
        foreach ((string method, string parameters) in reads)
        {
            JsonElement result = await rpc.CallAsync(method, parameters);
            Assert.False(mining.IsCompleted, $"{method} waited for the block");
            if (method == "eth_blockNumber")
            {
                Assert.Equal($"0x{before:x}", result.GetString());
            }
        }
        ChainHead mined = await mining;

        Assert.Equal(Accounts + 1, mined.Transactions.Count);
        JsonElement number = await rpc.CallAsync("eth_blockNumber");
        Assert.Equal($"0x{before + 1:x}", number.GetString());
    }
}

/// <summary>A server without a gas cap and with little time for a call.</summary>
public sealed class NoGasCapFixture : RpcFixture
{
    private protected override RpcLimits Limits =>
        new() { GasCap = 0, CallMs = 300, TraceMs = 300 };
}

/// <summary>Where no gas bounds an execution, its time does.</summary>
public sealed class CallDeadlineTests(NoGasCapFixture rpc) : IClassFixture<NoGasCapFixture>
{
    private const string Loop = """{"to":"0x00000000000000000000000000000000000100b9"}""";
    private const string Endless =
        """{"0x00000000000000000000000000000000000100b9":{"code":"0x5b600056"}}""";

    [Theory]
    [InlineData("eth_call", $"[{Loop},\"latest\",{Endless}]")]
    [InlineData("eth_createAccessList", $"[{Loop},\"latest\",{Endless}]")]
    [InlineData("debug_traceCall",
        $$"""[{{Loop}},"latest",{"tracer":"callTracer","stateOverrides":{{Endless}}}]""")]
    [InlineData("eth_simulateV1",
        $$"""
        [{"blockStateCalls":[{"blockOverrides":{"gasLimit":"0x7fffffffffffffff"},
          "stateOverrides":{{Endless}},"calls":[{{Loop}}]}]},"latest"]
        """)]
    public async Task A_loop_without_calls_ends_in_time(string method, string parameters)
    {
        (int code, string message) = await rpc.ErrorAsync(method, parameters)
            .WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(-32000, code);
        Assert.Contains("execution aborted (timeout", message, StringComparison.Ordinal);
    }
}
