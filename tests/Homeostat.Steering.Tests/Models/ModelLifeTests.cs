using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The life of models on the chain: bond, trial, champions, retirement; and what a loop does when
/// its champions disagree, drift or cost too much. Account 9 governs.
/// </summary>
public sealed class ModelLifeTests
{
    private const int Owner = 9;
    private static readonly Observation Typical = new(5_000, 10_000, 12, 0, 0, 8, 100);

    [Fact]
    public void A_bond_is_due_and_comes_back_after_retirement()
    {
        var chain = new SteeredChain();
        byte[] model = Linear(1);
        Hash256 hash = Keccak.Hash(model);
        Assert.False(Send(chain, 1, ModelCalls.Register(model), 1));
        Assert.True(Send(chain, 1, ModelCalls.Register(model), Coin));
        Assert.False(Send(chain, 2, ModelCalls.Register(model), Coin));
        Assert.False(Send(chain, 2, ModelCalls.Retire(hash)));
        Assert.True(Send(chain, 1, ModelCalls.Retire(hash)));
        Assert.False(Send(chain, 1, ModelCalls.Withdraw(hash)));
        Address registry = PredeployAddresses.ModelRegistry;
        Assert.Equal(Coin, chain.State.GetAccount(registry)!.Balance);
        for (int i = 0; i < 1_024; i++)
        {
            chain.Next(alter: call => call with { Decisions = [], Outcomes = [] });
        }
        Assert.True(Send(chain, 3, ModelCalls.Withdraw(hash)));
        Assert.True(chain.State.GetAccount(registry)!.Balance.IsZero);
        Assert.False(Send(chain, 1, ModelCalls.Withdraw(hash)));
    }

    [Fact]
    public void Three_champions_of_different_bonds_act_by_their_medoid()
    {
        var chain = new SteeredChain();
        Hash256[] hashes = Three(chain, [1, 2, 3]);
        // One bond behind two seats is refused.
        Assert.True(Send(chain, 1, ModelCalls.Register(Linear(7)), Coin));
        Assert.False(Send(chain, Owner, ModelCalls.SetChampions(
            [hashes[0], Keccak.Hash(Linear(7)), Hash256.Zero])));
        Assert.True(Send(chain, Owner, ModelCalls.SetChampions(hashes)));
        DecisionEvent decision = Busy(chain, 12);
        Assert.Equal(hashes, decision.Champions);
        Assert.Equal(decision.Outputs.Order().ElementAt(1), decision.ModelOutput);
        Assert.Equal(hashes[1], decision.ModelHash);
        Assert.Equal((Actor.Model, SteeringFailure.None), (decision.Actor, decision.Failure));
        Assert.Equal(decision.ModelOutput.Raw, decision.Attributions.Sum(a => a.Raw));
    }

    [Fact]
    public void Champions_that_disagree_beyond_the_bound_leave_the_decision_to_the_twin()
    {
        var chain = new SteeredChain();
        Hash256[] hashes = Three(chain, [1, 2, 60]);
        Assert.True(Send(chain, Owner, ModelCalls.SetChampions(hashes)));
        DecisionEvent decision = Busy(chain, 12);
        Assert.Equal((Actor.Twin, SteeringFailure.Disagreement),
            (decision.Actor, decision.Failure));
        Assert.Empty(decision.ModelProposal);
    }

    [Fact]
    public void A_champion_over_the_budget_of_steps_is_not_asked_and_the_others_act()
    {
        // Twelve steps: one linear model of eight, not two.
        var chain = new SteeredChain(amend: world => Settings(world, 13, 12));
        Hash256[] hashes = Three(chain, [1, 2, 3]);
        Assert.True(Send(chain, Owner, ModelCalls.SetChampions(hashes)));
        DecisionEvent decision = Busy(chain, 6);
        Assert.Equal([0UL, (ulong)SteeringFailure.OverBudget, (ulong)SteeringFailure.OverBudget],
            decision.Failures);
        Assert.Equal((Actor.Model, hashes[0]), (decision.Actor, decision.ModelHash));
        var none = new SteeredChain(amend: world => Settings(world, 13, 7));
        Assert.Equal((Actor.Twin, SteeringFailure.OverBudget), ActorOf(Busy(none, 6)));
    }

