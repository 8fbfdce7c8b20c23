using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// eth_simulateV1 on a Homeostat chain (the conformance suite has Ethereum's), overrides.
/// </summary>
public sealed class SimulationTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    private static readonly Address From = DevelopmentNetwork.FundedAccounts[3].Address;
    private static readonly Address To = DevelopmentNetwork.FundedAccounts[4].Address;

    [Fact]
    public async Task Blocks_follow_each_other_and_calls_see_the_ones_before()
    {
        JsonElement blocks = await rpc.CallAsync("eth_simulateV1", $$"""
            [{"blockStateCalls":[
              {"calls":[{"from":"{{From}}","to":"{{To}}","value":"0x1"}]},
              {"calls":[{"from":"{{From}}","input":"0x4360005260206000f3"}]}],
              "traceTransfers":true},"latest"]
            """);

        ulong head = Number(await rpc.CallAsync("eth_blockNumber"));
        Assert.Equal(2, blocks.GetArrayLength());
        Assert.Equal(head + 1, Number(blocks[0].GetProperty("number")));
        Assert.Equal(
            blocks[0].GetProperty("hash").GetString(),
            blocks[1].GetProperty("parentHash").GetString());
        JsonElement transfer = blocks[0].GetProperty("calls")[0].GetProperty("logs")[0];
        Assert.Equal(
            "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
            transfer.GetProperty("address").GetString());
        string code = blocks[1].GetProperty("calls")[0].GetProperty("returnData").GetString()!;
        Assert.Equal(head + 2, Convert.ToUInt64(code[^16..], 16));
    }

    [Theory]
    [InlineData("""[{"blockStateCalls":[]}]""", -32602, "empty input")]
    [InlineData(
        """[{"blockStateCalls":[{"blockOverrides":{"number":"0x0"}}]}]""", -38020,
        "block numbers must be in order")]
    [InlineData(
        """[{"blockStateCalls":[{"blockOverrides":{"time":"0x1"}}]}]""", -38021,
        "block timestamps must be in order")]
    [InlineData(
        """[{"blockStateCalls":[{"blockOverrides":{"number":"0xffffffff"}}]}]""", -38026,
        "too many blocks")]
    [InlineData(
        """[{"blockStateCalls":[{"calls":[{"gas":"0x1"}]}]}]""", -38013, "err: intrinsic gas")]
    [InlineData(
        """[{"blockStateCalls":[{"calls":[{"gas":"0xffffffffff"}]}]}]""", -38015,
        "block gas limit reached")]
    [InlineData(
        """[{"blockStateCalls":[{"calls":[{"nonce":"0x9"}]}],"validation":true}]""", -38011,
        "err: nonce too high")]
    public async Task What_can_not_be_simulated_is_refused(
        string parameters, int code, string text)
    {
        (int actual, string message) = await rpc.ErrorAsync("eth_simulateV1", parameters);

        Assert.StartsWith(text, message, StringComparison.Ordinal);
        Assert.Equal(code, actual);
    }

    [Fact]
    public async Task A_precompile_moves_in_a_call_and_leaves_its_place()
    {
        const string moved = "0x00000000000000000000000000000000deadbeef";
        const string overrides = "{\"0x0000000000000000000000000000000000000004\":"
            + "{\"movePrecompileToAddress\":\"" + moved + "\"}}";
        JsonElement there = await rpc.CallAsync(
            "eth_call", $$"""[{"to":"{{moved}}","input":"0x1234"},"latest",{{overrides}}]""");
        JsonElement here = await rpc.CallAsync(
            "eth_call",
            "[{\"to\":\"0x0000000000000000000000000000000000000004\",\"input\":\"0x1234\"},"
                + $"\"latest\",{overrides}]");
        (int code, string message) = await rpc.ErrorAsync(
            "eth_call", $$$"""
            [{},"latest",{"{{{To}}}":{"movePrecompileToAddress":"{{{moved}}}"}}]
            """);

        Assert.Equal("0x1234", there.GetString());
        Assert.Equal("0x", here.GetString());
        Assert.Equal(-32000, code);
        Assert.EndsWith("is not a precompile", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_creation_by_eth_call_returns_the_code_it_leaves()
    {
        JsonElement code = await rpc.CallAsync(
            "eth_call", $$"""[{"from":"{{From}}","input":"0x6001600c60003960016000f300"}]""");

        Assert.Equal("0x00", code.GetString());
    }

    private static ulong Number(JsonElement quantity) =>
        Convert.ToUInt64(quantity.GetString()![2..], 16);
}
