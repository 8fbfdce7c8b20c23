using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Rpc;

public sealed class RpcMethodTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    private static readonly Address Other = DevelopmentNetwork.FundedAccounts[1].Address;

    /// <summary>
    /// Returns its calldata's first word plus one; logs it; reverts with Error("no") on empty data.
    /// </summary>
    private static readonly byte[] Runtime = Hex.Decode(
        // CALLDATASIZE ISZERO PUSH1 0x1a JUMPI
        "3615601a57"
        // memory[0] = CALLDATALOAD(0) + 1; LOG1(0, 32, topic 7); RETURN(0, 32)
        + "600035600101600052" + "600760206000a1" + "60206000f3"
        // JUMPDEST: memory = Error("no"); REVERT(0, 0x64)
        + "5b7f08c379a0" + new string('0', 56) + "600052"
        + "6020600452" + "6002602452" + "7f6e6f" + new string('0', 60) + "604452"
        + "60646000fd");

    private static readonly string Length = Runtime.Length.ToString("x4");

    private static byte[] InitCode =>
        [.. Hex.Decode($"61{Length}600e60003961{Length}6000f3"), .. Runtime];

    [Fact]
    public async Task The_chain_and_the_node_tell_who_they_are()
    {
        Assert.Equal("0x1092", (await rpc.CallAsync("eth_chainId")).GetString());
        Assert.Equal("4242", (await rpc.CallAsync("net_version")).GetString());
        Assert.Equal("0x3", (await rpc.CallAsync("net_peerCount")).GetString());
        Assert.False((await rpc.CallAsync("eth_syncing")).GetBoolean());
        Assert.Empty((await rpc.CallAsync("eth_accounts")).EnumerateArray());
        Assert.StartsWith(
            "homeostat/", (await rpc.CallAsync("web3_clientVersion")).GetString());
        Assert.Equal(
            "0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad",
            (await rpc.CallAsync("web3_sha3", "[\"0x68656c6c6f20776f726c64\"]")).GetString());
    }

    [Fact]
    public async Task A_transfer_is_in_a_block_with_a_receipt()
    {
        JsonElement before = await rpc.CallAsync("eth_getBalance", $"[\"{Other}\",\"latest\"]");
        JsonElement receipt = await rpc.SendAsync(Other, value: 1_000);
        Assert.Equal("0x1", receipt.GetProperty("status").GetString());
        Assert.Equal("0x5208", receipt.GetProperty("gasUsed").GetString());
        JsonElement after = await rpc.CallAsync("eth_getBalance", $"[\"{Other}\"]");
        Assert.Equal(
            UInt256.Parse(before.GetString()!) + 1_000, UInt256.Parse(after.GetString()!));

        string number = receipt.GetProperty("blockNumber").GetString()!;
        JsonElement block = await rpc.CallAsync("eth_getBlockByNumber", $"[\"{number}\",true]");
        JsonElement sent = block.GetProperty("transactions")[1];
        Assert.Equal(receipt.GetProperty("transactionHash").GetString(),
            sent.GetProperty("hash").GetString());
        Assert.Equal(receipt.GetProperty("effectiveGasPrice").GetString(),
            sent.GetProperty("gasPrice").GetString());
        string hash = block.GetProperty("hash").GetString()!;
        JsonElement byHash = await rpc.CallAsync("eth_getBlockByHash", $"[\"{hash}\",true]");
        Assert.Equal(block.ToString(), byHash.ToString());
        JsonElement receipts = await rpc.CallAsync("eth_getBlockReceipts", $"[\"{number}\"]");
        Assert.Equal(receipt.ToString(), receipts[1].ToString());
        Assert.Equal("0x0", receipts[0].GetProperty("effectiveGasPrice").GetString());
        JsonElement byIndex = await rpc.CallAsync(
            "eth_getTransactionByBlockHashAndIndex", $"[\"{hash}\",\"0x1\"]");
        Assert.Equal(sent.ToString(), byIndex.ToString());
    }

    [Fact]
    public async Task Old_blocks_come_from_the_archive_just_the_same()
    {
        await rpc.SendAsync(Other, value: 1);
        string latest = (await rpc.CallAsync("eth_blockNumber")).GetString()!;
        JsonElement recent = await rpc.CallAsync("eth_getBlockReceipts", $"[\"{latest}\"]");
        Assert.True(rpc.Chain.TryGetBlock(
            new Height(Convert.ToUInt64(latest[2..], 16)), out FinalizedBlock stored));
        Node.Rpc.RpcBlock decoded = Node.Rpc.StoredBlocks.Decode(stored);
        using var buffer = new Node.Rpc.ResponseBuffer();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Node.Rpc.EthJson.Receipt(writer, decoded, 1, UInt256.Zero);
        }
        Assert.Equal(
            recent[1].ToString(),
            JsonDocument.Parse(buffer.Written).RootElement.ToString());
    }

    [Fact]
    public async Task A_contract_can_be_deployed_called_and_its_logs_found()
    {
        JsonElement created = await rpc.SendAsync(null, InitCode, gas: 500_000);
        string contract = created.GetProperty("contractAddress").GetString()!;
        Assert.Equal(
            Hex.Encode(Runtime),
            (await rpc.CallAsync("eth_getCode", $"[\"{contract}\"]")).GetString());
        string one = "0x" + new string('0', 63) + "1";
        string two = "0x" + new string('0', 63) + "2";
        JsonElement result = await rpc.CallAsync(
            "eth_call", $$"""[{"to":"{{contract}}","data":"{{one}}"},"latest"]""");
        Assert.Equal(two, result.GetString());
        JsonElement receipt = await rpc.SendAsync(new Address(contract), Hex.Decode(one));
        JsonElement log = receipt.GetProperty("logs")[0];
        Assert.Equal(two, log.GetProperty("data").GetString());
        JsonElement found = await rpc.CallAsync(
            "eth_getLogs",
            $$"""[{"fromBlock":"0x0","address":"{{contract}}","topics":[["{{Topic(7)}}"]]}]""");
        Assert.Equal(log.ToString(), Assert.Single(found.EnumerateArray()).ToString());
        JsonElement none = await rpc.CallAsync(
            "eth_getLogs",
            $$"""[{"fromBlock":"0x0","address":"{{contract}}","topics":["{{Topic(8)}}"]}]""");
        Assert.Empty(none.EnumerateArray());
    }

    [Fact]
    public async Task A_revert_has_code_3_its_reason_and_its_data()
    {
        JsonElement created = await rpc.SendAsync(null, InitCode, gas: 500_000);
        string contract = created.GetProperty("contractAddress").GetString()!;
        foreach (string method in (string[])["eth_call", "eth_estimateGas"])
        {
            JsonElement answer = await rpc.AnswerAsync(method, $$"""[{"to":"{{contract}}"}]""");
            JsonElement error = answer.GetProperty("error");
            Assert.Equal(3, error.GetProperty("code").GetInt32());
            Assert.Equal("execution reverted: no", error.GetProperty("message").GetString());
            Assert.StartsWith("0x08c379a0", error.GetProperty("data").GetString());
        }
    }

    [Fact]
    public async Task Estimates_suffice()
    {
        JsonElement gas = await rpc.CallAsync(
            "eth_estimateGas",
            $$"""[{"from":"{{TestChain.Account}}","to":"{{Other}}","value":"0x1"}]""");
        Assert.Equal("0x5208", gas.GetString());
    }

    [Fact]
    public async Task Overrides_change_what_a_call_sees()
    {
        string data = Hex.Encode(Hex.Decode("4360005260206000f3")); // returns the block's number
        string to = Address.FromNumber(0x999).ToString();
        JsonElement result = await rpc.CallAsync(
            "eth_call",
            $$$"""
            [{"to":"{{{to}}}"},"latest",{"{{{to}}}":{"code":"{{{data}}}"}},{"number":"0x1234"}]
            """);
        Assert.Equal("0x" + new string('0', 60) + "1234", result.GetString());
    }

    [Fact]
    public async Task Fees_agree_with_each_other()
    {
        await rpc.SendAsync(Other, value: 1);
        JsonElement history = await rpc.CallAsync("eth_feeHistory", "[4,\"latest\",[10,50,90]]");
        Assert.Equal(
            history.GetProperty("gasUsedRatio").GetArrayLength() + 1,
            history.GetProperty("baseFeePerGas").GetArrayLength());
        Assert.All(
            history.GetProperty("gasUsedRatio").EnumerateArray(),
            ratio => Assert.Equal(JsonValueKind.Number, ratio.ValueKind));
        Assert.Equal(
            history.ToString(),
            (await rpc.CallAsync("eth_feeHistory", "[\"0x4\",\"latest\",[10,50,90]]")).ToString());
        JsonElement tip = await rpc.CallAsync("eth_maxPriorityFeePerGas");
        UInt256 fast = TestChain.Prices.Fast * 5 / 4;
        Assert.Equal(fast.ToQuantity(), tip.GetString());
        JsonElement price = await rpc.CallAsync("eth_gasPrice");
        JsonElement block = await rpc.CallAsync("eth_getBlockByNumber", "[\"latest\",false]");
        UInt256 baseFee = UInt256.Parse(block.GetProperty("baseFeePerGas").GetString()!);
        Assert.Equal((baseFee + fast).ToQuantity(), price.GetString());
        JsonElement paid = history.GetProperty("reward")[3];
        Assert.Contains(paid[1].GetString(), (string[])[
            "0x0", new UInt256(TestChain.Prices.Fast).ToQuantity(),
            new UInt256(TestChain.Prices.Urgent).ToQuantity()]);
    }

    [Fact]
    public async Task Classes_say_price_and_wait()
    {
        JsonElement answer = await rpc.CallAsync("homeostat_classes");
        JsonElement[] classes = [.. answer.GetProperty("classes").EnumerateArray()];
        Assert.Equal(
            ["standard", "fast", "urgent"],
            classes.Select(item => item.GetProperty("name").GetString()));
        Assert.Equal("0x0", classes[0].GetProperty("premiumPerGas").GetString());
        Assert.Equal(
            new UInt256(TestChain.Prices.Urgent).ToQuantity(),
            classes[2].GetProperty("premiumPerGas").GetString());
        Assert.All(classes, item => Assert.True(
            UInt256.Parse(item.GetProperty("expectedWaitMs").GetString()!).U0 > 0));
    }

    [Theory]
    [InlineData("eth_getBlockByNumber", "[\"0xffffff\",false]")]
    [InlineData("eth_getTransactionReceipt",
        "[\"0x0000000000000000000000000000000000000000000000000000000000000001\"]")]
    [InlineData("eth_getUncleByBlockNumberAndIndex", "[\"latest\",\"0x0\"]")]
    public async Task What_does_not_exist_is_null(string method, string parameters) =>
        Assert.Equal(
            JsonValueKind.Null, (await rpc.CallAsync(method, parameters)).ValueKind);

    [Fact]
    public async Task Proofs_verify_against_the_state_root()
    {
        JsonElement proof = await rpc.CallAsync(
            "eth_getProof", $"[\"{TestChain.Account}\",[\"0x0\"],\"latest\"]");
        JsonElement block = await rpc.CallAsync("eth_getBlockByNumber", "[\"latest\",false]");
        byte[] root = Hex.Decode(proof.GetProperty("accountProof")[0].GetString());
        Assert.Equal(
            block.GetProperty("stateRoot").GetString(), Keccak.Hash(root).ToString());
        Assert.Equal("0x0", proof.GetProperty("storageProof")[0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task Filters_tell_what_is_new_once()
    {
        string blocks = (await rpc.CallAsync("eth_newBlockFilter")).GetString()!;
        string pending = (await rpc.CallAsync("eth_newPendingTransactionFilter")).GetString()!;
        JsonElement receipt = await rpc.SendAsync(Other, value: 1, account: 5);
        JsonElement hashes = await rpc.CallAsync("eth_getFilterChanges", $"[\"{blocks}\"]");
        Assert.Contains(
            receipt.GetProperty("blockHash").GetString(),
            hashes.EnumerateArray().Select(hash => hash.GetString()));
        JsonElement sent = await rpc.CallAsync("eth_getFilterChanges", $"[\"{pending}\"]");
        Assert.Contains(
            receipt.GetProperty("transactionHash").GetString(),
            sent.EnumerateArray().Select(hash => hash.GetString()));
        Assert.True((await rpc.CallAsync("eth_uninstallFilter", $"[\"{blocks}\"]")).GetBoolean());
        Assert.Equal(
            (-32000, "filter not found"),
            await rpc.ErrorAsync("eth_getFilterChanges", $"[\"{blocks}\"]"));
    }

    [Fact]
    public async Task A_receipt_can_be_waited_for()
    {
        string raw = RpcFixture.Sign(await rpc.NonceAsync(6), Other, value: 5, account: 6);
        JsonElement receipt = await rpc.CallAsync("eth_sendRawTransactionSync", $"[\"{raw}\"]");
        Assert.Equal("0x1", receipt.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Submissions_get_geths_errors()
    {
        string raw = RpcFixture.Sign(await rpc.NonceAsync(7), Other, value: 5, account: 7);
        await rpc.CallAsync("eth_sendRawTransaction", $"[\"{raw}\"]");
        (int code, string text) = await rpc.ErrorAsync("eth_sendRawTransaction", $"[\"{raw}\"]");
        Assert.Equal(-32000, code);
        Assert.StartsWith("nonce too low", text);
        string wrong = RpcFixture.Sign(9, Other, chainId: 1, account: 7);
        (_, text) = await rpc.ErrorAsync("eth_sendRawTransaction", $"[\"{wrong}\"]");
        Assert.StartsWith("invalid chain id for signer", text);
        (_, text) = await rpc.ErrorAsync("eth_sendRawTransaction", "[\"0x1234\"]");
        Assert.Equal("transaction type not supported", text);
    }

    [Fact]
    public async Task Traces_tell_what_the_transaction_did()
    {
        JsonElement created = await rpc.SendAsync(null, InitCode, gas: 500_000, account: 8);
        string contract = created.GetProperty("contractAddress").GetString()!;
        byte[] word = new byte[32];
        JsonElement receipt = await rpc.SendAsync(new Address(contract), word, account: 8);
        string hash = receipt.GetProperty("transactionHash").GetString()!;
        JsonElement steps = await rpc.CallAsync("debug_traceTransaction", $"[\"{hash}\"]");
        JsonElement logs = steps.GetProperty("structLogs");
        Assert.Equal("CALLDATASIZE", logs[0].GetProperty("op").GetString());
        Assert.Equal("RETURN", logs[logs.GetArrayLength() - 1].GetProperty("op").GetString());
        Assert.Equal(1, logs[0].GetProperty("depth").GetInt32());
        Assert.Equal(
            receipt.GetProperty("gasUsed").GetString(),
            ((UInt256)steps.GetProperty("gas").GetUInt64()).ToQuantity());
        ulong total = logs.EnumerateArray().Aggregate(
            0UL, (sum, step) => sum + step.GetProperty("gasCost").GetUInt64());
        Assert.Equal(steps.GetProperty("gas").GetUInt64(), total + 21_000 + 32 * 4);

        JsonElement tree = await rpc.CallAsync(
            "debug_traceTransaction",
            $$$"""["{{{hash}}}",{"tracer":"callTracer","tracerConfig":{"withLog":true}}]""");
        Assert.Equal("CALL", tree.GetProperty("type").GetString());
        Assert.Equal(contract, tree.GetProperty("to").GetString());
        Assert.Equal(
            receipt.GetProperty("gasUsed").GetString(), tree.GetProperty("gasUsed").GetString());
        Assert.Equal(1, tree.GetProperty("logs").GetArrayLength());

        string number = receipt.GetProperty("blockNumber").GetString()!;
        JsonElement block = await rpc.CallAsync(
            "debug_traceBlockByNumber", $$"""["{{number}}",{"tracer":"callTracer"}]""");
        Assert.Equal(2, block.GetArrayLength());
        Assert.Equal(hash, block[1].GetProperty("txHash").GetString());
    }

    [Fact]
    public async Task The_state_before_and_after_can_be_traced()
    {
        JsonElement receipt = await rpc.SendAsync(Other, value: 77, account: 9);
        string hash = receipt.GetProperty("transactionHash").GetString()!;
        JsonElement difference = await rpc.CallAsync(
            "debug_traceTransaction",
            $$$"""["{{{hash}}}",{"tracer":"prestateTracer","tracerConfig":{"diffMode":true}}]""");
        string other = Other.ToString();
        UInt256 Balance(string when) => UInt256.Parse(
            difference.GetProperty(when).GetProperty(other).GetProperty("balance").GetString()!);
        Assert.Equal(Balance("pre") + 77, Balance("post"));
        string sender = DevelopmentNetwork.FundedAccounts[9].Address.ToString();
        Assert.Equal(
            1, difference.GetProperty("post").GetProperty(sender).GetProperty("nonce").GetInt32());
        JsonElement before = await rpc.CallAsync(
            "debug_traceTransaction", $$"""["{{hash}}",{"tracer":"prestateTracer"}]""");
        Assert.False(before.GetProperty(sender).TryGetProperty("nonce", out _));
    }

    [Fact]
    public async Task A_transaction_can_be_filled()
    {
        JsonElement filled = (await rpc.CallAsync(
            "eth_fillTransaction",
            $$"""[{"from":"{{TestChain.Account}}","to":"{{Other}}","value":"0x1"}]"""))
            .GetProperty("tx");
        Assert.Equal("0x5208", filled.GetProperty("gas").GetString());
        Assert.Equal("0x2", filled.GetProperty("type").GetString());
        Assert.Equal("0x1092", filled.GetProperty("chainId").GetString());
    }

    [Fact]
    public async Task Legacy_receipts_are_read_back_from_the_archive()
    {
        var transaction = new Ledger.Transaction
        {
            ChainId = 4242,
            Nonce = await rpc.NonceAsync(2),
            MaxFee = 20_000_000_000,
            MaxPriorityFee = 20_000_000_000,
            GasLimit = 21_000,
            To = Other,
        };
        string raw = Hex.Encode(
            transaction.Sign(DevelopmentNetwork.FundedAccounts[2].PrivateKey).Encoded);
        JsonElement receipt = await rpc.CallAsync("eth_sendRawTransactionSync", $"[\"{raw}\"]");
        Assert.Equal("0x0", receipt.GetProperty("type").GetString());
        ulong number = Convert.ToUInt64(
            receipt.GetProperty("blockNumber").GetString()![2..], 16);
        Assert.True(rpc.Chain.TryGetBlock(new Height(number), out FinalizedBlock stored));
        Ledger.Receipt decoded = Node.Rpc.StoredBlocks.Decode(stored).Receipts[1];
        Assert.Equal(Ledger.TransactionType.Legacy, decoded.Type);
        Assert.True(decoded.Succeeded);
        Assert.NotEmpty(Node.Store.BlockEntries.Of(stored).TransactionHashes);
    }

    private static string Topic(int number) => ((UInt256)(ulong)number).ToHash256().ToString();
}
