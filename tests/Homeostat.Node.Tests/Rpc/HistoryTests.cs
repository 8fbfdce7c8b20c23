using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Rpc;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>A server that keeps the states of four blocks in memory.</summary>
public sealed class ShortMemoryFixture : RpcFixture
{
    private protected override RpcLimits Limits => new() { RecentStates = 4 };
}

/// <summary>Calls at blocks whose state is no longer in memory.</summary>
public sealed class HistoryTests(ShortMemoryFixture rpc) : IClassFixture<ShortMemoryFixture>
{
    private const string Payee = "0x00000000000000000000000000000000000b0b0b";
    private const int Payments = 24;

    [Fact]
    public async Task Every_old_block_answers_as_it_stood()
    {
        string? oldest = null;
        for (int i = 0; i < Payments; i++)
        {
            JsonElement receipt = await rpc.SendAsync(
                new Primitives.Address(Payee), value: 1, account: 5);
            oldest ??= receipt.GetProperty("transactionHash").GetString();
        }
        ulong head = rpc.Chain.View!.Finalized.Height.Value;
        for (int back = Payments - 1; back >= 0; back--)
        {
            string block = $"0x{head - (ulong)back:x}";
            JsonElement balance = await rpc.CallAsync(
                "eth_getBalance", $"[\"{Payee}\",\"{block}\"]");
            Assert.Equal(
                Payments - back,
                int.Parse(balance.GetString()![2..], NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture));
        }
        string first = $"0x{head - Payments + 1:x}";
        JsonElement proof = await rpc.CallAsync(
            "eth_getProof", $"[\"{Payee}\",[],\"{first}\"]");
        Assert.Equal("0x1", proof.GetProperty("balance").GetString());
        await rpc.CallAsync("debug_traceTransaction", $"[\"{oldest}\",{{}}]");
        await rpc.CallAsync(
            "eth_call", $$"""[{"from":"{{Payee}}","to":"{{Payee}}","value":"0x1"},"{{first}}"]""");
        Assert.Empty(rpc.Reports);
    }
}
