using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// Runs the scripts of tests/clients against the server wherever npm is; skipped, saying so, where
/// it is not or where its registry can't be reached. Those that need blocks without transactions
/// (Hardhat Ignition's confirmations) run against a network: `tests/clients/run URL`.
/// </summary>
public sealed class ClientScriptTests(RpcFixture rpc, ITestOutputHelper output)
    : IClassFixture<RpcFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("cast")]
    [InlineData("forge")]
    [InlineData("viem")]
    [InlineData("ethers")]
    [InlineData("web3")]
    [InlineData("openzeppelin")]
    [InlineData("permit")]
    [InlineData("multicall")]
    [InlineData("otterscan")]
    [InlineData("suites/uniswap")]
    [InlineData("suites/account-abstraction")]
    [InlineData("suites/safe")]
    public async Task A_real_client_is_content(string client)
    {
        if (await ClientPackages.SkipReasonAsync(client) is { } reason)
        {
            output.WriteLine($"skipped: {reason}");
            await Console.Out.WriteLineAsync($"client scripts: {client} skipped: {reason}");
            return;
        }
        (int status, string text) = await ClientPackages.RunAsync(
            ClientPackages.Folder, Path.Combine(ClientPackages.Folder, "run"), Patience,
            rpc.Url, client);
        output.WriteLine(text);
        Assert.True(status == 0, text);
        Assert.Empty(rpc.Reports);
    }
}
