using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>The Constitution predeploy, asked through transaction 0.</summary>
public sealed class ConstitutionTests
{
    private static readonly ulong[] Ratified =
        CapacityRuleTests.Values(DevelopmentNetwork.Capacity);

    // One field illegal, the others a fine step: the vector is refused whole.
    [Theory]
    [InlineData(0, 26_000_000UL, 5 << 8)]
    [InlineData(1, 15_000_000UL, 5 << 8 | 1)]
    [InlineData(2, 0UL, 5 << 8 | 2)]
    [InlineData(3, 1_000UL, 5 << 8 | 3)]
    public void An_illegal_vector_is_refused_whole_and_the_twin_is_ruled(
        int field, ulong value, int refusal)
    {
        var chain = Started();
        ulong[] proposal = [22_000_000, 66_000_000, 110_000_000, 260];
        proposal[field] = value;
        DecisionEvent decision = Decide(chain, proposal, twin: [21_000_000, .. Ratified[1..]]);
        Assert.Equal((ushort)refusal, decision.ModelRefusal);
        Assert.Equal((Actor.Twin, RulingKind.Applied), (decision.Actor, decision.Ruling));
        Assert.Equal(DevelopmentNetwork.Capacity with { GasTargetPerSecond = 21_000_000 },
            chain.Parameters);
        Assert.NotEqual(
            "an unknown rule",
            DecisionEvent.RefusalText(decision.Loop, decision.ModelRefusal));
    }

    [Fact]
    public void Both_refused_keeps_the_vector_in_force()
    {
        var chain = new SteeredChain();
        DecisionEvent decision = Decide(chain, [1, 2, 3, 4], twin: [1, 2, 3]);
        Assert.Equal((Actor.Nobody, RulingKind.Refused), (decision.Actor, decision.Ruling));
        Assert.Equal(1 << 8, decision.TwinRefusal);
        Assert.Equal(DevelopmentNetwork.Capacity, chain.Parameters);
        Assert.Equal(Ratified, decision.InForce);
    }

    [Fact]
    public void The_vector_in_force_proposed_again_is_held()
    {
        var chain = new SteeredChain();
        Assert.Equal(RulingKind.Held, Decide(chain, Ratified, Ratified).Ruling);
    }

    [Fact]
    public void A_field_that_changed_cools_down()
    {
        var chain = Started();
        Decide(chain, [21_000_000, .. Ratified[1..]], []);
        DecisionEvent next = Decide(chain, [22_000_000, .. Ratified[1..]], []);
        Assert.Equal(6 << 8, next.ModelRefusal);
        chain.Next(alter: call => call with { Decisions = [] });
        Assert.Equal(RulingKind.Applied, Decide(chain, [22_000_000, .. Ratified[1..]], []).Ruling);
    }

    // Steps of a quarter are legal one by one; the fifth or sixth leaves the distance, the limit
    // long before that breaks its tie to the target.
    [Fact]
    public void Distance_and_invariants_hold_over_many_steps()
    {
        var chain = Started();
        Assert.Equal(4 << 8, WalkUntilRefused(
            chain, v => [v[0] * 5 / 4, v[1] * 5 / 4, v[2], v[3]]));
        chain = Started();
        Assert.Equal(7 << 8 | 1, WalkUntilRefused(
            chain, v => [v[0] * 3 / 4, v[1] * 5 / 4, v[2], v[3]]));
        chain = Started();
        Assert.Equal(7 << 8, WalkUntilRefused(
            chain, v => [v[0] * 5 / 4, v[1] * 9 / 10, v[2], v[3] * 5 / 4]));
    }

