using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// Runs tests/clients (cast, forge, viem, ethers) against the server wherever npm is; skipped,
/// saying so, where it is not or where its registry can't be reached.
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
    public async Task A_real_client_is_content(string client)
    {
        if (await ClientPackages.SkipReasonAsync() is { } reason)
        {
            output.WriteLine($"skipped: {reason}");
            await Console.Out.WriteLineAsync($"client scripts: {client} skipped: {reason}");
            return;
        }
        (int status, string text) = await ClientPackages.RunAsync(
            Path.Combine(ClientPackages.Folder, "run"), Patience, rpc.Url, client);
        output.WriteLine(text);
        Assert.True(status == 0, text);
        Assert.Empty(rpc.Reports);
    }
}
