using Homeostat.Node.Tests.Rpc;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>
/// The short form of `tests/console/run`: the console in a real browser against a live network.
/// Skipped, saying so, where node, npm or a Chromium is missing.
/// </summary>
public sealed class ConsoleBrowserTests(ITestOutputHelper output)
{
    private const int Skipped = 77;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task The_console_works_in_a_browser()
    {
        string folder = Path.Combine(ClientPackages.Folder, "..", "console");
        (int status, string text) = await ClientPackages.RunAsync(
            folder, Path.Combine(folder, "run"), Patience, "--short");
        output.WriteLine(text);
        if (status == Skipped)
        {
            await Console.Out.WriteLineAsync(text.Trim());
            return;
        }
        Assert.True(status == 0, text);
    }
}
