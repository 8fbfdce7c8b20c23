using System.CommandLine;
using System.CommandLine.Parsing;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>What `governance propose` needs for a protocol revision.</summary>
internal static class RevisionOptions
{
    private const ulong SecondsPerDay = 86_400;

    private static readonly Option<ulong?> Number = new("--revision")
    {
        Description = "in place of a rule: the number of the next protocol revision",
    };

    private static readonly Option<string?> Spec = new("--spec")
    {
        Description = "keccak256 of its specification; default: the one this version knows",
    };

    private static readonly Option<string?> Release = new("--release")
    {
        Description = "node version that knows it, as nodes that don't will name it",
    };

    private static readonly Option<uint> DeadlineDays = new("--deadline-days")
    {
        Description = "days after which over two thirds of the weight are enough, 1 to 360",
        DefaultValueFactory = _ => 30,
    };

    private static readonly Option<string?> Withdraw = new("--withdraw")
    {
        Description = "in place of a rule: take the revision with this specification back",
    };

    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Number, Spec, Release, DeadlineDays, Withdraw])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether the command line asks for one.</summary>
    public static bool AreGiven(CommandResult given) =>
        given.GetValue(Number) is not null || given.GetValue(Withdraw) is not null;

    /// <summary>The same, parsed.</summary>
    public static bool AreGiven(ParseResult given) => AreGiven(given.CommandResult);

    /// <exception cref="FormatException">What is wrong with them.</exception>
    /// <param name="now">Unix seconds of the newest block.</param>
    public static ProposedCall Read(ParseResult parsed, ulong now)
    {
        if (parsed.GetValue(Withdraw) is { } spec)
        {
            return RevisionCalls.Withdraw(HashOf(spec));
        }
        ulong number = parsed.GetValue(Number)!.Value;
        Hash256 text = parsed.GetValue(Spec) is { } given ? HashOf(given)
            : ProtocolRevisions.Find(number)?.Spec
            ?? throw new FormatException(
                $"this version knows no revision {number}: give its specification's hash, --spec");
        string release = parsed.GetValue(Release) ?? throw new FormatException(
            "name the node version that knows the revision, as --release 0.2.0");
        uint days = parsed.GetValue(DeadlineDays);
        return days is >= 1 and <= 360
            ? RevisionCalls.Propose(number, text, release, now + days * SecondsPerDay)
            : throw new FormatException($"--deadline-days is {days}, not 1 to 360");
    }

    private static Hash256 HashOf(string text) =>
        text.Length == 66 && text.StartsWith("0x", StringComparison.Ordinal)
            ? new Hash256(text)
            : throw new FormatException($"'{text}' is no hash of 32 bytes in hex");
}
