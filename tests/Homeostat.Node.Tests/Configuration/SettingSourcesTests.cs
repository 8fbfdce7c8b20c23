using Homeostat.Node.Configuration;

namespace Homeostat.Node.Tests.Configuration;

public sealed class SettingSourcesTests
{
    [Fact]
    public void Flags_win_over_environment_over_file_over_defaults()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, """{ "http.port": 1, "p2p.port": "2", "rpc.gascap": 3 }""");
        var sources = new SettingSources(
            new Dictionary<string, string> { ["http.port"] = "11" },
            name => name switch
            {
                "HOMEOSTAT_HTTP_PORT" => "21",
                "HOMEOSTAT_P2P_PORT" => "22",
                _ => null,
            },
            file);
        Assert.Equal(11, sources.Read(Settings.HttpPort));
        Assert.Equal(22, sources.Read(Settings.P2pPort));
        Assert.Equal(3UL, sources.Read(Settings.GasCap));
        Assert.Equal(2, sources.Read(Settings.WorkThreads));
        Assert.Empty(sources.Errors);
        File.Delete(file);
    }

    [Fact]
    public void Errors_name_the_setting_the_text_and_the_source()
    {
        var sources = new SettingSources(
            new Dictionary<string, string> { ["http.port"] = "70000" },
            name => name == "HOMEOSTAT_PEERS" ? "nobody" : null,
            null);
        sources.Read(Settings.HttpPort);
        sources.Read(Settings.Peers);
        Assert.Equal(
            [
                "http.port: '70000' is not a number from 1 to 65535 (from the flag --http.port)",
                "peers: 'nobody' is not a peer: write 0xaddress@host:port "
                + "(from the environment variable HOMEOSTAT_PEERS)",
            ],
            sources.Errors);
    }

    [Fact]
    public void Unknown_settings_and_broken_files_are_errors()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, """{ "http.prot": 1 }""");
        var unknown = new SettingSources(new Dictionary<string, string>(), _ => null, file);
        Assert.Contains("http.prot: no such setting", unknown.Errors[0], StringComparison.Ordinal);
        File.WriteAllText(file, "{");
        var broken = new SettingSources(new Dictionary<string, string>(), _ => null, file);
        Assert.Contains(file, broken.Errors[0], StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void Every_default_is_valid()
    {
        foreach (Setting setting in Settings.All)
        {
            Assert.Null(setting.Check(setting.Default));
        }
    }
}
