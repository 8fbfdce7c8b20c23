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
        RuleAction raise = RuleAction.Vector(
            Capacity, 50, [new FieldChange(0, FieldOperation.Scale, 11_000)]);
        Adopt(governed, Rule("height > 0", raise, sustain: 1, interval: 3_600));
        DecisionEvent decision = Assert.Single(
            Run(governed, 12, load: false), d => d.Actor == Actor.Rule);
        Assert.Equal(RulingKind.Applied, decision.Ruling);
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

    // As for any decision: what became of what it read, two epochs on.
    [Fact]
    public void Each_firing_gets_an_outcome()
    {
        var governed = new GovernedChain();
        Adopt(governed, Rule(
            "last(demandKilogas) > 100", Lower(hold: 0), sustain: 1, interval: 1));
        var fired = new Dictionary<ulong, (ulong Reading, ulong Height)>();
        var outcomes = new List<OutcomeEvent>();
        for (int i = 0; i < 60; i++)
        {
            SteeredBlock block = i < 20 ? Loaded(governed) : governed.Chain.Next();
            foreach (DecisionEvent d in block.Decisions.Where(d => d.Actor == Actor.Rule))
            {
                fired[d.Id] = (d.Readings[0], block.Header.Number.Value);
            }
            outcomes.AddRange(block.Outcomes.Where(o => o.Loop == SteeringLoops.NameOf("rules")));
        }
        Assert.InRange(fired.Count, 2, 4);
        Assert.Equal(fired.Keys.Order(), outcomes.Select(o => o.Id));
        Assert.All(outcomes, outcome =>
        {
            (ulong reading, ulong height) = fired[outcome.Id];
            Assert.Equal(height, outcome.DecidedAt.Value);
            Assert.Equal(Fixed.FromInteger((int)reading), outcome.TwinOutput);
            Assert.Equal(
                Fixed.Abs(outcome.Realised - outcome.TwinOutput), outcome.TwinError);
        });
        Assert.Equal(Fixed.Zero, outcomes[^1].Realised); // The load was over by then.
    }

    // Every rule in force is evaluated in each epoch of four blocks, sixteen of them at once.
    [Fact]
    public void Every_rule_is_evaluated_in_every_epoch()
    {
        var governed = new GovernedChain();
        StandingRule[] rules =
        [
            .. Enumerable.Range(0, 16).Select(i => Rule(
                $"last(demandKilogas) > {1_000 + i}", Lower(0), 20, 1_000_000)),
        ];
        foreach (StandingRule rule in rules)
        {
            Assert.True(governed.Send(
                0, PredeployAddresses.RuleBook, rule.Write(), value: StandingRule.Bond));
        }
        governed.Adopt([.. rules.Select(rule => rule.Adoption())]);
        Assert.All(rules, rule => Assert.Equal(0UL, ArmedAt(governed, rule)));
        for (int i = 0; i < 20; i++)
        {
            Loaded(governed);
        }
        // From block to block as many are armed as a phase has, and all within one epoch.
        for (int i = 0; i < 4; i++)
        {
            Loaded(governed);
        }
        ulong[] armed = [.. rules.Select(rule => ArmedAt(governed, rule))];
        ulong last = governed.Chain.Head.Number.Value;
        Assert.All(armed, height => Assert.InRange(height, last - 4, last));
        Assert.Equal(4, armed.Distinct().Count());
        StandingRule seventeenth = Rule("height > 0", Lower(0), 1, 1);
        Assert.True(governed.Send(
            0, PredeployAddresses.RuleBook, seventeenth.Write(), value: StandingRule.Bond));
        governed.Decide(
            new Proposal([seventeenth.Adoption()], "too many"), VoteSupport.For, 0, 1, 2);
        Assert.Equal(DryRunVerdict.CallReverts, governed.LastDryRun!.Verdict);
    }

    // Four rules, each as costly as a phase of the epoch allows, and twelve in what is left: all of
    // their conditions hold.
    [Fact]
    public void Transaction_0_stays_within_its_gas_whatever_rules_there_are()
    {
        var governed = new GovernedChain();
        const string costly = "last(executionMicros) > 0 and last(demandKilogas) > 0";
        StandingRule[] rules =
        [
            .. Enumerable.Range(0, 4).Select(i => Rule(costly, Lower((uint)i), 37, 1)),
            .. Enumerable.Range(4, 12).Select(i => Rule("height > 0", Lower((uint)i), 4, 1)),
        ];
        Assert.InRange(
            rules[0].Condition.Cost * 37 + 3 * rules[4].Condition.Cost * 4, 1_300,
            RuleCondition.MaximumCost);
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

    private static ulong ArmedAt(GovernedChain governed, StandingRule rule) =>
        UInt256.FromBigEndian(governed.Read(
            PredeployAddresses.RuleBook,
            AbiCall.Encode("stateOf(bytes32)", new AbiTuple().Add(rule.Id)))
            .AsSpan(7 * 32, 32)).U0;

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
