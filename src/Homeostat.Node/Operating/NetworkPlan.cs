using System.Globalization;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Operating;

/// <summary>One validator of a plan.</summary>
/// <param name="Name">Its folder's name: lower-case letters, digits and dashes.</param>
/// <param name="Host">Where peers reach it; a DNS name may change its address any time.</param>
/// <param name="Address">Null: a key is made.</param>
internal sealed record PlannedValidator(
    string Name, string Host, int P2pPort, int HttpPort, ulong Weight, Address? Address,
    Hash256 Randomness, Address Delegate);

/// <summary>
/// The small file that a network is made of: `homeostat init --network FILE`. Everything has a
/// default but the chain id and the validators; an unknown key is an error, never ignored.
/// </summary>
internal sealed record NetworkPlan
{
    private const int MaximumValidators = 64;
    private const ulong DefaultGuardianDays = 365;

    private static readonly string[] Keys =
    [
        "chainId", "genesisTime", "initialBaseFee", "capacity", "epochBlocks", "revision",
        "voting", "guardian", "guardianExpiry", "validators", "balances",
        "allowlists",
    ];

    private static readonly string[] ValidatorKeys =
    [
        "name", "host", "p2pPort", "httpPort", "weight", "address", "randomness", "delegate",
    ];

    public required ChainId ChainId { get; init; }

    public required ulong GenesisTimeMs { get; init; }

    public required UInt256 InitialBaseFee { get; init; }

    public required ChainParameters Capacity { get; init; }

    public required StakingTerms Staking { get; init; }

    /// <summary>Of the protocol, from block 1 on.</summary>
    public required ulong Revision { get; init; }

    public required VotingSettings Voting { get; init; }

    public required Address Guardian { get; init; }

    public required ulong GuardianExpiryTime { get; init; }

    public required IReadOnlyList<PlannedValidator> Validators { get; init; }

    /// <summary>Wei at genesis.</summary>
    public required IReadOnlyList<KeyValuePair<Address, UInt256>> Balances { get; init; }

    /// <summary>Null: everybody may send and deploy.</summary>
    public GenesisAllowlists? Allowlists { get; init; }