    // A champion that says three times what comes while the twin is right drifts; its successor
    // starts with a clean record.
    [Fact]
    public void A_drifting_champion_leaves_the_decision_to_the_twin()
    {
        var chain = new SteeredChain(amend: world => Settings(world, 14, 2));
        byte[] high = Linear(24);
        Assert.True(Send(chain, 1, ModelCalls.Register(high), Coin));
        Assert.True(Send(chain, Owner, ModelCalls.SetChampion(Keccak.Hash(high))));
        Assert.Equal(SteeringFailure.None, Busy(chain, 6).Failure);
        Assert.Equal((Actor.Twin, SteeringFailure.Drift), ActorOf(Busy(chain, 60)));
        byte[] good = ForecasterTrainingTests.Registered(10).Encode();
        Assert.True(Send(chain, Owner, ModelCalls.SetChampion(Keccak.Hash(good))));
        Assert.Equal((Actor.Model, SteeringFailure.None), ActorOf(Busy(chain, 24)));
    }

    [Fact]
    public void A_learner_learns_inside_consensus_from_the_log_in_state()
    {
        var chain = new SteeredChain();
        LearnerSpec spec = LearnerTests.Spec();
        byte[] bytes = spec.Encode();
        Assert.True(Send(chain, 1, ModelCalls.Register(bytes), Coin));
        Assert.True(Send(chain, Owner, ModelCalls.SetChampion(spec.Hash)));
        UInt256 Word(byte i) =>
            chain.Storage.ReadWord(SteeringProgram.CapacityLoopName, i);
        Assert.True(Word(162).IsZero);
        const int Horizon = 10;
        Fixed[] expected = [.. spec.FirstWeights];
        var logged = new List<Fixed[]>();
        ulong first = chain.Head.Number.Value + 1;
        int learned = 0;
        for (int i = 0; i < 60; i++)
        {
            ulong height = first + (ulong)i;
            SteeredBlock block = Step(chain, i % 7 < 3 ? 8_000_000UL : 1_000_000);
            logged.Add(Eight((byte)(128 + 2 * (height % 16)), Word));
            if (i >= Horizon)
            {
                // What came of the block a horizon back, from the records of blocks alone.
                Fixed realised = Realised(chain, height - Horizon, Horizon);
                expected = spec.Learn(expected, logged[i - Horizon], realised);
                learned++;
                Assert.Equal(expected, Eight(160, Word));
            }
            Assert.All(block.Decisions, d => Assert.Equal(
                d.ModelOutput.Raw, d.Attributions.Sum(share => share.Raw)));
        }
        Assert.Equal(50, learned);
        Assert.Equal(UInt256.FromHash256(spec.Hash), Word(162));
        Assert.NotEqual(spec.FirstWeights, expected);
        Assert.All(expected, w => Assert.True(w >= spec.Low && w <= spec.High));
    }

    // A block that is not logged (here one without transaction 0's words) begins a new run: what
    // lies in the log from before is not learned from.
    [Fact]
    public void A_gap_in_the_log_teaches_nothing()
    {
        var chain = new SteeredChain();
        LearnerSpec spec = LearnerTests.Spec();
        Assert.True(Send(chain, 1, ModelCalls.Register(spec.Encode()), Coin));
        Assert.True(Send(chain, Owner, ModelCalls.SetChampion(spec.Hash)));
        UInt256 Word(byte i) =>
            chain.Storage.ReadWord(SteeringProgram.CapacityLoopName, i);
        Busy(chain, 14);
        chain.Next(alter: call => call with { Words = [] });
        Step(chain, 8_000_000); // The sample it learns from is of the run before the gap.
        Fixed[] before = Eight(160, Word);
        for (int i = 0; i < 9; i++)
        {
            Step(chain, 8_000_000);
            Assert.Equal(before, Eight(160, Word));
        }
        Step(chain, 8_000_000);
        Assert.NotEqual(before, Eight(160, Word));
    }

    private static Fixed[] Eight(byte index, Func<byte, UInt256> word) =>
    [
        .. new[] { word(index), word((byte)(index + 1)) }
            .SelectMany(w => new[] { w.U0, w.U1, w.U2, w.U3 })
            .Select(part => Fixed.FromRaw(unchecked((long)part))),
    ];

