using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>Standing rules on real blocks: adopted by vote, run by transaction 0.</summary>
public sealed class RuleTests(ITestOutputHelper output)
{
    private const ulong Day = 86_400;
    private static readonly Hash256 Capacity = SteeringProgram.CapacityLoopName;

    private static ulong Now => DevelopmentNetwork.GenesisTimeMs / 1_000;

    [Fact]
    public void A_rule_fires_as_often_as_its_limit_allows_and_only_while_its_condition_holds()
    {
        var governed = new GovernedChain();
        StandingRule rule = Rule(
            "last(executionMicros) > 100", Lower(hold: 40), sustain: 20, interval: 20);
        Adopt(governed, rule);
        // The chain rests: nothing to execute, so nothing fires.
        Assert.DoesNotContain(Run(governed, 60, load: false), d => d.Actor == Actor.Rule);
        DecisionEvent[] fired =
            [.. Run(governed, 360, load: true).Where(d => d.Actor == Actor.Rule)];
        // 90 seconds of load at one in 20 seconds, the first after the condition has held.
        Assert.InRange(fired.Length, 4, 5);
        foreach (DecisionEvent decision in fired)
        {
            Assert.Equal(
                (RulingKind.Applied, 0, rule.Id),
                (decision.Ruling, (int)decision.ModelRefusal, decision.ModelHash));
            Assert.Equal(Capacity, decision.Loop);
            Assert.True(Assert.Single(decision.Readings) > 100);
            Assert.Equal(decision.ModelProposal, decision.InForce);
        }
        Assert.DoesNotContain(Run(governed, 120, load: false), d => d.Actor == Actor.Rule);
    }

    [Fact]
    public void What_a_rule_set_the_loop_leaves_alone_until_its_hold_is_over()
    {
        var governed = new GovernedChain();
        Adopt(governed, Rule("height > 0",
            Lower(hold: 50), sustain: 1, interval: 3_600));
        DecisionEvent decision = Assert.Single(
            Run(governed, 12, load: false), d => d.Actor == Actor.Rule);
        ulong target = governed.Chain.Parameters.GasTargetPerSecond;
        Assert.Equal(decision.InForce[0], target);
        Run(governed, 36, load: true);
        Assert.Equal(target, governed.Chain.Parameters.GasTargetPerSecond);
        Run(governed, 40, load: true);
        Assert.NotEqual(target, governed.Chain.Parameters.GasTargetPerSecond);
    }

    [Fact]
    public void Three_refusals_in_a_row_suspend_a_rule_and_take_its_bond()
    {
        var governed = new GovernedChain();
        // A step of 90 % is against the Constitution's 25 %.
        RuleAction leap = RuleAction.Vector(
            Capacity, 0, [new FieldChange(0, FieldOperation.Scale, 1_000)]);
        StandingRule rule = Rule("height > 0", leap, sustain: 1, interval: 1);
        Adopt(governed, rule);
        DecisionEvent[] fired =
            [.. Run(governed, 80, load: false).Where(d => d.Actor == Actor.Rule)];
        Assert.Equal(3, fired.Length);
        Assert.All(fired, d => Assert.Equal(
            (RulingKind.Refused, SteeringFailure.RuleRefused, 5 << 8),
            (d.Ruling, d.Failure, (int)d.ModelRefusal)));
        Assert.Equal(RuleStatus.Suspended, StatusOf(governed, rule));
        Assert.Equal(StandingRule.Bond,
            governed.Chain.State.GetAccount(PredeployAddresses.Treasury)!.Balance);
    }

    [Fact]
    public void A_payment_stays_within_its_budget()
    {
        var governed = new GovernedChain();
        Address payee = Address.FromNumber(0xabcdef01);
        Assert.True(governed.Send(5, PredeployAddresses.Treasury, [], value: 1_000_000));
        StandingRule rule = Rule("height > 0", RuleAction.Pay(payee, 400),
            sustain: 1, interval: 1, budget: 1_000);
        Adopt(governed, rule);
        DecisionEvent[] fired =
            [.. Run(governed, 80, load: false).Where(d => d.Actor == Actor.Rule)];
        Assert.Equal(2, fired.Count(d => d.Ruling == RulingKind.Applied));
        Assert.Equal(3, fired.Count(d => d.Failure == SteeringFailure.RuleBudget));
        Assert.Equal((UInt256)800, governed.Chain.State.GetAccount(payee)!.Balance);
    }

    [Fact]
    public void Modes_switch_and_calls_have_no_privilege()
    {
        var governed = new GovernedChain();
        Adopt(governed, Rule("height > 0", RuleAction.Mode(Capacity, LoopMode.Advise),
            sustain: 1, interval: 3_600));
        Run(governed, 60, load: false);
        Assert.Equal(LoopMode.Advise, CapacityRules.Read(governed.Chain.Reader).Mode);
        byte[] transfer = AbiCall.Encode("transferOwnership(address)",
            new AbiTuple().Add(GovernedChain.Account(7)));
        StandingRule hostile = Rule("height > 0",
            RuleAction.Call(PredeployAddresses.Constitution, 0, 100_000, transfer),
            sustain: 1, interval: 1);
        Assert.False(governed.Send(
            0, PredeployAddresses.RuleBook, hostile.Write(), value: StandingRule.Bond));
    }

