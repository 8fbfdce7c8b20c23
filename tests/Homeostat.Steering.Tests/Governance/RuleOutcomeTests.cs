using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>Every firing has its outcome, eight blocks on, whatever becomes of the rule.</summary>
public sealed class RuleOutcomeTests
{
    private const ulong Horizon = 8;
    private const ulong Day = 86_400;
    private static readonly Hash256 Rules = SteeringLoops.NameOf("rules");

    // A rule in force with an interval of a second fires every eight blocks, so one firing waits.
    [Fact]
    public void A_repealed_rules_last_firing_has_its_outcome()
    {
        var governed = new GovernedChain();
        StandingRule rule = Adopted(governed, Calls());
        governed.Adopt(new ProposedCall(PredeployAddresses.RuleBook, UInt256.Zero,
            AbiCall.Encode("repeal(bytes32)", new AbiTuple().Add(rule.Id))));
        Assert.Empty(RuleStorage.Active(governed.Chain.Reader));
        AssertAllSettled(governed, waiting: 1);
    }

    [Fact]
    public void A_rule_that_fired_its_last_has_its_outcome()
    {
        var governed = new GovernedChain();
        Adopted(governed, Calls(), firings: 1);
        Assert.Empty(RuleStorage.Active(governed.Chain.Reader));
        AssertAllSettled(governed, waiting: 1);
    }

    [Fact]
    public void A_rule_that_expired_has_its_outcome()
    {
        var governed = new GovernedChain();
        // Adopted some 20 s after it is written; it expires between a firing and its outcome.
        StandingRule rule = Adopted(governed, Calls(), seconds: 3_600);
        while (!Fired(governed.Chain.Blocks[^1]))
        {
            governed.Chain.Next();
        }
        governed.Wait(3_600);
        governed.Chain.Next();
        governed.Chain.Next();
        governed.Chain.Next();
        Assert.DoesNotContain(rule.Id, RuleStorage.Active(governed.Chain.Reader));
        AssertAllSettled(governed, waiting: 1);
    }

    [Fact]
    public void A_suspended_rules_failures_have_their_outcomes()
    {
        var governed = new GovernedChain();
        // A step of 90 % is against the Constitution's 25 %.
        Adopted(governed, RuleAction.Vector(
            SteeringProgram.CapacityLoopName, 0,
            [new FieldChange(0, FieldOperation.Scale, 1_000)]));
        while (RuleStorage.Active(governed.Chain.Reader).Count != 0)
        {
            governed.Chain.Next();
        }
        AssertAllSettled(governed, waiting: 1);
        Assert.Equal(3, governed.Chain.Blocks.Sum(b => b.Decisions.Count(IsRules)));
    }

    [Fact]
    public void Rules_that_rest_have_their_outcomes()
    {
        var governed = new GovernedChain();
        Adopted(governed, Calls());
        Assert.True(governed.Send(
            GovernedChain.Guardian, PredeployAddresses.Constitution,
            AbiCall.Encode("switchOff(bytes32)", new AbiTuple().Add(Rules))));
        AssertAllSettled(governed, waiting: 1);
    }

    [Fact]
    public void A_first_read_too_costly_to_settle_is_refused_with_words()
    {
        var governed = new GovernedChain();
        StandingRule costly = Rule("median(demandKilogas, 40) > 0", Calls(), 10, 3_600);
        Assert.Contains("first read", costly.CostProblem, StringComparison.Ordinal);
        Assert.False(Writes(governed, costly));
        StandingRule other = Rule(
            "height > 0 and median(demandKilogas, 40) > 0", Calls(), 10, 3_600);
        Assert.Null(other.CostProblem);
        Assert.True(Writes(governed, other));
        StandingRule much = Rule("mean(demandKilogas, 64) > 0", Calls(), 10, 3_600) with
        {
            SustainBlocks = 3,
        };
        Assert.Contains("fewer blocks", much.CostProblem, StringComparison.Ordinal);
        Assert.False(Writes(governed, much));
    }

    // Blocks without a vote are 250 ms apart: from now on nothing fires any more.
    private static void AssertAllSettled(GovernedChain governed, int waiting)
    {
        List<SteeredBlock> blocks = governed.Chain.Blocks;
        Assert.Equal(waiting, FiredAt(blocks).Count - OutcomesOf(blocks).Count);
        for (ulong i = 0; i < Horizon; i++)
        {
            Assert.False(Fired(governed.Chain.Next()));
        }
        var fired = FiredAt(blocks);
        var outcomes = OutcomesOf(blocks);
        Assert.Equal(fired.Keys, outcomes.Keys);
        Assert.All(fired, pair => Assert.Equal(
            (pair.Value, pair.Value + Horizon),
            (outcomes[pair.Key].Decided, outcomes[pair.Key].Scored)));
    }

    private static SortedDictionary<ulong, ulong> FiredAt(IEnumerable<SteeredBlock> blocks) =>
        new(blocks.SelectMany(b => b.Decisions.Where(IsRules)
                .Select(d => (d.Id, Height: b.Header.Number.Value)))
            .ToDictionary(x => x.Id, x => x.Height));

    private static SortedDictionary<ulong, (ulong Decided, ulong Scored)> OutcomesOf(
        IEnumerable<SteeredBlock> blocks) =>
        new(blocks.SelectMany(b => b.Outcomes.Where(o => o.Loop == Rules)
                .Select(o => (o.Id, Decided: o.DecidedAt.Value, Scored: b.Header.Number.Value)))
            .ToDictionary(x => x.Id, x => (x.Decided, x.Scored)));

    private static bool IsRules(DecisionEvent decision) => decision.Actor == Actor.Rule;

    private static bool Fired(SteeredBlock block) => block.Decisions.Any(IsRules);

    /// <summary>A rule in force that has fired at least once.</summary>
    private static StandingRule Adopted(
        GovernedChain governed, RuleAction action, uint firings = 1_000, ulong seconds = Day)
    {
        StandingRule rule = Rule("height > 0", action, firings, seconds);
        Assert.True(Writes(governed, rule));
        governed.Adopt(rule.Adoption());
        while (FiredAt(governed.Chain.Blocks).Count == 0)
        {
            governed.Chain.Next();
        }
        if (firings == 1)
        {
            for (int i = 0; i < 4; i++)
            {
                governed.Chain.Next(); // Its next evaluation strikes it off.
            }
        }
        return rule;
    }

    private static bool Writes(GovernedChain governed, StandingRule rule) => governed.Send(
        0, PredeployAddresses.RuleBook, rule.Write(), value: StandingRule.Bond);

    /// <summary>An action that always succeeds: a call to an account without code.</summary>
    private static RuleAction Calls() =>
        RuleAction.Call(Address.FromNumber(0xabcdef01), 0, 0, []);

    private static StandingRule Rule(
        string condition, RuleAction action, uint firings, ulong seconds) => new(
        RuleText.Parse(condition, _ => null), action, 1, 1, firings,
        DevelopmentNetwork.GenesisTimeMs / 1_000 + seconds, UInt256.Zero, condition);
}
