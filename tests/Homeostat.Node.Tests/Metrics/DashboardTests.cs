using System.Text.RegularExpressions;
using Homeostat.Node.Tests.Rpc;

namespace Homeostat.Node.Tests.Metrics;

/// <summary>The dashboard and the alert rules ask for series that a node has.</summary>
public sealed partial class DashboardTests
{
    [Theory]
    [InlineData("grafana.json")]
    [InlineData("alerts.yml")]
    public void Every_series_asked_for_exists(string file)
    {
        string text = File.ReadAllText(Path.Combine(
            ClientPackages.Folder, "..", "..", "docs", "operating", file));
        string source = string.Join('\n', Directory
            .EnumerateFiles(
                Path.Combine(ClientPackages.Folder, "..", "..", "src", "Homeostat.Node"), "*.cs",
                SearchOption.AllDirectories)
            .Select(File.ReadAllText));
        string[] asked =
            [.. Series().Matches(text).Select(match => match.Value).Distinct()];
        Assert.NotEmpty(asked);
        Assert.All(asked, name => Assert.Contains(
            $"\"{Suffix().Replace(name, "")}\"", source, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\b(homeostat|process|dotnet)_[a-z_]+\b")]
    private static partial Regex Series();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Suffix();
}
