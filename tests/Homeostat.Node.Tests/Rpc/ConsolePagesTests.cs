using Homeostat.Node.Rpc;
using Microsoft.AspNetCore.Http;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>The console over HTTP: its policy, its hosts, and what stands in for it.</summary>
public sealed class ConsolePagesTests(RpcFixture rpc) : IClassFixture<RpcFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("console-test");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("127.0.0.1:8545", true)]
    [InlineData("[::1]:8545", true)]
    [InlineData("localhost:8545", true)]
    [InlineData("LocalHost", true)]
    [InlineData("rebound.example", false)]
    [InlineData("localhost.example:8545", false)]
    [InlineData("", false)]
    public void Only_addresses_and_localhost_are_our_hosts(string host, bool ours) =>
        Assert.Equal(ours, ConsolePages.IsOurHost(new HostString(host)));

    [Fact]
    public async Task The_page_has_a_strict_policy_and_a_wrong_host_gets_nothing()
    {
        (int status, string policy, _) = await GetAsync("/console/", "localhost");
        Assert.Equal(503, status); // The fixture's console has no sources, so a plain page.
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        (status, _, string text) = await GetAsync("/console/", "rebound.example");
        Assert.Equal(403, status);
        Assert.Contains("invalid host", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_plain_page_names_the_reason_and_the_command()
    {
        (_, _, string text) = await GetAsync("/console/", "localhost");
        Assert.Contains("sources are not beside", text, StringComparison.Ordinal);
        Assert.Contains(ConsoleBuild.Command.Replace("&&", "&amp;&amp;", StringComparison.Ordinal),
            text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_npm_the_reason_is_said_and_a_build_by_hand_is_taken_up()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "src"));
        var build = new ConsoleBuild(_folder.FullName, mayBuild: true, "no-such-npm");
        while (build.Problem is null)
        {
            Assert.Null(build.Folder());
            await Task.Yield();
        }
        Assert.Contains("not installed", build.Problem, StringComparison.Ordinal);
        string built = Directory.CreateDirectory(Path.Combine(_folder.FullName, "dist")).FullName;
        File.WriteAllText(Path.Combine(built, "index.html"), "<!doctype html>");
        Assert.Equal(built, build.Folder());
        Assert.Null(build.Problem);
    }

    private async Task<(int Status, string Policy, string Text)> GetAsync(string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(rpc.Url + path));
        request.Headers.Host = host;
        using HttpResponseMessage response = await RpcFixture.SendAsync(request);
        string policy = string.Join(
            ' ', response.Headers.GetValues("Content-Security-Policy"));
        return ((int)response.StatusCode, policy, await response.Content.ReadAsStringAsync());
    }
}