    [Fact]
    public void Only_the_owner_amends_and_only_steering_decides()
    {
        var chain = new SteeredChain();
        byte[] setMode = Encode("setMode(bytes32,uint8)", Mode(2));
        Assert.False(Send(chain, account: 0, setMode));
        Assert.Equal(LoopMode.Act, CapacityRules.Read(chain.Reader).Mode);
        Assert.False(Send(chain, account: 0, Amend(minimum: 1, ratified: 50_000_000)));
        Assert.False(Send(chain, account: 9, Amend(minimum: 60_000_000, ratified: 50_000_000)));
        byte[] decide = Encode("decide(bytes32,uint64[],uint64[])", new AbiTuple()
            .Add(SteeringProgram.CapacityLoopName).Add(Ratified).Add(Ratified));
        Assert.False(Send(chain, account: 9, decide));
    }

    [Fact]
    public void Advise_lets_the_twin_act_and_off_returns_to_the_ratified_vector()
    {
        var chain = new SteeredChain();
        for (int i = 0; i < 40; i++)
        {
            chain.Next();
        }
        Assert.True(Send(chain, account: 9, Encode("setMode(bytes32,uint8)", Mode(1))));
        DecisionEvent advised = chain.NextDecision().Decisions[0];
        Assert.Equal(Actor.Twin, advised.Actor);
        Assert.NotEmpty(advised.ModelProposal);
        // The owner must dwell; the guardian need not.
        Assert.False(Send(chain, account: 9, Encode("setMode(bytes32,uint8)", Mode(0))));
        Assert.False(Send(chain, account: 9, Encode("switchOff(bytes32)", Loop())));
        Assert.True(Send(chain, account: 8, Encode("switchOff(bytes32)", Loop())));
        for (int i = 0; i < 60; i++)
        {
            chain.Next();
        }
        Assert.Equal(DevelopmentNetwork.Capacity, chain.Parameters);
    }

    // People narrow the bounds under the vector in force: decisions lead it back, step by step.
    [Fact]
    public void From_a_vector_that_became_illegal_the_loop_comes_back()
    {
        var chain = new SteeredChain();
        Assert.True(Send(chain, account: 9, Amend(minimum: 40_000_000, ratified: 50_000_000)));
        Assert.Equal(20_000_000UL, chain.Parameters.GasTargetPerSecond);
        ulong last = 0;
        for (int i = 0; i < 40; i++)
        {
            chain.Next();
            Assert.True(chain.Parameters.GasTargetPerSecond >= last);
            last = chain.Parameters.GasTargetPerSecond;
        }
        Assert.Equal(40_000_000UL, last);
    }

    [Fact]
    public void Whatever_is_proposed_nothing_leaves_the_rules()
    {
        var chain = new SteeredChain();
        CapacityRules rules = CapacityRules.Read(chain.Reader);
        var random = new SeededRandom(5);
        int applied = 0;
        for (int i = 0; i < 300; i++)
        {
            ChainParameters from = chain.Parameters;
            ulong[] now = CapacityRuleTests.Values(from);
            ulong[] wild = [.. now.Select(v => Wild(random, v))];
            applied += Decide(chain, wild, [.. now.Select(v => Wild(random, v))]).Ruling ==
                RulingKind.Applied ? 1 : 0;
            CapacityRuleTests.RequireLegal(rules, from, chain.Parameters);
        }
        Assert.True(applied > 10, $"{applied} applied");
    }

    [Theory]
    [InlineData("no champion", SteeringFailure.NoChampion)]
    [InlineData("missing", SteeringFailure.MissingModel)]
    [InlineData("one weight changed", SteeringFailure.HashMismatch)]
    [InlineData("another horizon", SteeringFailure.MalformedModel)]
    [InlineData("too long", SteeringFailure.OverBudget)]
    public void Where_the_model_fails_the_twin_acts_and_the_event_says_why(
        string drill, SteeringFailure expected)
    {
        var chain = new SteeredChain(amend: world => Break(world, drill));
        DecisionEvent decision = chain.NextDecision().Decisions[0];
        Assert.Equal(expected, decision.Failure);
        Assert.Equal((Actor.Twin, RulingKind.Applied), (decision.Actor, decision.Ruling));
        Assert.Empty(decision.ModelProposal);
    }

