using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>A genesis.json in geth's layout: the block, its state, the forks after it.</summary>
internal sealed class GenesisFile
{
    private static readonly (string Key, Fork Fork, ulong Bomb)[] ByBlock =
    [
        ("homesteadBlock", Fork.Homestead, 0),
        ("eip150Block", Fork.TangerineWhistle, 0),
        ("eip158Block", Fork.SpuriousDragon, 0),
        ("byzantiumBlock", Fork.Byzantium, 3_000_000),
        ("constantinopleBlock", Fork.Constantinople, 5_000_000),
        ("petersburgBlock", Fork.Petersburg, 5_000_000),
        ("istanbulBlock", Fork.Istanbul, 5_000_000),
        ("muirGlacierBlock", Fork.Istanbul, 9_000_000),
        ("berlinBlock", Fork.Berlin, 9_000_000),
        ("londonBlock", Fork.London, 9_700_000),
        ("arrowGlacierBlock", Fork.London, 10_700_000),
        ("grayGlacierBlock", Fork.London, 11_400_000),
        ("mergeNetsplitBlock", Fork.Paris, 0),
    ];

    private static readonly (string Key, Fork Fork)[] ByTime =
    [
        ("shanghai", Fork.Shanghai), ("cancun", Fork.Cancun), ("prague", Fork.Prague),
        ("osaka", Fork.Osaka), ("bpo1", Fork.Osaka), ("bpo2", Fork.Osaka), ("bpo3", Fork.Osaka),
    ];

    public GenesisFile(JsonElement file)
    {
        JsonElement config = file.GetProperty("config");
        ChainId = config.UInt64Of("chainId");
        Rules = new ChainRules(ChainId, [.. Activations(config, ChainId)]);
        State = StateOf(file.GetProperty("alloc"));
        Block = new Block
        {
            Header = new BlockHeader
            {
                StateRoot = State.Root,
                Difficulty = file.UInt256Of("difficulty"),
                GasLimit = file.UInt64Of("gasLimit"),
                Timestamp = file.UInt64Of("timestamp"),
                ExtraData = Json.Bytes(file.TextOf("extraData") ?? ""),
                Nonce = file.UInt64Of("nonce"),
            },
        };
    }

    public ulong ChainId { get; }

    public ChainRules Rules { get; }

    public WorldSnapshot State { get; }

    public Block Block { get; }

    private static IEnumerable<ForkActivation> Activations(JsonElement config, ulong chainId)
    {
        yield return new() { Rules = EthereumForks.Rules(Fork.Frontier, chainId), Block = 0 };
        foreach ((string key, Fork fork, ulong bomb) in ByBlock)
        {
            if (config.TryGetProperty(key, out JsonElement block))
            {
                BlockRules rules = EthereumForks.Rules(fork, chainId) with { BombDelay = bomb };
                yield return new() { Rules = rules, Block = block.GetUInt64() };
            }
        }
        foreach ((string key, Fork fork) in ByTime)
        {
            if (config.TryGetProperty(key + "Time", out JsonElement time))
            {
                yield return new()
                {
                    Rules = TimedRules(config, key, fork, chainId),
                    Time = time.GetUInt64(),
                };
            }
        }
    }

    private static BlockRules TimedRules(
        JsonElement config, string key, Fork fork, ulong chainId)
    {
        BlockRules rules = EthereumForks.Rules(fork, chainId);
        if (config.TextOf("depositContractAddress") is { } deposits && rules.HasRequests)
        {
            rules = rules with { DepositContract = Json.AddressFrom(deposits) };
        }
        bool hasSchedule = config.TryGetProperty("blobSchedule", out JsonElement schedules)
            && schedules.TryGetProperty(key, out _);
        if (!hasSchedule)
        {
            return rules;
        }
        JsonElement schedule = schedules.GetProperty(key);
        return rules with
        {
            Blobs = new BlobSchedule(
                schedule.UInt64Of("target"), schedule.UInt64Of("max"),
                schedule.UInt64Of("baseFeeUpdateFraction")),
        };
    }

    private static WorldSnapshot StateOf(JsonElement accounts)
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        foreach (JsonProperty property in accounts.EnumerateObject())
        {
            Address address = Json.AddressFrom(property.Name);
            JsonElement account = property.Value;
            world.AddBalance(address, account.UInt256Of("balance"));
            world.SetNonce(address, account.UInt64Of("nonce"));
            if (account.TextOf("code") is { Length: > 2 } code)
            {
                world.SetCode(address, new Code(Json.Bytes(code)));
            }
            if (account.TryGetProperty("storage", out JsonElement storage))
            {
                foreach (JsonProperty slot in storage.EnumerateObject())
                {
                    world.SetStorage(
                        address, Json.Number(slot.Name), Json.Number(slot.Value.GetString()!));
                }
            }
        }
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }
}
