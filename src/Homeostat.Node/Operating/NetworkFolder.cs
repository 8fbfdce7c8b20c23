using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Keys;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Operating;

/// <summary>
/// What `init --network` writes: genesis.json for all, and for each validator a folder to carry to
/// its machine: node.json (its settings), genesis.json, and, where its key was made here,
/// keystore.json and password. Beside them compose.yaml, to run them as containers.
/// </summary>
internal static class NetworkFolder
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true };

    /// <summary>Writes all of it; the addresses in the order of the plan.</summary>
    /// <exception cref="IOException">The folder exists already, or can't be written.</exception>
    public static IReadOnlyList<Address> Write(NetworkPlan plan, string folder, int keyCost)
    {
        if (File.Exists(Path.Combine(folder, "genesis.json")))
        {
            throw new IOException($"{folder} holds a network already: name another folder");
        }
        Directory.CreateDirectory(folder);
        PlannedValidator[] validators =
            [.. plan.Validators.Select(v => WithKey(plan, v, folder, keyCost))];
        GenesisDocument genesis = GenesisOf(plan, validators);
        foreach (PlannedValidator validator in validators)
        {
            string own = Directory.CreateDirectory(Path.Combine(folder, validator.Name)).FullName;
            File.WriteAllBytes(Path.Combine(own, "genesis.json"), genesis.ToJson());
            File.WriteAllText(
                Path.Combine(own, "node.json"), ConfigOf(validator, validators) + "\n");
        }
        File.WriteAllText(Path.Combine(folder, "compose.yaml"), ComposeFile.Of(validators));
        // Last: a folder with a genesis file is a whole one.
        File.WriteAllBytes(Path.Combine(folder, "genesis.json"), genesis.ToJson());
        return [.. validators.Select(v => v.Address!.Value)];
    }

    private static PlannedValidator WithKey(
        NetworkPlan plan, PlannedValidator validator, string folder, int cost)
    {
        if (validator.Address is not null)
        {
            return validator;
        }
        string own = Directory.CreateDirectory(Path.Combine(folder, validator.Name)).FullName;
        Hash256 key = KeystoreV3.NewKey();
        string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        KeyFile.WritePrivate(
            Path.Combine(own, "keystore.json"), KeystoreV3.Encrypt(key, password, cost));
        KeyFile.WritePrivate(Path.Combine(own, "password"), password + "\n");
        return validator with
        {
            Address = Secp256k1.AddressOf(key),
            Randomness = GenesisRandomness.CommitmentOf(key, plan.ChainId),
        };
    }

    private static GenesisDocument GenesisOf(
        NetworkPlan plan, IReadOnlyList<PlannedValidator> validators)
    {
        var config = new ChainConfig
        {
            ChainId = plan.ChainId,
            GenesisTimeMs = plan.GenesisTimeMs,
            InitialBaseFee = plan.InitialBaseFee,
            Capacity = plan.Capacity,
            Staking = plan.Staking,
            Revision = plan.Revision,
            Voting = plan.Voting,
            Allowlists = plan.Allowlists,
            Governance = Homeostat.Steering.PredeployAddresses.Timelock,
            Guardian = plan.Guardian,
            GuardianExpiryTime = plan.GuardianExpiryTime,
            Validators =
            [
                .. validators.OrderBy(v => v.Address!.Value).Select(v => new GenesisValidator(
                    v.Address!.Value, v.Weight, $"{v.Host}:{v.P2pPort}", v.Randomness, v.Delegate)),
            ],
        };
        return GenesisDocument.Create(config, plan.Balances);
    }

    /// <summary>Settings of one node; paths are relative to where it is started.</summary>
    private static string ConfigOf(
        PlannedValidator self, IReadOnlyList<PlannedValidator> validators) => new JsonObject
        {
            ["datadir"] = "data",
            ["genesis"] = "genesis.json",
            ["keystore"] = "keystore.json",
            ["password"] = "password",
            ["p2p.addr"] = "0.0.0.0",
            ["p2p.port"] = self.P2pPort,
            ["p2p.advertise"] = self.Host,
            ["http.addr"] = "127.0.0.1",
            ["http.port"] = self.HttpPort,
            ["peers"] = new JsonArray([.. validators.Where(v => v != self).Select(
                v => (JsonNode)$"{v.Address}@{v.Host}:{v.P2pPort}")]),
        }.ToJsonString(Layout);
}