    [Fact]
    public void The_guardian_stops_all_rules_at_once()
    {
        var governed = new GovernedChain();
        Adopt(governed, Rule("height > 0", Lower(hold: 0), sustain: 1, interval: 1));
        Assert.Contains(Run(governed, 12, load: false), d => d.Actor == Actor.Rule);
        Assert.True(governed.Send(
            GovernedChain.Guardian, PredeployAddresses.Constitution,
            AbiCall.Encode("switchOff(bytes32)",
                new AbiTuple().Add(SteeringLoops.NameOf("rules")))));
        Assert.DoesNotContain(Run(governed, 40, load: false), d => d.Actor == Actor.Rule);
    }

    // Sixteen rules, each as costly as one may be, all of whose conditions hold.
    [Fact]
    public void Transaction_0_stays_within_its_gas_whatever_rules_there_are()
    {
        var governed = new GovernedChain();
        const string costly = "last(executionMicros) > 0 and last(demandKilogas) > 0";
        StandingRule[] rules =
        [
            .. Enumerable.Range(0, 16).Select(i => Rule(costly, Lower((uint)i), 43, 1)),
        ];
        Assert.InRange(rules[0].Condition.Cost * 43, 1_400, RuleCondition.MaximumCost);
        foreach (StandingRule rule in rules)
        {
            Assert.True(governed.Send(
                0, PredeployAddresses.RuleBook, rule.Write(), value: StandingRule.Bond));
        }
        governed.Adopt([.. rules.Select(rule => rule.Adoption())]);
        ulong most = 0;
        int fired = 0;
        for (int i = 0; i < 90; i++)
        {
            SteeredBlock block = Loaded(governed);
            most = Math.Max(most, block.SteeringGas);
            fired += block.Decisions.Count(d => d.Actor == Actor.Rule);
        }
        output.WriteLine($"most gas of transaction 0: {most}; {fired} firings");
        Assert.InRange(most, 600_000UL, SteeringProgram.GasLimit * 9 / 10);
        Assert.True(fired > 0);
    }

    [Theory]
    [InlineData("height", "reads")]
    [InlineData("1 < 2", "reads nothing")]
    [InlineData("median(executionMicros, 65) > 1", "at most 64")]
    [InlineData("mode(nonsense) == 1", "a loop")]
    [InlineData("mode(capacity) == ", "a number")]
    public void Conditions_that_are_none_say_why(string text, string reason)
    {
        if (text == "height")
        {
            Assert.NotNull(RuleText.Parse(text, PlaceOf));
            return;
        }
        var failure = Assert.Throws<FormatException>(() => RuleText.Parse(text, PlaceOf));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private static RuleAction Lower(uint hold) => RuleAction.Vector(
        Capacity, hold, [new FieldChange(0, FieldOperation.Scale, 9_000)]);

    private static StandingRule Rule(
        string condition, RuleAction action, uint sustain, uint interval,
        UInt256 budget = default) => new(
        RuleText.Parse(condition, PlaceOf), action, sustain, interval, 1_000, Now + 30 * Day,
        budget, condition);

    private static int? PlaceOf(string loop) => loop switch
    {
        "capacity" => 0,
        "ordering" => 1,
        _ => null,
    };

    private static void Adopt(GovernedChain governed, StandingRule rule)
    {
        Assert.True(governed.Send(
            0, PredeployAddresses.RuleBook, rule.Write(), value: StandingRule.Bond));
        governed.Adopt(rule.Adoption());
        Assert.Equal(RuleStatus.Active, StatusOf(governed, rule));
    }

    private static RuleStatus StatusOf(GovernedChain governed, StandingRule rule) =>
        (RuleStatus)UInt256.FromBigEndian(governed.Read(
            PredeployAddresses.RuleBook,
            AbiCall.Encode("stateOf(bytes32)", new AbiTuple().Add(rule.Id))).AsSpan(32, 32)).U0;

    // A block of load burns 6,000,000 gas.
    private static List<DecisionEvent> Run(GovernedChain governed, int blocks, bool load)
    {
        var decisions = new List<DecisionEvent>();
        for (int i = 0; i < blocks; i++)
        {
            SteeredBlock block = load ? Loaded(governed) : governed.Chain.Next();
            decisions.AddRange(block.Decisions);
        }
        return decisions;
    }

    private static SteeredBlock Loaded(GovernedChain governed) => governed.Chain.Next(
        transactions:
        [
            governed.Chain.CallOf(6, PredeployAddresses.GasBurner,
                new UInt256(12_000_000).ToBigEndian(), 7_000_000),
        ]);
}
