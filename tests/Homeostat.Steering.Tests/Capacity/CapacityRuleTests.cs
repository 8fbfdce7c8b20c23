using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Whatever is read and forecast, proposals stay inside steps, bounds, distance and invariants. The
/// Constitution itself says the same of them in ConstitutionTests.
/// </summary>
public sealed class CapacityRuleTests
{
    private const string PinnedDigest =
        "0xf06fbf53d5092d18c29057e2145047284663457d0c0fae66e1d60c5ad52ffa3d";

    private static readonly LoopParameters Parameters = LoopParameters.Default;

    [Fact]
    public void Over_random_readings_every_vector_is_legal()
    {
        var random = new SeededRandom(11);
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        for (int round = 0; round < 50_000; round++)
        {
            ChainParameters from = rules.InForce;
            ChainParameters to = CapacityRule.Propose(
                Demand(random), Price(random), Readings(random), rules, Parameters,
                new Height(1_000));
            RequireLegal(rules, from, to);
            rules = rules with { InForce = to };
        }
    }

    // Our own conformance vector for the rule, as FixedTests has one for the arithmetic.
    [Fact]
    public void Ten_thousand_proposals_give_the_pinned_digest()
    {
        var random = new SeededRandom(23);
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        Hash256 digest = Hash256.Zero;
        for (int round = 0; round < 10_000; round++)
        {
            ChainParameters to = CapacityRule.Propose(
                Demand(random), Price(random), Readings(random), rules, Parameters,
                new Height(1_000));
            rules = rules with { InForce = to };
            digest = Keccak.Hash([.. digest.Bytes, .. to.ToWord().ToBigEndian()]);
        }
        Assert.True(digest.ToString() == PinnedDigest, digest.ToString());
    }

