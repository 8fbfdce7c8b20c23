using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Node.Rpc;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>trace_*, ots_*, 4byteTracer and the time limit of traces.</summary>
public sealed class ExplorerMethodTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    private const int Sender = 5;
    private static readonly Address From = DevelopmentNetwork.FundedAccounts[Sender].Address;
    private static readonly Address To = DevelopmentNetwork.FundedAccounts[6].Address;

    // Sends one wei to the caller: CALL(gas, CALLER, 1, 0, 0, 0, 0).
    private static readonly byte[] Forwarder = Hex.Decode("6000600060006000600133" + "5af100");

    [Fact]
    public async Task An_inner_transfer_shows_in_every_view_of_the_transaction()
    {
        string contract = await DeployAsync(Forwarder);
        string hash = (await rpc.SendAsync(
            new Address(contract), Hex.Decode("01020304aa"), 5, account: Sender))
            .GetProperty("transactionHash").GetString()!;

        JsonElement flat = await rpc.CallAsync("trace_transaction", $"[\"{hash}\"]");
        JsonElement operations = await rpc.CallAsync("ots_getInternalOperations", $"[\"{hash}\"]");
        JsonElement frames = await rpc.CallAsync("ots_traceTransaction", $"[\"{hash}\"]");
        JsonElement error = await rpc.CallAsync("ots_getTransactionError", $"[\"{hash}\"]");
        JsonElement selectors = await rpc.CallAsync(
            "debug_traceTransaction", $"[\"{hash}\",{{\"tracer\":\"4byteTracer\"}}]");

        Assert.Equal(2, flat.GetArrayLength());
        Assert.Equal("0x5", flat[0].GetProperty("action").GetProperty("value").GetString());
        Assert.Equal(1, flat[0].GetProperty("subtraces").GetInt32());
        Assert.Equal(0, flat[1].GetProperty("traceAddress")[0].GetInt32());
        Assert.Equal("0x1", flat[1].GetProperty("action").GetProperty("value").GetString());
        Assert.Equal(contract, operations[0].GetProperty("from").GetString());
        Assert.Equal(2, frames.GetArrayLength());
        Assert.Equal(1, frames[1].GetProperty("depth").GetInt32());
        Assert.Equal("0x", error.GetString());
        Assert.Equal(1, selectors.GetProperty("0x01020304-1").GetInt32());
        Assert.Empty(rpc.Reports);
    }

    [Fact]
    public async Task A_block_and_its_pages_are_what_eth_says()
    {
        JsonElement receipt = await rpc.SendAsync(To, value: 1, account: Sender);
        string number = receipt.GetProperty("blockNumber").GetString()!;
        ulong plain = Convert.ToUInt64(number[2..], 16);

        JsonElement details = await rpc.CallAsync("ots_getBlockDetails", $"[{plain}]");
        JsonElement page = await rpc.CallAsync("ots_getBlockTransactions", $"[{plain},0,1]");
        JsonElement traces = await rpc.CallAsync("trace_block", $"[\"{number}\"]");

        Assert.Equal(
            "0x2", details.GetProperty("block").GetProperty("transactionCount").GetString());
        string hash = receipt.GetProperty("transactionHash").GetString()!;
        JsonElement last = page.GetProperty("fullblock").GetProperty("transactions")[0];
        Assert.Equal(hash, last.GetProperty("hash").GetString());
        Assert.Equal(1, page.GetProperty("receipts").GetArrayLength());
        Assert.Equal(2, traces.GetArrayLength());
    }

    [Fact]
    public async Task Searches_find_sender_nonce_creator_and_pages()
    {
        ulong nonce = await rpc.NonceAsync(Sender);
        string contract = await DeployAsync([0x00]);
        await rpc.SendAsync(To, value: 1, account: Sender);

        JsonElement creator = await rpc.CallAsync("ots_getContractCreator", $"[\"{contract}\"]");
        JsonElement hash = await rpc.CallAsync(
            "ots_getTransactionBySenderAndNonce", $"[\"{From}\",{nonce}]");
        JsonElement before = await rpc.CallAsync(
            "ots_searchTransactionsBefore", $"[\"{From}\",0,1]");
        JsonElement all = await rpc.CallAsync(
            "ots_searchTransactionsAfter", $"[\"{From}\",0,100]");
        JsonElement none = await rpc.CallAsync("ots_getContractCreator", $"[\"{To}\"]");

        Assert.Equal(creator.GetProperty("hash").GetString(), hash.GetString());
        Assert.Equal(From.ToString(), creator.GetProperty("creator").GetString());
        Assert.True(before.GetProperty("firstPage").GetBoolean());
        Assert.False(before.GetProperty("lastPage").GetBoolean());
        Assert.Equal(1, before.GetProperty("txs").GetArrayLength());
        Assert.True(all.GetProperty("txs").GetArrayLength() >= 2);
        Assert.True(all.GetProperty("receipts")[0].TryGetProperty("timestamp", out _));
        Assert.Equal(JsonValueKind.Null, none.ValueKind);
    }

    [Fact]
    public async Task Readings_of_a_chain_that_never_stepped_are_zero()
    {
        JsonElement readings = await rpc.CallAsync("homeostat_readings", "[\"latest\"]");

        Assert.Equal("0x0", readings.GetProperty("propagationMs").GetString());
        Assert.Equal(
            "0x0", readings.GetProperty("demandGasPerSecond").GetProperty("fast").GetString());
        Assert.Equal(0, readings.GetProperty("observations").GetArrayLength());
    }

    [Fact]
    public async Task A_chain_without_a_validator_set_has_an_epoch_without_members()
    {
        JsonElement epoch = await rpc.CallAsync("homeostat_epoch");
        JsonElement health = await rpc.CallAsync("homeostat_health");

        Assert.Equal("0x0", epoch.GetProperty("epoch").GetString());
        Assert.Equal(JsonValueKind.Null, epoch.GetProperty("lastBlock").ValueKind);
        Assert.Equal(0, epoch.GetProperty("members").GetArrayLength());
        Assert.Equal(0, health.GetProperty("nodes").GetArrayLength());
    }

    [Fact]
    public void A_call_after_its_time_is_aborted()
    {
        var tracer = new DeadlineTracer(-1);

        RpcException stopped = Assert.Throws<RpcException>(
            () => tracer.OnCallStart(default(CallStart)));

        Assert.StartsWith("execution aborted", stopped.Message, StringComparison.Ordinal);
    }

    private async Task<string> DeployAsync(byte[] code)
    {
        byte[] initcode =
        [
            0x60, (byte)code.Length, 0x60, 0x0c, 0x60, 0x00, 0x39,
            0x60, (byte)code.Length, 0x60, 0x00, 0xf3, .. code,
        ];
        JsonElement receipt = await rpc.SendAsync(null, initcode, account: Sender);
        return receipt.GetProperty("contractAddress").GetString()!;
    }
}
