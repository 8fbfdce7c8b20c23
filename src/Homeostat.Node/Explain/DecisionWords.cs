using System.Globalization;
using System.Text;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>A decision in plain words, from its records alone.</summary>
internal static class DecisionWords
{
    /// <summary>Features named as having weighed most.</summary>
    private const int WeightsShown = 3;

    public static string Field(int index) => index switch
    {
        0 => "gas target",
        1 => "gas limit",
        2 => "minimum base fee",
        _ => "block interval",
    };

    public static string Describe(
        FoundDecision found, IReadOnlyList<ulong> before, OutcomeEvent? outcome)
    {
        DecisionEvent decision = found.Decision;
        var text = new StringBuilder();
        text.AppendLine(
            $"Decision {decision.Id} of the {LoopName(decision.Loop)} loop, in block "
            + $"{found.Height} ({found.BlockHash})");
        Seen(text, decision);
        Forecast(text, decision);
        Decided(text, decision, before);
        Constitution(text, decision);
        Outcome(text, decision, outcome);
        return text.ToString();
    }

    private static void Seen(StringBuilder text, DecisionEvent decision)
    {
        text.AppendLine().AppendLine("Seen");
        IReadOnlyList<ulong> r = decision.Readings;
        if (r.Count >= 6)
        {
            text.AppendLine($"  execution    {Number(r[0])} ns per 1,000 gas on slow validators");
            text.AppendLine($"  propagation  {Number(r[1])} ms to reach slow validators");
            text.AppendLine($"  pool         {Number(r[2])} thousand gas waiting");
            text.AppendLine($"  reported by  weight {Number(r[3])} of {Number(r[4])}");
            text.AppendLine(
                $"  ceiling      {Number(r[5])} gas a second is what they can execute in their "
                + "share of time");
        }
        if (decision.Features.Count == DemandFeatures.Count)
        {
            text.AppendLine(
                $"  demand       {Rate(decision.Features[0])} in the last block, "
                + $"{Rate(decision.Features[6])} on average");
        }
    }

    private static void Forecast(StringBuilder text, DecisionEvent decision)
    {
        text.AppendLine().AppendLine("Forecast");
        if (decision.Failure is not (SteeringFailure.None or SteeringFailure.NoRuling))
        {
            text.AppendLine($"  model        none: {FailureText(decision.Failure)}");
        }
        else
        {
            text.AppendLine(
                $"  model        {Rate(decision.ModelOutput)} ({decision.ModelHash})");
        }
        text.AppendLine($"  twin         {Rate(decision.TwinOutput)}");
        foreach ((string name, Fixed share) in Heaviest(decision))
        {
            text.AppendLine($"  weighed      {Signed(share)} from {name}");
        }
    }

    // By size; the model's attributions sum exactly to its forecast.
    private static IEnumerable<(string Name, Fixed Share)> Heaviest(DecisionEvent decision) =>
        decision.Attributions
            .Select((share, i) => (
                Name: i < DemandFeatures.Names.Count
                    ? $"the demand feature \"{DemandFeatures.Names[i]}\""
                    : "the model's bias",
                Share: share))
            .Where(part => part.Share != Fixed.Zero)
            .OrderByDescending(part => Fixed.Abs(part.Share).Raw)
            .Take(WeightsShown);

    private static void Decided(
        StringBuilder text, DecisionEvent decision, IReadOnlyList<ulong> before)
    {
        text.AppendLine().AppendLine("Decided");
        string actor = decision.Actor switch
        {
            Actor.Model => "the model's proposal",
            Actor.Twin => "the twin's proposal",
            _ => "nothing",
        };
        string ruling = decision.Ruling switch
        {
            RulingKind.Held => $"{actor} is what was in force: nothing changes",
            RulingKind.Applied => $"{actor} is in force from the next block on",
            _ => "no proposal passed: the vector in force stays",
        };
        text.AppendLine($"  {ruling}");
        for (int i = 0; i < decision.InForce.Count; i++)
        {
            ulong was = i < before.Count ? before[i] : decision.InForce[i];
            string change = was == decision.InForce[i]
                ? $"{Value(i, was)} as before"
                : $"{Value(i, was)} → {Value(i, decision.InForce[i])}";
            text.AppendLine($"  {Field(i),-17} {change}");
        }
        Proposal(text, "model", decision.ModelProposal, decision.InForce);
        Proposal(text, "twin", decision.TwinProposal, decision.InForce);
    }