    // Gas of so many blocks by their time; the last one's gas is in its own header.
    private static Fixed Realised(SteeredChain chain, ulong from, int blocks)
    {
        BlockRecord RecordOf(ulong height)
        {
            Assert.True(chain.Storage.TryGetRecord(new Height(height), out BlockRecord record));
            return record;
        }
        ulong gas = 0;
        for (ulong height = from; height < from + (ulong)blocks; height++)
        {
            gas += RecordOf(height + 1).ParentDemandGas;
        }
        return DemandFeatures.Rate(
            gas, RecordOf(from + (ulong)blocks - 1).TimeMs - RecordOf(from - 1).TimeMs);
    }

    // A window named beforehand; a shadow that is nearer than the twin is seated by anyone, one
    // that is not, never.
    [Theory]
    [InlineData(8, true)]
    [InlineData(24, false)]
    public void A_shadow_is_judged_in_a_window_named_beforehand(int eighths, bool passes)
    {
        var chain = new SteeredChain();
        byte[] model = Linear(eighths);
        Hash256 hash = Keccak.Hash(model);
        Assert.True(Send(chain, Owner, ModelCalls.SetChampion(Hash256.Zero)));
        Assert.True(Send(chain, 1, ModelCalls.Register(model), Coin));
        ulong now = chain.Head.Number.Value;
        Assert.False(Send(chain, 1, ModelCalls.Nominate(hash, now + 5, 500)));
        Assert.False(Send(chain, 2, ModelCalls.Nominate(hash, now + 20, 500)));
        Assert.True(Send(chain, 1, ModelCalls.Nominate(hash, now + 20, 500)));
        // One trial at a time.
        Assert.False(Send(chain, 1, ModelCalls.Nominate(hash, now + 30, 500)));
        Assert.False(Send(chain, 3, ModelCalls.Promote(0)));
        for (int i = 0; i < 530; i++)
        {
            // Demand steps up and down; the mean of eight blocks follows before the twin does.
            chain.Next(transactions:
                [SteeringTransactionTests.Burn(chain, i / 96 % 2 == 0 ? 200_000UL : 1_600_000)]);
        }
        Assert.Equal(passes, Send(chain, 3, ModelCalls.Promote(0)));
        Assert.Equal(passes ? hash : Hash256.Zero,
            ModelStorage.Champion(chain.Reader, SteeringProgram.CapacityLoopName));
    }

    private static readonly UInt256 Coin = 1_000_000_000_000_000_000;

    // The mean of eight blocks by so many eighths of one.
    private static byte[] Linear(int eighths)
    {
        var weights = new Fixed[DemandFeatures.Count];
        weights[4] = Fixed.FromRatio(eighths < 4 ? 100 + eighths : eighths * 13, 104);
        return new LinearForecaster(10, weights).Encode();
    }

    private static Hash256[] Three(SteeredChain chain, int[] models)
    {
        var hashes = new Hash256[3];
        for (int i = 0; i < 3; i++)
        {
            byte[] model = Linear(models[i]);
            Assert.True(Send(chain, i + 1, ModelCalls.Register(model), Coin));
            hashes[i] = Keccak.Hash(model);
        }
        return hashes;
    }

    private static DecisionEvent Busy(SteeredChain chain, int blocks)
    {
        DecisionEvent? last = null;
        for (int i = 0; i < blocks || last is null; i++)
        {
            SteeredBlock block = Step(chain, 8_000_000);
            last = block.Decisions.Count != 0 ? block.Decisions[0] : last;
        }
        return last;
    }

    private static SteeredBlock Step(SteeredChain chain, ulong recordedGas) => chain.Next(
        chain.Observe(Typical), [SteeringTransactionTests.Burn(chain, recordedGas)]);

    private static (Actor, SteeringFailure) ActorOf(DecisionEvent decision) =>
        (decision.Actor, decision.Failure);

    private static void Settings(WorldState world, int index, uint value)
    {
        LoopSettings settings = LoopParameters.Default.ToSettings(2, 12);
        world.SetStorage(PredeployAddresses.Constitution,
            ConstitutionStorage.ParametersSlot + 1,
            settings.Second | ((UInt256)value << (32 * (index - 8))));
    }

    private static bool Send(SteeredChain chain, int account, byte[] data, UInt256 value = default)
        => chain.Next(
            transactions:
            [
                chain.CallOf(
                    account, PredeployAddresses.ModelRegistry, data, 12_000_000, value),
            ]).Receipts[1].Succeeded;
}