    [Fact]
    public void The_target_falls_and_rises_with_demand_by_steps()
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        CapacityReadings fast = Speed(4_000);
        var targets = new List<ulong>();
        for (int i = 0; i < 20; i++)
        {
            int demand = i < 7 ? 0 : 30;
            ChainParameters next = CapacityRule.Propose(
                Fixed.FromInteger(demand), Gwei, fast, rules, Parameters, new Height(1_000));
            rules = rules with { InForce = next };
            targets.Add(next.GasTargetPerSecond);
        }
        Assert.Equal(5_000_000UL, targets[6]);
        Assert.Equal(6_250_000UL, targets[7]);
        // Two tenths over 30 million, less what the dead zone leaves.
        Assert.InRange(targets[^1], 34_800_000UL, 36_000_000UL);
        Assert.Equal(2 * targets[^1], rules.InForce.GasLimit);
    }

    [Fact]
    public void Slow_validators_bound_target_and_limit()
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        CapacityReadings slow = Speed(40_000);
        for (int i = 0; i < 40; i++)
        {
            rules = rules with
            {
                InForce = CapacityRule.Propose(
                    Fixed.FromInteger(1_000), Gwei, slow, rules, Parameters, new Height(1_000)),
            };
        }
        // A sixteenth under what they execute in half of the time.
        Assert.Equal(11_718_750UL, rules.InForce.GasTargetPerSecond);
        Assert.Equal(25_000_000UL, rules.InForce.GasLimit);
        Assert.Equal(100_000_000UL, rules.InForce.MinimumBaseFee);
    }

    [Fact]
    public void The_price_floor_rises_where_the_target_cannot_fall_to_what_is_executed()
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        for (int i = 0; i < 40; i++)
        {
            rules = rules with
            {
                InForce = CapacityRule.Propose(
                    Fixed.FromInteger(1_000), Gwei, Speed(200_000), rules, Parameters,
                    new Height(1_000)),
            };
        }
        Assert.Equal(rules.GasTarget.LeastLegal, rules.InForce.GasTargetPerSecond);
        Assert.Equal(400_000_000UL, rules.InForce.MinimumBaseFee);
    }

    // 50 million gas a second in blocks of 250 ms: 12.5 million a block, so 18.75 million start it.
    [Theory]
    [InlineData(18_750, 100_000_000, 100_000_000)]
    [InlineData(18_751, 100_000_000, 100_000_000)]
    [InlineData(93_750, 100_000_000, 100_000_000)]
    [InlineData(18_751, 120_000_000, 120_000_000)]
    [InlineData(56_250, 120_000_000, 121_800_000)]
    [InlineData(93_750, 120_000_000, 123_600_000)]
    [InlineData(900_000, 120_000_000, 123_600_000)]
    [InlineData(900_000, 200_000_000, 125_000_000)]
    public void The_floor_holds_the_price_while_a_queue_waits(
        ulong kilogas, ulong price, ulong floor)
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        CapacityReadings readings = Speed(10_000) with { PoolKilogas = kilogas };
        Assert.Equal(floor, CapacityRule.Propose(
            Fixed.FromInteger(10), price, readings, rules, Parameters, new Height(1_000))
            .MinimumBaseFee);
    }

    [Fact]
    public void The_floor_falls_back_by_its_own_step_when_the_queue_is_gone()
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        rules = rules with { InForce = rules.InForce with { MinimumBaseFee = 300_000_000 } };
        var floors = new List<ulong>();
        for (int i = 0; i < 20; i++)
        {
            rules = rules with
            {
                InForce = CapacityRule.Propose(
                    Fixed.FromInteger(10), Gwei, Speed(10_000), rules, Parameters,
                    new Height(1_000)),
            };
            floors.Add(rules.InForce.MinimumBaseFee);
        }
        Assert.Equal(276_000_000UL, floors[0]);
        Assert.Equal(253_920_000UL, floors[1]);
        Assert.Equal(100_000_000UL, floors[^1]);
    }

    // A proposal and its votes travel once each; the ratified 250 ms is the least in any case.
    [Theory]
    [InlineData(5, 250)]
    [InlineData(125, 250)]
    [InlineData(156, 312)]
    [InlineData(60_000, 1_000)]
    public void The_interval_is_a_way_there_and_back(uint propagationMs, ulong intervalMs)
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        for (int i = 0; i < 20; i++)
        {
            rules = rules with
            {
                InForce = CapacityRule.Propose(
                    Fixed.FromInteger(10), Gwei,
                    Speed(10_000) with { PropagationMs = propagationMs }, rules, Parameters,
                    new Height(1_000)),
            };
        }
        Assert.Equal(intervalMs, rules.InForce.BlockIntervalMs);
    }

    private const ulong Gwei = 1_000_000_000;

    private static ulong Price(SeededRandom random) =>
        random.NextUInt64() >> random.NextBelow(64);

    [Fact]
    public void A_field_in_its_cooldown_is_left_alone()
    {
        CapacityRules rules = GenesisLoops.InitialRules(DevelopmentNetwork.Capacity);
        rules = rules with
        {
            Actuators = [.. rules.Actuators.Select(a => a with { ChangedAt = 999 })],
        };
        Assert.Equal(rules.InForce, CapacityRule.Propose(
            Fixed.FromInteger(100), Gwei, Speed(4_000), rules, Parameters, new Height(1_000)));
    }

    internal static void RequireLegal(CapacityRules rules, ChainParameters from, ChainParameters to)
    {
        ulong[] before = Values(from);
        ulong[] after = Values(to);
        for (int i = 0; i < CapacityRules.Fields; i++)
        {
            ActuatorRules field = rules.Actuators[i];
            Assert.InRange(after[i], field.LeastLegal, field.GreatestLegal);
            ulong step = field.StepFrom(before[i]);
            Assert.InRange(after[i], before[i] - step, before[i] + step);
        }
        Assert.True(to.GasLimit * 1_000 >=
            rules.IntervalsPerLimit * to.GasTargetPerSecond * to.BlockIntervalMs);
        Assert.True(to.GasLimit <= rules.SecondsPerLimit * to.GasTargetPerSecond);
    }

    internal static ulong[] Values(ChainParameters p) =>
        [p.GasTargetPerSecond, p.GasLimit, p.MinimumBaseFee, p.BlockIntervalMs];

    private static CapacityReadings Speed(uint nanosecondsPerKilogas) =>
        new(nanosecondsPerKilogas, 5, 0, 4, 4);

    private static Fixed Demand(SeededRandom random) =>
        Fixed.FromRaw(unchecked((long)random.NextUInt64()) >> random.NextBelow(40));

    private static CapacityReadings Readings(SeededRandom random) => new(
        (uint)(random.NextUInt64() >> (32 + random.NextBelow(32))),
        (uint)(random.NextUInt64() >> (48 + random.NextBelow(16))),
        random.NextUInt64() >> (30 + random.NextBelow(32)), 4, 4);
}
