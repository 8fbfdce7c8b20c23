using System.Text.RegularExpressions;
using Homeostat.Node.Configuration;
using Homeostat.Node.Tests.Rpc;

namespace Homeostat.Node.Tests.Operating;

/// <summary>The Dockerfile and the unit speak of files and settings that there are.</summary>
public sealed class OperatingFilesTests
{
    private static readonly string Root = Path.Combine(ClientPackages.Folder, "..", "..");

    [Fact]
    public void What_the_image_is_built_of_is_there()
    {
        string[] sources =
        [
            .. File.ReadLines(Path.Combine(Root, "Dockerfile"))
                .Where(x => x.StartsWith("COPY ", StringComparison.Ordinal)
                    && !x.Contains("--from", StringComparison.Ordinal))
                .SelectMany(x => x.Split(' ')[1..^1]),
        ];
        Assert.NotEmpty(sources);
        Assert.All(sources, x => Assert.True(Path.Exists(Path.Combine(Root, x)), x));
    }

    [Fact]
    public void The_units_flags_are_settings()
    {
        string unit = File.ReadAllText(
            Path.Combine(Root, "docs", "operating", "homeostat.service"));
        string start = Regex.Match(unit, "^ExecStart=(.*)$", RegexOptions.Multiline).Value;
        string[] flags = [.. Regex.Matches(start, @"--([\w.]+)").Select(x => x.Groups[1].Value)];
        Assert.Equal(["config", "datadir"], flags);
        Assert.Contains(Settings.All, x => x.Name == "datadir");
    }
}