    /// <summary>Null with the reason, naming the key.</summary>
    public static NetworkPlan? TryRead(byte[] json, DateTimeOffset now, out string error)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions
                {
                    CommentHandling = JsonCommentHandling.Skip,
                    AllowTrailingCommas = true,
                });
            NetworkPlan plan = Read(document.RootElement, now);
            error = plan.Fault ?? "";
            return error.Length == 0 ? plan : null;
        }
        catch (JsonException failure)
        {
            error = failure.Message;
        }
        catch (FormatException failure)
        {
            error = failure.Message;
        }
        return null;
    }

    private string? Fault
    {
        get
        {
            if (Validators.Count is 0 or > MaximumValidators)
            {
                return $"validators: {Validators.Count}, not from 1 to {MaximumValidators}";
            }
            if (Validators.Select(v => v.Name).Distinct().Count() != Validators.Count)
            {
                return "validators: two have the same name";
            }
            Address[] known = [.. Validators.Select(v => v.Address).OfType<Address>()];
            if (known.Distinct().Count() != known.Length)
            {
                return "validators: two have the same address";
            }
            if (ProtocolRevisions.Find(Revision) is null)
            {
                return $"revision: {Revision}, not from {ProtocolRevisions.First} to "
                    + $"{ProtocolRevisions.Newest}";
            }
            return Staking.Check() ?? Voting.Fault;
        }
    }

    private static NetworkPlan Read(JsonElement root, DateTimeOffset now)
    {
        RequireKnown(root, Keys, "");
        ChainParameters usual = DevelopmentNetwork.Capacity;
        JsonElement capacity = Optional(root, "capacity");
        DateTimeOffset expiry = Time(
            root, "guardianExpiry", now + TimeSpan.FromDays(DefaultGuardianDays));
        return new NetworkPlan
        {
            ChainId = new ChainId(Number(root, "chainId", 0, 1)),
            GenesisTimeMs = (ulong)Time(root, "genesisTime", now).ToUnixTimeMilliseconds(),
            InitialBaseFee = Number(root, "initialBaseFee", 1_000_000_000),
            Capacity = new ChainParameters(
                Number(capacity, "gasTargetPerSecond", usual.GasTargetPerSecond, 1_000_000),
                Number(capacity, "gasLimit", usual.GasLimit, 20_000_000),
                Number(capacity, "minimumBaseFee", usual.MinimumBaseFee),
                Number(capacity, "blockIntervalMs", usual.BlockIntervalMs, 50)),
            Staking = new StakingTerms
            {
                EpochBlocks = Number(root, "epochBlocks", new StakingTerms().EpochBlocks),
            },
            Revision = Number(root, "revision", ProtocolRevisions.First),
            Voting = ReadVoting(Optional(root, "voting")),
            Guardian = AddressOf(root, "guardian") ?? default,
            GuardianExpiryTime = (ulong)expiry.ToUnixTimeSeconds(),
            Validators = [.. Items(root, "validators").Select(ReadValidator)],
            Balances = [.. ReadBalances(Optional(root, "balances"))],
            Allowlists = ReadAllowlists(Optional(root, "allowlists")),
        };
    }

    private static GenesisAllowlists? ReadAllowlists(JsonElement lists)
    {
        if (lists.ValueKind == JsonValueKind.Undefined)
        {
            return null;
        }
        RequireKnown(lists, ["senders", "deployers"], "allowlists: ");
        return new GenesisAllowlists(List("senders"), List("deployers"));

        IReadOnlyList<Address>? List(string key) =>
            Optional(lists, key).ValueKind == JsonValueKind.Undefined ? null :
            [
                .. Items(lists, key).Select(item => Address.TryParse(
                    item.ToString(), out Address address)
                    ? address
                    : throw new FormatException($"allowlists: '{item}' is not an address")),
            ];
    }

    private static VotingSettings ReadVoting(JsonElement voting)
    {
        VotingSettings usual = VotingSettings.Default;
        return usual with
        {
            DelaySeconds = Number(voting, "delaySeconds", usual.DelaySeconds),
            PeriodSeconds = Number(voting, "periodSeconds", usual.PeriodSeconds, 1),
            TimelockSeconds = Number(voting, "timelockSeconds", usual.TimelockSeconds),
            QuorumPercent = Number(voting, "quorumPercent", usual.QuorumPercent, 1),
        };
    }

    private static PlannedValidator ReadValidator(JsonElement item)
    {
        RequireKnown(item, ValidatorKeys, "validators: ");
        string name = Text(item, "name");
        if (name.Length is 0 or > 40
            || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            throw new FormatException(
                $"validators: name '{name}' is not lower-case letters, digits and dashes");
        }
        string host = Text(item, "host");
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw new FormatException(
                $"validators: host '{host}' of {name} is neither a DNS name nor an IP address");
        }
        string randomness = Text(item, "randomness");
        Hash256 commitment = Hash256.Zero;
        if (randomness.Length > 0 && !Hash256.TryParse(randomness, out commitment))
        {
            throw new FormatException($"validators: randomness of {name} is not 32 bytes");
        }
        return new PlannedValidator(
            name, host, (int)Number(item, "p2pPort", 30303, 1, 65535),
            (int)Number(item, "httpPort", 8545, 1, 65535), Number(item, "weight", 1, 1),
            AddressOf(item, "address"), commitment, AddressOf(item, "delegate") ?? default);
    }

    private static IEnumerable<KeyValuePair<Address, UInt256>> ReadBalances(JsonElement balances)
    {
        if (balances.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }
        foreach (JsonProperty entry in balances.EnumerateObject())
        {
            if (!Address.TryParse(entry.Name, out Address address))
            {
                throw new FormatException($"balances: '{entry.Name}' is not an address");
            }
            string text = entry.Value.ToString();
            if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out decimal coins) || coins > 1_000_000_000)
            {
                throw new FormatException(
                    $"balances: '{text}' of {entry.Name} is no number of coins up to a billion");
            }
            // In two steps, as 10^18 times a billion leaves a decimal.
            UInt256 wei = (UInt256)(ulong)decimal.Truncate(coins * 1_000_000_000)
                * (UInt256)1_000_000_000UL;
            yield return KeyValuePair.Create(address, wei);
        }
    }

    private static void RequireKnown(JsonElement item, string[] keys, string where)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{where}not an object");
        }
        foreach (JsonProperty property in item.EnumerateObject())
        {
            if (!keys.Contains(property.Name))
            {
                throw new FormatException(
                    $"{where}no such key: {property.Name} (known: {string.Join(", ", keys)})");
            }
        }
    }

    private static JsonElement Optional(JsonElement item, string key) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(key, out JsonElement value)
            ? value
            : default;

    private static JsonElement.ArrayEnumerator Items(JsonElement item, string key) =>
        Optional(item, key) is { ValueKind: JsonValueKind.Array } array
            ? array.EnumerateArray()
            : throw new FormatException($"{key}: a list is needed");

    private static string Text(JsonElement item, string key) =>
        Optional(item, key) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static ulong Number(
        JsonElement item, string key, ulong usual, ulong least = 0, ulong most = long.MaxValue)
    {
        JsonElement value = Optional(item, key);
        ulong number = usual;
        bool good = value.ValueKind == JsonValueKind.Undefined
            || (value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out number));
        return good && number >= least && number <= most
            ? number
            : throw new FormatException($"{key}: a whole number from {least} to {most} is needed");
    }

    private static DateTimeOffset Time(JsonElement item, string key, DateTimeOffset usual)
    {
        string text = Text(item, key);
        return text.Length == 0 ? usual
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
                && time.Year is > 2000 and < 9000
                ? time
                : throw new FormatException(
                    $"{key}: '{text}' is no time such as 2027-01-31T12:00Z");
    }

    private static Address? AddressOf(JsonElement item, string key)
    {
        string text = Text(item, key);
        return text.Length == 0 ? null
            : Address.TryParse(text, out Address address)
                ? address
                : throw new FormatException($"{key}: '{text}' is not an address");
    }
}