    // Fields count as changed at genesis: block 1 is in their cooldown.
    private static SteeredChain Started()
    {
        var chain = new SteeredChain();
        chain.Next();
        return chain;
    }

    private static void Break(WorldState world, string drill)
    {
        byte[] model = ForecasterTrainingTests.Registered(10).Encode();
        var storage = new SortedDictionary<UInt256, UInt256>();
        Hash256 champion = Keccak.Hash(model);
        switch (drill)
        {
            case "no champion":
                champion = Hash256.Zero;
                break;
            case "missing":
                champion = Keccak.Hash([1]);
                break;
            case "one weight changed":
                ModelStorage.Write(storage, model);
                UInt256 content = StorageLayout.ContentSlot(
                    StorageLayout.MappingSlot(UInt256.FromHash256(champion), UInt256.One));
                storage[content + UInt256.One] = storage[content + UInt256.One] + UInt256.One;
                break;
            case "another horizon":
                byte[] other = ForecasterTrainingTests.Registered(100).Encode();
                ModelStorage.Write(storage, other);
                champion = Keccak.Hash(other);
                break;
            default:
                byte[] large = new byte[ModelStorage.BudgetBytes + 1];
                ModelStorage.Write(storage, large);
                champion = Keccak.Hash(large);
                break;
        }
        ModelStorage.WriteChampion(storage, SteeringProgram.CapacityLoopName, champion);
        foreach ((UInt256 slot, UInt256 value) in storage)
        {
            world.SetStorage(PredeployAddresses.ModelRegistry, slot, value);
        }
    }

    private static DecisionEvent Decide(SteeredChain chain, ulong[] model, ulong[] twin)
    {
        var decision = new DecisionInput(
            SteeringProgram.CapacityLoopName, Hash256.Zero, Hash256.Zero, SteeringFailure.None,
            Fixed.One, Fixed.One, [], model, twin, [], [], [], [], []);
        return chain.Next(alter: call => call with { Decisions = [decision] }).Decisions[0];
    }

    private static int WalkUntilRefused(SteeredChain chain, Func<ulong[], ulong[]> step)
    {
        for (int i = 0; i < 40; i++)
        {
            DecisionEvent decision =
                Decide(chain, step(CapacityRuleTests.Values(chain.Parameters)), []);
            if (decision.ModelRefusal is not 0)
            {
                return decision.ModelRefusal;
            }
            chain.Next(alter: call => call with { Decisions = [] });
        }
        return 0;
    }

    private static ulong Wild(SeededRandom random, ulong value) => random.NextBelow(8) switch
    {
        0 => random.NextUInt64(),
        1 => 0,
        2 => value + value / 4,
        3 => value - value / 4,
        4 => value + value / 5,
        _ => value,
    };

    private static bool Send(SteeredChain chain, int account, byte[] data) => chain.Next(
        transactions: [chain.CallOf(account, PredeployAddresses.Constitution, data)])
        .Receipts[1].Succeeded;

    // The gas target's rules; an array of one static tuple.
    private static byte[] Amend(ulong minimum, ulong ratified) => Encode(
        "amend((bytes32,uint256,(uint64,uint64,uint64,uint64,uint32,uint32,uint32))[])",
        new AbiTuple().Add(
            [
                new AbiTuple().Add(SteeringProgram.CapacityLoopName).Add(UInt256.Zero)
                    .Add((UInt256)minimum).Add((UInt256)1_000_000_000UL)
                    .Add((UInt256)ratified).Add(UInt256.Zero)
                    .Add((UInt256)2_500UL).Add((UInt256)2UL).Add((UInt256)40_000UL),
            ],
            tuplesAreDynamic: false));

    private static AbiTuple Loop() => new AbiTuple().Add(SteeringProgram.CapacityLoopName);

    private static AbiTuple Mode(ulong mode) => Loop().Add((UInt256)mode);

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
