namespace Homeostat.Simulator;

/// <summary>
/// Hours to effect: which of the recorded proposals of Compound, Aave and Uniswap a standing rule
/// could have carried out, how long each took then and how long it takes here; MakerDAO's for their
/// delays alone. Method and limits: docs/eval-governance.md.
/// </summary>
public static class GovernanceEvaluation
{
    /// <summary>Blocks a condition is held for, in the rule of the live run.</summary>
    private const int SustainBlocks = 20;

    /// <summary>A visit at least every fourth block: once to arm, once to act.</summary>
    private const int VisitBlocks = 2 * 4;

    private const double BlockSeconds = 0.25;

    /// <summary>Notice, voting and timelock of a network's default settings.</summary>
    private const double AdoptionHours = 24 + 72 + 48;

    /// <summary>Most hours from a condition's first block to its effect.</summary>
    private const double RuleHours = (SustainBlocks + VisitBlocks) * BlockSeconds / 3_600;

    /// <param name="data">The folder that holds governance/onchain_governance_events.</param>
    public static EvalReport Run(string data)
    {
        string folder = Path.Combine(data, "governance", "onchain_governance_events");
        (string Name, List<RecordedProposal> Proposals)[] daos =
        [
            ("Compound", RecordedProposals.Governor(
                folder, "compound_governor_alpha.csv.gz", "compound_governor_bravo.csv.gz")),
            ("Aave (by title)", RecordedProposals.Aave(folder)),
            ("Uniswap", RecordedProposals.Governor(
                folder, "uniswap_governor_alpha.csv.gz", "uniswap_governor_alphav2.csv.gz")),
        ];
        var rows = daos.Select(dao => Row(dao.Name, dao.Proposals)).ToList();
        rows.Add(Row("all three", [.. daos.SelectMany(dao => Marked(dao.Name, dao.Proposals))]));
        List<double> maker = RecordedProposals.MakerHours(folder);
        rows.Add(new EvalRow("MakerDAO (delays alone)",
        [
            new("spells lifted whose first vote is known", maker.Count),
            .. Hours("hours from first vote to lift", maker),
        ]));
        double then = rows[3].Metrics.First(m => m.Key == "hours then: median").Value;
        return new EvalReport("governance", rows,
        [
            new EvalBar("a repeat takes a hundredth of its hours then or less", RuleHours / then,
                0.01, AtLeast: false),
        ]);
    }

    // One DAO's parameters are not another's.
    private static IEnumerable<RecordedProposal> Marked(
        string name, IEnumerable<RecordedProposal> proposals) => proposals.Select(
        p => p with { Keys = [.. p.Keys.Select(key => $"{name}: {key}")] });

    private static EvalRow Row(string name, List<RecordedProposal> proposals)
    {
        var known = new HashSet<string>();
        var repeats = new List<RecordedProposal>();
        foreach (RecordedProposal proposal in proposals.OrderBy(p => p.CreatedAt))
        {
            if (proposal.IsParameters && proposal.Keys.All(known.Contains))
            {
                repeats.Add(proposal);
            }
            known.UnionWith(proposal.Keys);
        }
        double[] hours = [.. repeats.Select(p => p.Hours)];
        int rules = repeats.SelectMany(p => p.Keys).Distinct().Count();
        return new EvalRow(name,
        [
            new("proposals executed", proposals.Count),
            new("of typed actions alone", proposals.Count(p => p.IsParameters)),
            new("of these repeats: a rule could have", repeats.Count),
            .. Hours("hours then", hours),
            new("hours then, all together", hours.Sum()),
            new("hours here, each, at most", RuleHours),
            new("rules these would be", rules),
            new("hours here to adopt them, in one vote", repeats.Count == 0 ? 0 : AdoptionHours),
        ]);
    }

    private static IEnumerable<KeyValuePair<string, double>> Hours(
        string name, IReadOnlyList<double> hours)
    {
        double[] sorted = [.. hours.Order()];
        double At(double share) => sorted.Length == 0
            ? 0
            : sorted[(int)Math.Round(share * (sorted.Length - 1))];
        return
        [
            new($"{name}: least", At(0)), new($"{name}: median", At(0.5)),
            new($"{name}: most", At(1)),
        ];
    }
}
