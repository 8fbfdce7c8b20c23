using System.Globalization;
using System.Text.RegularExpressions;

namespace Homeostat.Simulator;

/// <summary>A proposal that was executed, as its DAO's logs have it.</summary>
/// <param name="Hours">From its creation to its execution.</param>
/// <param name="IsParameters">All it does is what a standing rule could do here: set numbers,
/// switch a mode, choose among models, pay.</param>
/// <param name="Keys">What it sets, by which a repeat is known.</param>
internal sealed record RecordedProposal(
    DateTime CreatedAt, double Hours, bool IsParameters, IReadOnlyList<string> Keys);

/// <summary>
/// Reads executed proposals of 2020 and 2021 (docs/eval-governance.md says by what method, and what
/// it can't see).
/// </summary>
internal static partial class RecordedProposals
{
    // A number that is set, a switch, a choice of a model, a payment. What changes code, oracles,
    // admins, listings or the rules of voting is none.
    private static readonly HashSet<string> TypedSignatures =
    [
        "_setReserveFactor(uint256)", "_setCollateralFactor(address,uint256)",
        "_setCompSpeed(address,uint256)", "_setCompSpeeds(address[],uint256[],uint256[])",
        "_setContributorCompSpeed(address,uint256)", "_setCompRate(uint256)",
        "_setMarketBorrowCaps(address[],uint256[])", "_setInterestRateModel(address)",
        "_setMintPaused(address,bool)", "_setBorrowPaused(address,bool)",
        "_reduceReserves(uint256)", "_grantComp(address,uint256)", "transfer(address,uint256)",
    ];

    // Aave's calls are `execute()` of contracts whose code is not in the records.
    private static readonly (string Kind, string[] Words)[] AaveKinds =
    [
        ("risk parameters", ["Risk Parameter", "LTV", "Liquidation Bonus"]),
        ("reserve factor", ["Reserve Factor"]),
        ("interest rate", ["interest rate", "Interest Rate"]),
        ("borrowing", ["Enable borrowing", "Disable borrow", "desactivation"]),
        ("incentives", ["Liquidity Incentives", "Liquidity Mining"]),
    ];

    /// <summary>Of a Compound-style Governor; of several files in the order of time.</summary>
    public static List<RecordedProposal> Governor(string folder, params string[] files)
    {
        var proposals = new List<RecordedProposal>();
        foreach (string file in files)
        {
            var created = new Dictionary<string, IReadOnlyDictionary<string, string>>();
            foreach (var log in CsvRecords.Read(Path.Combine(folder, file)))
            {
                string id = Number(log["id"]);
                if (log["event_name"] == "ProposalCreated")
                {
                    created[id] = log;
                }
                else if (log["event_name"] == "ProposalExecuted"
                    && created.TryGetValue(id, out var proposed))
                {
                    proposals.Add(Of(proposed, log));
                }
            }
        }
        return [.. proposals.OrderBy(proposal => proposal.CreatedAt)];
    }

    /// <summary>Of Aave's governance v2, told apart by their titles.</summary>
    public static List<RecordedProposal> Aave(string folder)
    {
        var titles = new Dictionary<string, string>();
        foreach (var line in CsvRecords.Read(
            Path.Combine(folder, "aave_descriptions_parsed.csv.gz")))
        {
            titles[line["ipfsHash"]] = line["title"];
        }
        var created = new Dictionary<string, IReadOnlyDictionary<string, string>>();
        var proposals = new List<RecordedProposal>();
        foreach (var log in CsvRecords.Read(Path.Combine(folder, "aave_governance_v2.csv.gz")))
        {
            string id = Number(log["id"]);
            if (log["event_name"] == "ProposalCreated")
            {
                created[id] = log;
            }
            else if (log["event_name"] == "ProposalExecuted"
                && created.TryGetValue(id, out var proposed))
            {
                string title = titles.GetValueOrDefault(proposed["ipfsHash"], "");
                string[] kinds =
                [
                    .. AaveKinds.Where(kind => kind.Words.Any(
                        word => title.Contains(word, StringComparison.Ordinal)))
                        .Select(kind => kind.Kind),
                ];
                DateTime at = Time(proposed);
                proposals.Add(new RecordedProposal(
                    at, (Time(log) - at).TotalHours, kinds.Length != 0, kinds));
            }
        }
        return proposals;
    }

    /// <summary>
    /// Hours from the first vote by address for a spell of MakerDAO's to its lift, at 13.2 s a
    /// block (the mean of these two years). What spells do is not in the records.
    /// </summary>
    public static List<double> MakerHours(string folder)
    {
        const double secondsPerBlock = 13.2;
        var firstVote = new Dictionary<string, ulong>();
        var hours = new List<double>();
        foreach (var log in CsvRecords.Read(Path.Combine(folder, "mkr_logs.csv.gz"))
            .OrderBy(log => ulong.Parse(log["blockNumber"], CultureInfo.InvariantCulture)))
        {
            ulong block = ulong.Parse(log["blockNumber"], CultureInfo.InvariantCulture);
            if (log["topic"] == "vote(address[])")
            {
                foreach (Match match in SpellPattern().Matches(log["data"]))
                {
                    firstVote.TryAdd(match.Groups[1].Value, block);
                }
            }
            else if (log["topic"] == "lift" && log["arg2"].Length == 66
                && firstVote.TryGetValue(log["arg2"][26..], out ulong since) && since < block)
            {
                hours.Add((block - since) * secondsPerBlock / 3_600);
            }
        }
        return hours;
    }

    private static RecordedProposal Of(
        IReadOnlyDictionary<string, string> created, IReadOnlyDictionary<string, string> executed)
    {
        string[] targets = [.. Quoted().Matches(created["targets"]).Select(m => m.Groups[1].Value)];
        string[] signatures =
            [.. Quoted().Matches(created["signatures"]).Select(m => m.Groups[1].Value)];
        string[] words = FirstWords(created["calldatas"], signatures.Length);
        bool isTyped = signatures.Length != 0
            && signatures.All(signature => TypedSignatures.Contains(signature));
        DateTime at = Time(created);
        return new RecordedProposal(at, (Time(executed) - at).TotalHours, isTyped,
        [
            .. signatures.Select((signature, i) =>
                $"{(i < targets.Length ? targets[i] : "")}.{signature}"
                + (signature.Contains("(address,", StringComparison.Ordinal) ? words[i] : "")),
        ]);
    }

    // Python's bytes literals: what stands for the first word, an address, tells parameters apart.
    private static string[] FirstWords(string calldatas, int count)
    {
        string[] parts = calldatas.Split(", b");
        return
        [
            .. Enumerable.Range(0, count).Select(i => i < parts.Length
                ? string.Concat(Tokens().Matches(parts[i].TrimStart('[', 'b').Trim('\'', '"'))
                    .Take(32).Select(match => match.Value))
                : ""),
        ];
    }

    private static DateTime Time(IReadOnlyDictionary<string, string> log) =>
        DateTime.Parse(log["timestamp"], CultureInfo.InvariantCulture);

    private static string Number(string id) => id.EndsWith(".0", StringComparison.Ordinal)
        ? id[..^2]
        : id;

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\\x[0-9a-f]{2}|\\.|.")]
    private static partial Regex Tokens();

    [GeneratedRegex("(?:000000000000000000000000)([0-9a-f]{40})")]
    private static partial Regex SpellPattern();
}
