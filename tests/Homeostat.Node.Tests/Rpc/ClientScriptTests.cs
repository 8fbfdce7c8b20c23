using System.Diagnostics;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// Runs tests/clients (cast, forge, viem, ethers) against the server. Needs npm's packages there:
/// skipped, saying so, when neither they nor HOMEOSTAT_CLIENT_TESTS=1 (which installs them) are.
/// </summary>
public sealed class ClientScriptTests(RpcFixture rpc, ITestOutputHelper output)
    : IClassFixture<RpcFixture>
{
    private static readonly string Folder = FindFolder();

    [Theory]
    [InlineData("cast")]
    [InlineData("forge")]
    [InlineData("viem")]
    [InlineData("ethers")]
    public async Task A_real_client_is_content(string client)
    {
        bool mayInstall = Environment.GetEnvironmentVariable("HOMEOSTAT_CLIENT_TESTS") == "1";
        bool isInstalled = Directory.Exists(Path.Combine(Folder, "node_modules", "viem"));
        if (!mayInstall && !isInstalled)
        {
            output.WriteLine("skipped: run `npm ci` in tests/clients, or set "
                + "HOMEOSTAT_CLIENT_TESTS=1");
            return;
        }
        if (!OnPath("node") || !OnPath("npm"))
        {
            output.WriteLine("skipped: node or npm is missing");
            return;
        }
        (int status, string text) = await RunAsync(client);
        output.WriteLine(text);
        Assert.True(status == 0, text);
        Assert.Empty(rpc.Reports);
    }

    private async Task<(int Status, string Text)> RunAsync(string client)
    {
        var start = new ProcessStartInfo(Path.Combine(Folder, "run"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { rpc.Url, client },
        };
        using Process process = Process.Start(start)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, await text + await errors);
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Homeostat.slnx")))
        {
            folder = folder.Parent;
        }
        return Path.Combine(folder?.FullName ?? ".", "tests", "clients");
    }
}