    // Only where it is not what came into force.
    private static void Proposal(
        StringBuilder text, string who, IReadOnlyList<ulong> proposal, IReadOnlyList<ulong> inForce)
    {
        if (proposal.Count == inForce.Count && !proposal.SequenceEqual(inForce))
        {
            IEnumerable<string> values = proposal.Select((value, i) => Value(i, value));
            text.AppendLine($"  the {who} proposed {string.Join(", ", values)}");
        }
    }

    private static void Constitution(StringBuilder text, DecisionEvent decision)
    {
        text.AppendLine().AppendLine("Constitution");
        if (decision.Failure == SteeringFailure.NoRuling)
        {
            text.AppendLine($"  {FailureText(decision.Failure)}");
            return;
        }
        if (decision.ModelRefusal == 0 && decision.TwinRefusal == 0)
        {
            text.AppendLine("  refused nothing");
        }
        Refusal(text, "model", decision.ModelRefusal);
        Refusal(text, "twin", decision.TwinRefusal);
    }

    private static void Refusal(StringBuilder text, string who, ushort code)
    {
        if (code != 0)
        {
            text.AppendLine($"  refused the {who}: {DecisionEvent.RefusalText(code)}");
        }
    }

    private static void Outcome(
        StringBuilder text, DecisionEvent decision, OutcomeEvent? outcome)
    {
        text.AppendLine().AppendLine("Turned out");
        if (outcome is null)
        {
            text.AppendLine("  not known yet: the forecast's blocks have not all passed");
            return;
        }
        text.AppendLine($"  demand was   {Rate(outcome.Realised)}");
        if (decision.Failure is not (SteeringFailure.None or SteeringFailure.NoRuling))
        {
            text.AppendLine($"  the twin was off by {Rate(outcome.TwinError)}");
            return;
        }
        string better = outcome.ModelError.CompareTo(outcome.TwinError) switch
        {
            < 0 => "the model was closer",
            > 0 => "the twin was closer",
            _ => "they were equally close",
        };
        text.AppendLine(
            $"  {better}: the model was off by {Rate(outcome.ModelError)}, the twin by "
            + Rate(outcome.TwinError));
    }

    public static string FailureText(SteeringFailure failure) => failure switch
    {
        SteeringFailure.None => "none",
        SteeringFailure.NoChampion => "the loop has no champion",
        SteeringFailure.MissingModel => "its bytes are not in the registry",
        SteeringFailure.HashMismatch => "its bytes do not hash to its name",
        SteeringFailure.MalformedModel => "its bytes are not canonical, or of another horizon",
        SteeringFailure.OverBudget => "it is longer than a decision reads",
        SteeringFailure.Internal => "it failed inside",
        SteeringFailure.NoRuling => "the Constitution could not rule",
        _ => "an unknown reason",
    };

    private static string LoopName(in Hash256 loop) =>
        Encoding.ASCII.GetString(loop.Bytes).TrimEnd('\0');

    private static string Value(int field, ulong value) => field switch
    {
        0 => $"{Number(value)} gas/s",
        1 => $"{Number(value)} gas",
        2 => $"{Number(value)} wei",
        _ => $"{Number(value)} ms",
    };

    private static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Rate(Fixed millions) => $"{millions} Mgas/s";

    private static string Signed(Fixed share) =>
        share.Raw < 0 ? Rate(share) : $"+{Rate(share)}";
}
