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

    // Of a loop that this program does not know the numbers are still true.
    public static readonly LoopWords Unknown = new([], [], [], new Quantity("output", ""));

    public static string Describe(
        FoundDecision found, IReadOnlyList<ulong> before, OutcomeEvent? outcome)
    {
        DecisionEvent decision = found.Decision;
        var text = new StringBuilder();
        text.AppendLine(
            $"Decision {decision.Id} of the {LoopName(decision.Loop)} loop, in block "
            + $"{found.Height} ({found.BlockHash})");
        LoopWords words = SteeringLoops.Find(decision.Loop)?.Words ?? Unknown;
        Seen(text, decision, words);
        Forecast(text, decision, words);
        Decided(text, decision, words, before);
        Constitution(text, decision);
        Outcome(text, decision, words, outcome);
        return text.ToString();
    }

    private static void Seen(StringBuilder text, DecisionEvent decision, LoopWords words)
    {
        text.AppendLine().AppendLine("Seen");
        for (int i = 0; i < decision.Readings.Count; i++)
        {
            Quantity reading = At(words.Readings, i, "reading");
            text.AppendLine($"  {reading.Name}: {Value(reading, decision.Readings[i])}");
        }
        for (int i = 0; i < decision.Features.Count; i++)
        {
            string name = i < words.Features.Count ? words.Features[i] : $"feature {i}";
            text.AppendLine(
                $"  {words.Output.Name}, {name}: {Amount(words, decision.Features[i])}");
        }
    }

    private static void Forecast(StringBuilder text, DecisionEvent decision, LoopWords words)
    {
        text.AppendLine().AppendLine($"Forecast of {words.Output.Name}");
        if (decision.Failure is not (SteeringFailure.None or SteeringFailure.NoRuling))
        {
            text.AppendLine($"  model        none: {FailureText(decision.Failure)}");
        }
        else
        {
            text.AppendLine(
                $"  model        {Amount(words, decision.ModelOutput)} ({decision.ModelHash})");
        }
        text.AppendLine($"  twin         {Amount(words, decision.TwinOutput)}");
        if (decision.Champions.Count > 1)
        {
            for (int i = 0; i < decision.Champions.Count; i++)
            {
                var failure = (SteeringFailure)decision.Failures[i];
                text.AppendLine(failure == SteeringFailure.None
                    ? $"  asked        {decision.Champions[i]}: "
                        + Amount(words, decision.Outputs[i])
                    : $"  asked        {decision.Champions[i]}: {FailureText(failure)}");
            }
        }
        foreach ((string name, Fixed share) in Heaviest(decision, words))
        {
            text.AppendLine($"  weighed      {Signed(words, share)} from {name}");
        }
    }

    // By size; the model's attributions sum exactly to its output.
    private static IEnumerable<(string Name, Fixed Share)> Heaviest(
        DecisionEvent decision, LoopWords words) =>
        decision.Attributions
            .Select((share, i) => (
                Name: i < decision.Features.Count
                    ? i < words.Features.Count ? $"\"{words.Features[i]}\"" : $"feature {i}"
                    : "the model's bias",
                Share: share))
            .Where(part => part.Share != Fixed.Zero)
            .OrderByDescending(part => Fixed.Abs(part.Share).Raw)
            .Take(WeightsShown);

    private static void Decided(
        StringBuilder text, DecisionEvent decision, LoopWords words, IReadOnlyList<ulong> before)
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
            Quantity field = At(words.Fields, i, "field");
            ulong was = i < before.Count ? before[i] : decision.InForce[i];
            string change = was == decision.InForce[i]
                ? $"{Value(field, was)} as before"
                : $"{Value(field, was)} → {Value(field, decision.InForce[i])}";
            text.AppendLine($"  {field.Name,-17} {change}");
        }
        Proposal(text, "model", decision.ModelProposal, decision.InForce, words);
        Proposal(text, "twin", decision.TwinProposal, decision.InForce, words);
    }

    // Only where it is not what came into force.
    private static void Proposal(
        StringBuilder text, string who, IReadOnlyList<ulong> proposal,
        IReadOnlyList<ulong> inForce, LoopWords words)
    {
        if (proposal.Count == inForce.Count && !proposal.SequenceEqual(inForce))
        {
            IEnumerable<string> values = proposal.Select(
                (value, i) => Value(At(words.Fields, i, "field"), value));
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
        Refusal(text, decision.Loop, "model", decision.ModelRefusal);
        Refusal(text, decision.Loop, "twin", decision.TwinRefusal);
    }

    private static void Refusal(StringBuilder text, in Hash256 loop, string who, ushort code)
    {
        if (code != 0)
        {
            text.AppendLine($"  refused the {who}: {DecisionEvent.RefusalText(loop, code)}");
        }
    }

    private static void Outcome(
        StringBuilder text, DecisionEvent decision, LoopWords words, OutcomeEvent? outcome)
    {
        text.AppendLine().AppendLine("Turned out");
        if (outcome is null)
        {
            text.AppendLine("  not known yet: the forecast's blocks have not all passed");
            return;
        }
        text.AppendLine($"  {words.Output.Name} was {Amount(words, outcome.Realised)}");
        if (decision.Failure is not (SteeringFailure.None or SteeringFailure.NoRuling))
        {
            text.AppendLine($"  the twin was off by {Amount(words, outcome.TwinError)}");
            return;
        }
        string better = outcome.ModelError.CompareTo(outcome.TwinError) switch
        {
            < 0 => "the model was closer",
            > 0 => "the twin was closer",
            _ => "they were equally close",
        };
        text.AppendLine(
            $"  {better}: the model was off by {Amount(words, outcome.ModelError)}, the "
            + $"twin by {Amount(words, outcome.TwinError)}");
    }

    public static string FailureText(SteeringFailure failure) => failure switch
    {
        SteeringFailure.None => "none",
        SteeringFailure.NoChampion => "the loop has no champion",
        SteeringFailure.MissingModel => "its bytes are not in the registry",
        SteeringFailure.HashMismatch => "its bytes do not hash to its name",
        SteeringFailure.MalformedModel => "its bytes are not canonical, or of another horizon",
        SteeringFailure.OverBudget => "it is over the loop's budget of bytes or steps",
        SteeringFailure.Internal => "it failed inside",
        SteeringFailure.Disagreement => "the champions disagree beyond the bound",
        SteeringFailure.Drift => "its errors have drifted from the twin's",
        SteeringFailure.NoRuling => "the Constitution could not rule",
        SteeringFailure.RuleRefused => "the Constitution refused the rule's vector",
        SteeringFailure.RuleBudget => "the rule's budget does not suffice",
        SteeringFailure.RuleAction => "what the rule asked for reverted",
        _ => "an unknown reason",
    };

    public static string LoopName(in Hash256 loop) =>
        Encoding.ASCII.GetString(loop.Bytes).TrimEnd('\0');

    internal static Quantity At(IReadOnlyList<Quantity> names, int index, string kind) =>
        index < names.Count ? names[index] : new Quantity($"{kind} {index}", "");

    private static string Value(Quantity quantity, ulong value) =>
        $"{value.ToString("N0", CultureInfo.InvariantCulture)} {quantity.Unit}".TrimEnd();

    private static string Amount(LoopWords words, Fixed amount) =>
        $"{amount} {words.Output.Unit}".TrimEnd();

    private static string Signed(LoopWords words, Fixed share) =>
        share.Raw < 0 ? Amount(words, share) : $"+{Amount(words, share)}";
}
