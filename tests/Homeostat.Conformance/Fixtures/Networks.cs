using System.Text.Json;
using System.Text.RegularExpressions;
using Homeostat.Evm;
using Homeostat.Ledger;

namespace Homeostat.Conformance;

/// <summary>The chain rules behind the fixtures' network names.</summary>
internal static partial class Networks
{
    /// <summary>Null when the name is none we know.</summary>
    public static ChainRules? RulesFor(string network, JsonElement config)
    {
        ulong chainId = ChainIdOf(config);
        Match match = Transition().Match(network);
        if (!match.Success)
        {
            BlockRules? rules = RulesOf(network, chainId, config);
            return rules is null
                ? null
                : new ChainRules(chainId, [new() { Rules = rules, Block = 0 }]);
        }
        BlockRules? from = RulesOf(match.Groups["from"].Value, chainId, config);
        BlockRules? to = RulesOf(match.Groups["to"].Value, chainId, config);
        if (from is null || to is null)
        {
            return null;
        }
        string at = match.Groups["at"].Value;
        return new ChainRules(
            chainId,
            [new() { Rules = WithDao(from, match), Block = 0 }, ActivationOf(to, at, match)])
        {
            TerminalTotalDifficulty = at.StartsWith("Diff", StringComparison.Ordinal)
                ? Json.Number("0x" + at[4..])
                : null,
        };
    }

    private static BlockRules WithDao(BlockRules rules, Match match) =>
        match.Groups["to"].Value == "Dao" ? rules with { DaoForkBlock = 5 } : rules;

    private static ForkActivation ActivationOf(BlockRules rules, string at, Match match)
    {
        if (at.StartsWith("Time", StringComparison.Ordinal))
        {
            return new() { Rules = rules, Time = 1_000 * ulong.Parse(at[4..^1], null) };
        }
        return at.StartsWith("Diff", StringComparison.Ordinal)
            ? new() { Rules = rules, AtMerge = true }
            : new() { Rules = WithDao(rules, match), Block = ulong.Parse(at, null) };
    }

    public static ulong ChainIdOf(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object ? config.UInt64Of("chainid", 1) : 1;

    /// <summary>One fork's rules; its blob schedule is the config's where that has one.</summary>
    public static BlockRules? RulesOf(string fork, ulong chainId, JsonElement config)
    {
        if (ForkOf(fork) is not { } known)
        {
            return null;
        }
        BlockRules rules = EthereumForks.Rules(known, chainId);
        if (fork is "ArrowGlacier" or "GrayGlacier")
        {
            rules = rules with { BombDelay = fork == "ArrowGlacier" ? 10_700_000UL : 11_400_000 };
        }
        bool hasSchedule = config.ValueKind == JsonValueKind.Object
            && config.TryGetProperty("blobSchedule", out JsonElement schedules)
            && schedules.TryGetProperty(fork, out _);
        if (!hasSchedule)
        {
            return rules;
        }
        JsonElement schedule = config.GetProperty("blobSchedule").GetProperty(fork);
        return rules with
        {
            Blobs = new BlobSchedule(
                schedule.UInt64Of("target"), schedule.UInt64Of("max"),
                schedule.UInt64Of("baseFeeUpdateFraction")),
        };
    }

    private static Fork? ForkOf(string name) => name switch
    {
        "EIP150" => Fork.TangerineWhistle,
        "EIP158" => Fork.SpuriousDragon,
        "Dao" => Fork.Homestead,
        "ConstantinopleFix" => Fork.Petersburg,
        "MuirGlacier" => Fork.Istanbul,
        "ArrowGlacier" or "GrayGlacier" => Fork.London,
        "Merge" => Fork.Paris,
        _ when name.StartsWith("BPO", StringComparison.Ordinal) => Fork.Osaka,
        _ => Enum.TryParse(name, out Fork fork) && Enum.IsDefined(fork) ? fork : null,
    };

    [GeneratedRegex("^(?<from>[A-Za-z0-9]+?)To(?<to>[A-Z][A-Za-z0-9]+?)At(?<at>[A-Za-z0-9]+)$")]
    private static partial Regex Transition();
}
