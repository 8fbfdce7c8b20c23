using System.Diagnostics;
using System.Text;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

public sealed class GenesisTests
{
    [Fact]
    public void The_document_survives_its_json_and_says_what_is_wrong_with_another()
    {
        GenesisDocument document = DevelopmentNetwork.Create(4).Genesis;
        byte[] json = document.ToJson();
        Assert.True(GenesisDocument.TryParse(json, out var parsed, out string? error), error);
        Assert.Equal(json, parsed!.ToJson());
        string text = Encoding.UTF8.GetString(json);
        foreach ((string from, string to, string reason) in new[]
        {
            ("\"chainId\": 4242", "\"chainId\": 4243", "extraData is not the hash of config"),
            ("\"config\"", "\"konfig\"", "genesis.json"),
            ("\"balance\": \"0x", "\"balance\": \"x", "not a quantity"),
        })
        {
            byte[] altered =
                Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
            Assert.False(GenesisDocument.TryParse(altered, out _, out error));
            Assert.Contains(reason, error, StringComparison.Ordinal);
        }
        Assert.False(GenesisDocument.TryParse("nonsense"u8, out _, out _));
    }

    [Fact]
    public void The_same_arguments_give_the_same_network()
    {
        DevelopmentNetwork first = DevelopmentNetwork.Create(4, seed: 7);
        DevelopmentNetwork again = DevelopmentNetwork.Create(4, seed: 7);
        Assert.Equal(first.Genesis.ToJson(), again.Genesis.ToJson());
        Assert.NotEqual(first.Validators[0], DevelopmentNetwork.Create(4).Validators[0]);
        Assert.All(first.Validators,
            v => Assert.Equal(v.Address, Secp256k1.AddressOf(v.PrivateKey)));
        Assert.All(DevelopmentNetwork.FundedAccounts,
            a => Assert.Equal(a.Address, Secp256k1.AddressOf(a.PrivateKey)));
    }

    [Fact]
    public void Predeploys_read_back_what_genesis_says()
    {
        var chain = new SteeredChain();
        Assert.Equal(DevelopmentNetwork.Capacity, chain.Parameters);
        CapacityRules rules = CapacityRules.Read(chain.Reader);
        Assert.Equal(GenesisLoops.InitialRules(DevelopmentNetwork.Capacity).Actuators,
            rules.Actuators);
        Assert.Equal((1u, 12u), (rules.IntervalsPerLimit, rules.SecondsPerLimit));
        Assert.Equal(chain.Validators.Select(v => v.Address),
            ValidatorStorage.Read(chain.Reader).Select(v => v.Address));
        Assert.Equal(LoopParameters.Default, LoopParameters.Read(chain.Reader));
    }

    // Needs node and solc (contracts/package.json, or HOMEOSTAT_NODE_MODULES).
    [Fact]
    public void Artifacts_are_what_the_sources_give()
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "contracts");
        string modules = Environment.GetEnvironmentVariable("HOMEOSTAT_NODE_MODULES")
            ?? Path.Combine(folder, "node_modules");
        if (!Directory.Exists(Path.Combine(modules, "solc")))
        {
            Console.WriteLine("skipped: solc is not installed under contracts/");
            return;
        }
        using var process = Process.Start(new ProcessStartInfo("node", "build.mjs --check")
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}
