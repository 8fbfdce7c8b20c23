using System.Text;
using Homeostat.Node.Configuration;
using Homeostat.Node.Keys;
using Homeostat.Node.Operating;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Operating;

/// <summary>`init --network`: a small file in, folders that nodes start from out.</summary>
public sealed class NetworkPlanTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("homeostat-init-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData("{", "Expected depth")]
    [InlineData("""{"chainId":1,"validators":[]}""", "validators: 0, not from 1 to 64")]
    [InlineData("""{"validators":[{"name":"a","host":"h"}]}""", "chainId: a whole number from 1")]
    [InlineData("""{"chainId":1,"chainID":2,"validators":[]}""", "no such key: chainID (known: ")]
    [InlineData("""{"chainId":1,"validators":[{"name":"A b","host":"h"}]}""", "name 'A b' is not")]
    [InlineData("""{"chainId":1,"validators":[{"name":"a","host":"x y"}]}""", "neither a DNS name")]
    [InlineData("""
        {"chainId":1,"validators":[{"name":"a","host":"h"},{"name":"a","host":"h"}]}
        """, "two have the same name")]
    [InlineData("""
        {"chainId":1,"validators":[{"name":"a","host":"h","weight":0}]}
        """, "weight: a whole number from 1")]
    [InlineData("""
        {"chainId":1,"validators":[{"name":"a","host":"h"}],"balances":{"0x12":"1"}}
        """, "'0x12' is not an address")]
    [InlineData("""
        {"chainId":1,"epochBlocks":3,"validators":[{"name":"a","host":"h"}]}
        """, "epochBlocks is 3, not 0 or from 4")]
    [InlineData("""
        {"chainId":1,"revision":99,"validators":[{"name":"a","host":"h"}]}
        """, "revision: 99, not from 1 to 2")]
    [InlineData("""
        {"chainId":1,"guardianExpiry":"soon","validators":[{"name":"a","host":"h"}]}
        """, "'soon' is no time")]
    public void What_is_wrong_is_named(string json, string reason)
    {
        Assert.Null(NetworkPlan.TryRead(Encoding.UTF8.GetBytes(json), Now, out string error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_of_a_plan_are_what_nodes_start_from()
    {
        const string Json =
            """
            {
              "chainId": 7001, // comments are fine
              "validators": [
                { "name": "alpha", "host": "alpha.example", "weight": 3 },
                { "name": "beta", "host": "192.0.2.2", "p2pPort": 40000,
                  "address": "0x00000000000000000000000000000000000000b2" },
              ],
              "balances": { "0x00000000000000000000000000000000000000c3": "999999999.5" }
            }
            """;
        NetworkPlan plan = NetworkPlan.TryRead(
            Encoding.UTF8.GetBytes(Json), Now, out string error)!;
        Assert.Equal("", error);
        string folder = Path.Combine(_root.FullName, "network");
        IReadOnlyList<Address> addresses = NetworkFolder.Write(plan, folder, KeystoreV3.LightCost);
        Assert.True(GenesisDocument.TryParse(
            File.ReadAllBytes(Path.Combine(folder, "genesis.json")), out GenesisDocument? genesis,
            out error!), error);
        ChainConfig config = genesis!.Config;
        Assert.Equal(7001UL, config.ChainId.Value);
        Assert.Equal([3UL, 1UL], addresses.Select(
            a => config.Validators.Single(v => v.Address == a).Weight));
        Assert.False(config.Validators.Single(v => v.Address == addresses[0]).Randomness.IsZero);
        UInt256 wei = genesis.Allocations[Address.FromNumber(0xc3)].Balance;
        Assert.Equal((UInt256)999_999_999_500_000_000UL * 1_000_000_000UL, wei);

        string alpha = Path.Combine(folder, "alpha");
        Assert.True(KeyFile.TryRead(
            "", Path.Combine(alpha, "keystore.json"), Path.Combine(alpha, "password"),
            out Hash256 key, out error), error);
        Assert.Equal(addresses[0], Secp256k1.AddressOf(key));
        Assert.False(File.Exists(Path.Combine(folder, "beta", "keystore.json")));
        var sources = new SettingSources(
            new Dictionary<string, string>(), _ => null, Path.Combine(alpha, "node.json"));
        Assert.Equal(40000, sources.Read(Settings.Peers).Single().Port);
        Assert.Empty(sources.Errors);
        string compose = File.ReadAllText(Path.Combine(folder, "compose.yaml"));
        Assert.Contains("  beta:\n", compose, StringComparison.Ordinal);
        // Two services that publish one port of the host can't both start.
        string[] published =
        [
            .. compose.Split('\n').Where(x => x.Contains("\"127.0.0.1:", StringComparison.Ordinal))
                .Select(x => x.Split(':')[1]),
        ];
        Assert.Equal(addresses.Count, published.Distinct().Count());
        Assert.Contains("aliases: [\"", compose, StringComparison.Ordinal);
        Assert.Throws<IOException>(() =>
            NetworkFolder.Write(plan, folder, KeystoreV3.LightCost));
    }
}
