using System.Globalization;
using System.Text;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>A standing rule's firing in plain words.</summary>
internal static class RuleWords
{
    /// <param name="rule">As the RuleBook has it; null where the node does not say.</param>
    /// <param name="nameOf">A loop's name by its place.</param>
    /// <param name="outcome">Null while it is not known.</param>
    public static string Describe(
        FoundDecision found, LoopWords words, IReadOnlyList<ulong> before, StandingRule? rule,
        Func<int, string> nameOf, OutcomeEvent? outcome)
    {
        DecisionEvent decision = found.Decision;
        var text = new StringBuilder();
        text.AppendLine($"Decision {decision.Id}: a standing rule, in block {found.Height} "
            + $"({found.BlockHash})");
        text.AppendLine().AppendLine($"Rule {decision.ModelHash}");
        if (rule is not null)
        {
            text.AppendLine($"  {rule.Purpose}");
            text.AppendLine($"  when         {RuleDescription.Of(rule.Condition, nameOf)}");
            text.AppendLine($"  sustained    {rule.SustainBlocks} blocks");
            text.AppendLine($"  at most      once in {rule.IntervalSeconds} s, "
                + $"{rule.MaximumFirings} times");
            text.AppendLine($"  until        {Time(rule.ExpirySeconds)}");
            text.AppendLine($"  does         {rule.Action.Describe()}");
        }
        string values = string.Join(", ", decision.Readings.Select(Number));
        text.AppendLine().AppendLine("Seen");
        text.AppendLine($"  what the condition read, in its order: {values}");
        text.AppendLine("  it held when the rule was armed, and again when it was carried out");
        text.AppendLine().AppendLine("Done");
        text.AppendLine(decision.Failure == SteeringFailure.None
            ? "  the action was carried out"
            : $"  nothing: {DecisionWords.FailureText(decision.Failure)}");
        if (decision.ModelRefusal != 0)
        {
            text.AppendLine("  refused: "
                + DecisionEvent.RefusalText(decision.Loop, decision.ModelRefusal));
        }
        Vector(text, decision, words, before);
        Outcome(text, outcome);
        return text.ToString();
    }

    private static void Outcome(StringBuilder text, OutcomeEvent? outcome)
    {
        text.AppendLine().AppendLine("Turned out");
        if (outcome is null)
        {
            text.AppendLine("  not known: it is recorded two of the rules' epochs, eight blocks, "
                + "after the firing, while the rule is in force");
            return;
        }
        string change = outcome.Realised.CompareTo(outcome.TwinOutput) switch
        {
            < 0 => $"less by {Whole(outcome.TwinError)}",
            > 0 => $"more by {Whole(outcome.TwinError)}",
            _ => "the same",
        };
        text.AppendLine($"  what the condition read first was {Whole(outcome.TwinOutput)} when it "
            + $"fired and {Whole(outcome.Realised)} when its outcome was due: {change}");
    }

    /// <summary>A reading in an outcome: a whole number.</summary>
    internal static string Whole(Fixed value) => Number((ulong)(value.Raw >> Fixed.FractionBits));

    private static void Vector(
        StringBuilder text, DecisionEvent decision, LoopWords words, IReadOnlyList<ulong> before)
    {
        for (int i = 0; i < decision.InForce.Count; i++)
        {
            Quantity field = DecisionWords.At(words.Fields, i, "field");
            ulong was = i < before.Count ? before[i] : decision.InForce[i];
            string now = Number(decision.InForce[i]);
            string change = was == decision.InForce[i]
                ? $"{now} {field.Unit} as before"
                : $"{Number(was)} → {now} {field.Unit}";
            text.AppendLine($"  {field.Name,-17} {change}");
        }
    }

    private static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Time(ulong seconds) =>
        DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, 253_402_300_799))
            .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
