using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.Explain;

/// <summary>What people read of a decision, case by case.</summary>
public sealed class DecisionWordsTests
{
    private static readonly ulong[] Before = [30_000_000, 60_000_000, 1_000_000, 200];

    private static readonly DecisionEvent Applied = new(
        7, SteeringProgram.CapacityLoopName, Keccak.Hash([1]), Keccak.Hash([2]),
        Actor.Model, RulingKind.Applied, 0, 0, SteeringFailure.None,
        Fixed.FromInteger(9), Fixed.FromInteger(5), [10_000, 40, 12, 3, 4, 50_000_000],
        [24_000_000, 60_000_000, 1_000_000, 200], [22_500_000, 60_000_000, 1_000_000, 200],
        [24_000_000, 60_000_000, 1_000_000, 200],
        [.. Enumerable.Range(1, 8).Select(i => Fixed.FromInteger(i))],
        [.. Enumerable.Range(1, 8).Select(i => Fixed.FromInteger(i == 6 ? -20 : i))],
        [Keccak.Hash([1])], [Fixed.FromInteger(9)], [0]);

    private static readonly OutcomeEvent Outcome = new(
        7, SteeringProgram.CapacityLoopName, new Height(33), Fixed.FromInteger(8),
        Fixed.FromInteger(9), Fixed.FromInteger(5), Fixed.One, Fixed.FromInteger(3));

    [Fact]
    public void What_was_seen_decided_and_weighed_and_how_it_turned_out()
    {
        string text = Words(Applied, Outcome);
        Assert.Contains("Decision 7 of the capacity loop, in block 33", text);
        Assert.Contains("execution on slow validators: 10,000 ns per 1,000 gas", text);
        Assert.Contains("weight that reported: 3", text);
        Assert.Contains("30,000,000 gas/s → 24,000,000 gas/s", text);
        Assert.Contains("60,000,000 gas as before", text);
        Assert.Contains("the twin proposed 22,500,000 gas/s", text);
        Assert.Contains("refused nothing", text);
        Assert.Contains("the model was closer: the model was off by 1.000000 Mgas/s", text);
        int heaviest = text.IndexOf("-20.000000 Mgas/s from \"fast mean\"",
            StringComparison.Ordinal);
        Assert.InRange(heaviest, 1, text.IndexOf("from \"slow mean\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Refusals_and_failures_are_named()
    {
        string refused = Words(
            Applied with
            {
                Actor = Actor.Nobody,
                Ruling = RulingKind.Refused,
                ModelRefusal = 5 << 8,
                TwinRefusal = 6 << 8,
            },
            null);
        Assert.Contains("no proposal passed: the vector in force stays", refused);
        Assert.Contains("refused the model: the gas target moves by more than one step", refused);
        Assert.Contains("refused the twin: the gas target is in its cooldown", refused);
        Assert.Contains("not known yet", refused);

        string twin = Words(
            Applied with { Actor = Actor.Twin, Failure = SteeringFailure.MissingModel }, Outcome);
        Assert.Contains("none: its bytes are not in the registry", twin);
        Assert.Contains("the twin was off by 3.000000 Mgas/s", twin);
        Assert.DoesNotContain("the model was off", twin);
    }

    [Fact]
    public void A_file_that_is_no_evidence_is_refused_with_a_reason()
    {
        foreach (string text in (string[])["", "[]", "{}", "{\"decision\":1,\"blockHash\":\"0x\"}"])
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(
                () => DecisionEvidence.FromJson(text));
            Assert.StartsWith("not a decision's evidence", error.Message);
        }
    }

    private static string Words(DecisionEvent decision, OutcomeEvent? outcome) =>
        DecisionWords.Describe(
            new FoundDecision(decision, 33, Keccak.Hash([3])), Before, outcome);
}
