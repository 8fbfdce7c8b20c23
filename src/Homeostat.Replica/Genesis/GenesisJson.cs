using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>genesis.json in geth's layout, ours under config.homeostat.</summary>
internal static class GenesisJson
{
    /// <summary>Every rule of Ethereum up to Osaka holds from block 0.</summary>
    private static readonly string[] BlockForks =
    [
        "homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock",
        "constantinopleBlock", "petersburgBlock", "istanbulBlock", "berlinBlock", "londonBlock",
        "mergeNetsplitBlock",
    ];

    private static readonly string[] TimeForks =
        ["shanghaiTime", "cancunTime", "pragueTime", "osakaTime"];

    private static readonly JsonWriterOptions Compact =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The config object without white space: what genesis' extraData is the hash of.
    /// </summary>
    public static byte[] WriteConfig(ChainConfig config)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Compact))
        {
            WriteConfig(writer, config);
        }
        return stream.ToArray();
    }

    public static byte[] Write(GenesisDocument document)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(
            stream, Compact with { Indented = true, NewLine = "\n" }))
        {
            ChainConfig config = document.Config;
            writer.WriteStartObject();
            writer.WritePropertyName("config");
            WriteConfig(writer, config);
            writer.WriteString("nonce", "0x0");
            writer.WriteString("timestamp", Quantity(config.GenesisTimeMs / 1000));
            writer.WriteString("extraData", Hex.Encode(document.ExtraData));
            writer.WriteString("gasLimit", Quantity(config.Capacity.GasLimit));
            writer.WriteString("difficulty", "0x0");
            writer.WriteString("mixHash", Hash256.Zero.ToString());
            writer.WriteString("coinbase", Address.Zero.ToString());
            writer.WriteString("baseFeePerGas", config.InitialBaseFee.ToQuantity());
            WriteAllocations(writer, document.Allocations);
            writer.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    public static bool TryRead(
        ReadOnlySpan<byte> json, out GenesisDocument? document, out string? error)
    {
        document = null;
        error = null;
        try
        {
            using var parsed = JsonDocument.Parse(json.ToArray());
            JsonElement root = parsed.RootElement;
            document = new GenesisDocument
            {
                Config = ReadConfig(root),
                Allocations = ReadAllocations(root.GetProperty("alloc")),
            };
            error = Check(document, root);
        }
        catch (Exception failure) when (failure is JsonException or FormatException
            or InvalidOperationException or KeyNotFoundException or OverflowException
            or ArgumentException or InvariantViolation)
        {
            error = failure.Message;
        }
        document = error is null ? document : null;
        error = error is null ? null : $"genesis.json: {error}";
        return document is not null;
    }

    private static string? Check(GenesisDocument document, JsonElement root)
    {
        ChainConfig config = document.Config;
        byte[] extraData = Hex.Decode(root.GetProperty("extraData").GetString());
        if (!extraData.AsSpan().SequenceEqual(document.ExtraData))
        {
            return $"extraData is not the hash of config, {Hex.Encode(document.ExtraData)}";
        }
        if (config.ChainId.Value == 0)
        {
            return "config.chainId is 0";
        }
        if (config.Validators.Count == 0 || config.Validators.Any(v => v.Weight == 0))
        {
            return "config.homeostat.validators is empty or has one without weight";
        }
        for (int i = 1; i < config.Validators.Count; i++)
        {
            if (config.Validators[i - 1].Address >= config.Validators[i].Address)
            {
                return "config.homeostat.validators are not in the order of their addresses";
            }
        }
        if (config.ConsensusMode > LoopMode.Off)
        {
            return "config.homeostat.consensusMode is not 0 (act), 1 (advise) or 2 (off)";
        }
        if (ProtocolRevisions.Find(config.Revision) is null)
        {
            return $"config.homeostat.revision is {config.Revision}, and this software knows "
                + $"{ProtocolRevisions.First} to {ProtocolRevisions.Newest}: install a newer one";
        }
        return config.Staking.Check() is { } reason ? $"config.homeostat.staking: {reason}"
            : config.Voting.Fault is { } fault ? $"config.homeostat.{fault}"
            : config.Allowlists?.Fault is { } unfit ? $"config.homeostat.{unfit}"
            : null;
    }

    private static void WriteConfig(Utf8JsonWriter writer, ChainConfig config)
    {
        writer.WriteStartObject();
        writer.WriteNumber("chainId", config.ChainId.Value);
        foreach (string fork in BlockForks.Concat(TimeForks))
        {
            writer.WriteNumber(fork, 0);
        }
        writer.WriteNumber("terminalTotalDifficulty", 0);
        writer.WriteStartObject("homeostat");
        writer.WriteNumber("genesisTimeMs", config.GenesisTimeMs);
        writer.WriteStartObject("capacity");
        writer.WriteNumber("gasTargetPerSecond", config.Capacity.GasTargetPerSecond);
        writer.WriteNumber("gasLimit", config.Capacity.GasLimit);
        writer.WriteNumber("minimumBaseFee", config.Capacity.MinimumBaseFee);
        writer.WriteNumber("blockIntervalMs", config.Capacity.BlockIntervalMs);
        writer.WriteEndObject();
        WriteStaking(writer, config.Staking);
        if (config.Revision != ProtocolRevisions.First)
        {
            writer.WriteNumber("revision", config.Revision);
        }
        writer.WriteNumber("leaderTimeoutMs", config.LeaderTimeoutMs);
        writer.WriteNumber("consensusMode", (ulong)config.ConsensusMode);
        writer.WriteString("governance", config.Governance.ToString());
        writer.WriteString("guardian", config.Guardian.ToString());
        writer.WriteNumber("guardianExpiryTime", config.GuardianExpiryTime);
        WriteVoting(writer, config.Voting);
        if (config.Allowlists is { } lists)
        {
            writer.WriteStartObject("allowlists");
            WriteList(writer, "senders", lists.Senders);
            WriteList(writer, "deployers", lists.Deployers);
            writer.WriteEndObject();
        }
        writer.WriteStartArray("validators");
        foreach (GenesisValidator validator in config.Validators)
        {
            writer.WriteStartObject();
            writer.WriteString("address", validator.Address.ToString());
            writer.WriteNumber("weight", validator.Weight);
            writer.WriteString("node", validator.NodeAddress);
            if (validator.Owner != default)
            {
                writer.WriteString("owner", validator.Owner.ToString());
            }
            if (!validator.Randomness.IsZero)
            {
                writer.WriteString("randomness", validator.Randomness.ToString());
            }
            if (validator.Delegate != default)
            {
                writer.WriteString("delegate", validator.Delegate.ToString());
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteList(
        Utf8JsonWriter writer, string name, IReadOnlyList<Address>? accounts)
    {
        if (accounts is null)
        {
            return;
        }
        writer.WriteStartArray(name);
        foreach (Address account in accounts)
        {
            writer.WriteStringValue(account.ToString());
        }
        writer.WriteEndArray();
    }

    private static GenesisAllowlists? ReadAllowlists(JsonElement ours)
    {
        return ours.TryGetProperty("allowlists", out JsonElement lists)
            ? new GenesisAllowlists(List("senders"), List("deployers"))
            : null;

        IReadOnlyList<Address>? List(string name) =>
            lists.TryGetProperty(name, out JsonElement accounts)
                ? [.. accounts.EnumerateArray().Select(a => ReadAddress(a.GetString()))]
                : null;
    }

    private static void WriteVoting(Utf8JsonWriter writer, VotingSettings voting)
    {
        writer.WriteStartObject("voting");
        writer.WriteNumber("delaySeconds", voting.DelaySeconds);
        writer.WriteNumber("periodSeconds", voting.PeriodSeconds);
        writer.WriteNumber("timelockSeconds", voting.TimelockSeconds);
        writer.WriteString("proposalThreshold", voting.ProposalThreshold.ToQuantity());
        writer.WriteNumber("quorumPercent", voting.QuorumPercent);
        writer.WriteNumber("vetoSeconds", voting.VetoSeconds);
        writer.WriteNumber("dryRunBlocks", voting.DryRunBlocks);
        writer.WriteEndObject();
    }

    private static VotingSettings ReadVoting(JsonElement ours)
    {
        if (!ours.TryGetProperty("voting", out JsonElement voting))
        {
            return VotingSettings.Default;
        }
        return new VotingSettings(
            voting.GetProperty("delaySeconds").GetUInt64(),
            voting.GetProperty("periodSeconds").GetUInt64(),
            voting.GetProperty("timelockSeconds").GetUInt64(),
            ReadQuantity(voting.GetProperty("proposalThreshold")),
            voting.GetProperty("quorumPercent").GetUInt64(),
            voting.GetProperty("vetoSeconds").GetUInt64())
        {
            DryRunBlocks = voting.TryGetProperty("dryRunBlocks", out JsonElement blocks)
                ? blocks.GetUInt64()
                : 0,
        };
    }

    private static void WriteStaking(Utf8JsonWriter writer, StakingTerms terms)
    {
        writer.WriteStartObject("staking");
        writer.WriteNumber("epochBlocks", terms.EpochBlocks);
        writer.WriteBoolean("permissioned", terms.Permissioned);
        writer.WriteNumber("unbondingEpochs", terms.UnbondingEpochs);
        writer.WriteNumber("evidenceEpochs", terms.EvidenceEpochs);
        writer.WriteNumber("jailEpochs", terms.JailEpochs);
        writer.WriteString("weightUnit", terms.WeightUnit.ToQuantity());
        writer.WriteNumber("slashShare", terms.SlashShare);
        writer.WriteNumber("reporterShare", terms.ReporterShare);
        writer.WriteNumber("jailShare", terms.JailShare);
        writer.WriteNumber("weightCap", terms.WeightCap);
        writer.WriteNumber("presence", terms.Presence);
        writer.WriteEndObject();
    }

    private static StakingTerms ReadStaking(JsonElement staking) => new()
    {
        EpochBlocks = staking.GetProperty("epochBlocks").GetUInt64(),
        Permissioned = staking.GetProperty("permissioned").GetBoolean(),
        UnbondingEpochs = staking.GetProperty("unbondingEpochs").GetUInt64(),
        EvidenceEpochs = staking.GetProperty("evidenceEpochs").GetUInt64(),
        JailEpochs = staking.GetProperty("jailEpochs").GetUInt64(),
        WeightUnit = ReadQuantity(staking.GetProperty("weightUnit")),
        SlashShare = staking.GetProperty("slashShare").GetUInt64(),
        ReporterShare = staking.GetProperty("reporterShare").GetUInt64(),
        JailShare = staking.GetProperty("jailShare").GetUInt64(),
        WeightCap = staking.GetProperty("weightCap").GetUInt64(),
        Presence = staking.GetProperty("presence").GetUInt64(),
    };

    private static void WriteAllocations(
        Utf8JsonWriter writer, SortedDictionary<Address, GenesisAccount> allocations)
    {
        writer.WriteStartObject("alloc");
        foreach ((Address address, GenesisAccount account) in allocations)
        {
            writer.WriteStartObject(address.ToString());
            writer.WriteString("balance", account.Balance.ToQuantity());
            if (account.Nonce != 0)
            {
                writer.WriteString("nonce", Quantity(account.Nonce));
            }
            if (account.Code.Length != 0)
            {
                writer.WriteString("code", Hex.Encode(account.Code));
            }
            if (account.Storage.Count != 0)
            {
                writer.WriteStartObject("storage");
                foreach ((UInt256 slot, UInt256 value) in account.Storage)
                {
                    writer.WriteString(slot.ToHash256().ToString(), value.ToHash256().ToString());
                }
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static ChainConfig ReadConfig(JsonElement root)
    {
        JsonElement config = root.GetProperty("config");
        JsonElement ours = config.GetProperty("homeostat");
        JsonElement capacity = ours.GetProperty("capacity");
        return new ChainConfig
        {
            ChainId = new ChainId(config.GetProperty("chainId").GetUInt64()),
            GenesisTimeMs = ours.GetProperty("genesisTimeMs").GetUInt64(),
            InitialBaseFee = ReadQuantity(root.GetProperty("baseFeePerGas")),
            Capacity = new ChainParameters(
                capacity.GetProperty("gasTargetPerSecond").GetUInt64(),
                capacity.GetProperty("gasLimit").GetUInt64(),
                capacity.GetProperty("minimumBaseFee").GetUInt64(),
                capacity.GetProperty("blockIntervalMs").GetUInt64()),
            Voting = ReadVoting(ours),
            Allowlists = ReadAllowlists(ours),
            Revision = ours.TryGetProperty("revision", out JsonElement revision)
                ? revision.GetUInt64()
                : ProtocolRevisions.First,
            Staking = ReadStaking(ours.GetProperty("staking")),
            LeaderTimeoutMs = ours.GetProperty("leaderTimeoutMs").GetUInt64(),
            ConsensusMode = (LoopMode)ours.GetProperty("consensusMode").GetUInt64(),
            Governance = ReadAddress(ours.GetProperty("governance").GetString()),
            Guardian = ReadAddress(ours.GetProperty("guardian").GetString()),
            GuardianExpiryTime = ours.GetProperty("guardianExpiryTime").GetUInt64(),
            Validators =
            [
                .. ours.GetProperty("validators").EnumerateArray().Select(v => new GenesisValidator(
                    ReadAddress(v.GetProperty("address").GetString()),
                    v.GetProperty("weight").GetUInt64(),
                    v.GetProperty("node").GetString() ?? "",
                    v.TryGetProperty("randomness", out JsonElement randomness)
                        ? new Hash256(randomness.GetString() ?? "")
                        : Hash256.Zero,
                    v.TryGetProperty("delegate", out JsonElement voter)
                        ? ReadAddress(voter.GetString())
                        : default,
                    v.TryGetProperty("owner", out JsonElement owner)
                        ? ReadAddress(owner.GetString())
                        : default)),
            ],
        };
    }

    private static SortedDictionary<Address, GenesisAccount> ReadAllocations(JsonElement alloc)
    {
        var accounts = new SortedDictionary<Address, GenesisAccount>();
        foreach (JsonProperty entry in alloc.EnumerateObject())
        {
            JsonElement account = entry.Value;
            var storage = new SortedDictionary<UInt256, UInt256>();
            if (account.TryGetProperty("storage", out JsonElement slots))
            {
                foreach (JsonProperty slot in slots.EnumerateObject())
                {
                    storage[UInt256.FromBigEndian(Hex.Decode(slot.Name))] =
                        UInt256.FromBigEndian(Hex.Decode(slot.Value.GetString()));
                }
            }
            accounts.Add(ReadAddress(entry.Name), new GenesisAccount(
                ReadQuantity(account.GetProperty("balance")),
                account.TryGetProperty("nonce", out JsonElement nonce)
                    ? ReadQuantity(nonce).ToUInt64Saturating()
                    : 0,
                account.TryGetProperty("code", out JsonElement code)
                    ? Hex.Decode(code.GetString())
                    : [],
                storage));
        }
        return accounts;
    }

    private static Address ReadAddress(string? text) =>
        Address.TryParse(text, out Address address)
            ? address
            : throw new FormatException($"not an address: '{text}'");

    // geth writes quantities as hexadecimal text, and reads decimal text and numbers too.
    private static UInt256 ReadQuantity(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.GetUInt64();
        }
        string text = value.GetString() ?? "";
        return UInt256.TryParse(text, out UInt256 quantity)
            ? quantity
            : throw new FormatException($"not a quantity: '{text}'");
    }

    private static string Quantity(ulong value) =>
        "0x" + value.ToString("x", CultureInfo.InvariantCulture);
}
