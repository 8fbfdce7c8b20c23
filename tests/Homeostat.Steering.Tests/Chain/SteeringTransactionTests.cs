using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>Transaction 0 from genesis on, through the Ledger and the EVM.</summary>
public sealed class SteeringTransactionTests(ITestOutputHelper output)
{
    private static readonly Observation Typical = new(5_000, 10_000, 12, 0, 0, 8, 100);

    [Fact]
    public void Context_and_observations_are_kept_by_height()
    {
        var chain = new SteeredChain();
        SteeredBlock block = chain.Next(chain.Observe(Typical));
        Assert.True(chain.Storage.TryGetRecord(block.Header.Number, out BlockRecord record));
        Assert.Equal(chain.TimeMs, record.TimeMs);
        Assert.Equal(block.Header.ParentBeaconBlockRoot,
            chain.Storage.PayloadRoot(block.Header.Number));
        Assert.True(chain.Storage.TryGetObservation(
            chain.Validators[2].Address, out Observation stored, out Height at));
        Assert.Equal(Typical, stored);
        Assert.Equal(block.Header.Number, at);
        Assert.Equal(block.Header.Number, chain.Storage.Head.Height);
    }

    [Fact]
    public void Gas_stays_within_its_bounds()
    {
        var chain = new SteeredChain();
        var common = new List<ulong>();
        var deciding = new List<ulong>();
        for (int i = 0; i < 60; i++)
        {
            SteeredBlock block = chain.Next(chain.Observe(Typical));
            (block.Decisions.Count == 0 ? common : deciding).Add(block.SteeringGas);
        }
        output.WriteLine($"first block {common[0]}, common {common[1..].Min()} to " +
            $"{common[1..].Max()}, deciding {deciding.Min()} to {deciding.Max()}");
        Assert.True(common[1..].Max() < 200_000);
        Assert.True(deciding.Max() < 600_000);
        Assert.True(common[0] < SteeringProgram.GasLimit / 2);
    }

    [Fact]
    public void At_sixty_four_validators_gas_is_still_bounded()
    {
        var chain = new SteeredChain(validators: 64);
        ulong most = 0;
        for (int i = 0; i < 24; i++)
        {
            SteeredBlock block = chain.Next(chain.Observe(Typical));
            Assert.True(block.Call.Observations.Count <= SteeringProgram.MaximumObservations);
            most = Math.Max(most, block.SteeringGas);
        }
        output.WriteLine($"most gas {most}");
        Assert.True(most < 800_000);
    }

    [Fact]
    public void Load_raises_the_target_and_its_end_lowers_it()
    {
        var chain = new SteeredChain();
        for (int i = 0; i < 40; i++)
        {
            chain.Next(chain.Observe(Typical));
        }
        Assert.Equal(5_000_000UL, chain.Parameters.GasTargetPerSecond);
        int applied = 0;
        ulong highest = 0;
        UInt256 fee = UInt256.Zero;
        for (int i = 0; i < 30; i++)
        {
            // 10 Mgas a block of 250 ms: what 1,900 transfers a second burn.
            SteeredBlock block = chain.Next(chain.Observe(Typical), [Burn(chain, 20_000_000)]);
            applied += block.Decisions.Count(d => d.Ruling == RulingKind.Applied);
            highest = Math.Max(highest, chain.Parameters.GasTargetPerSecond);
            fee = UInt256.Max(fee, block.Header.BaseFee!.Value);
        }
        Assert.True(applied >= 5, $"{applied} applied");
        Assert.True(highest >= 15_000_000, $"{highest}");
        Assert.True(fee < 2_000_000_000UL, $"base fee reached {fee}");
        for (int i = 0; i < 120; i++)
        {
            chain.Next(chain.Observe(Typical));
        }
        output.WriteLine($"{applied} applied, target up to {highest}, base fee up to {fee}, " +
            $"then {chain.Parameters}");
        Assert.Equal(5_000_000UL, chain.Parameters.GasTargetPerSecond);
        Assert.Equal(DevelopmentNetwork.Capacity.GasLimit, chain.Parameters.GasLimit);
    }

    [Fact]
    public void The_model_acts_with_exact_attributions_and_is_scored_later()
    {
        var chain = new SteeredChain();
        var decisions = new List<DecisionEvent>();
        var outcomes = new List<OutcomeEvent>();
        for (int i = 0; i < 60; i++)
        {
            SteeredBlock block = chain.Next(
                chain.Observe(Typical), i > 20 ? [Burn(chain, 8_000_000)] : []);
            decisions.AddRange(block.Decisions);
            outcomes.AddRange(block.Outcomes);
        }
        DecisionEvent last = decisions.Last(d => d.Loop == SteeringProgram.CapacityLoopName);
        Assert.Equal((Actor.Model, SteeringFailure.None), (last.Actor, last.Failure));
        Assert.Equal(last.ModelOutput,
            last.Attributions.Aggregate(Fixed.Zero, (sum, share) => sum + share));
        Assert.Equal(Enumerable.Range(0, decisions.Count).Select(i => (ulong)i),
            decisions.Select(d => d.Id));
        Assert.Equal(outcomes.Count, outcomes.Select(o => o.Id).Distinct().Count());
        Assert.True(outcomes.Count >= decisions.Count - 8);
        OutcomeEvent scored = outcomes.Last(o => o.Loop == SteeringProgram.CapacityLoopName);
        Assert.Equal(Fixed.Abs(scored.ModelOutput - scored.Realised), scored.ModelError);
        Assert.Equal(Fixed.Abs(scored.TwinOutput - scored.Realised), scored.TwinError);
        Assert.Equal(decisions.Single(d => d.Id == scored.Id).ModelOutput, scored.ModelOutput);
        // 4 Mgas every quarter of a second.
        Assert.InRange(scored.Realised.ToInteger(), 15, 17);
    }

    [Fact]
    public void A_decision_takes_effect_at_the_next_block()
    {
        var chain = new SteeredChain();
        ChainParameters before = chain.Parameters;
        SteeredBlock block = chain.NextDecision();
        Assert.Equal(RulingKind.Applied, block.Decisions[0].Ruling);
        Assert.Equal(before.GasLimit, block.Header.GasLimit);
        Assert.Equal(block.Decisions[0].InForce[0], chain.Parameters.GasTargetPerSecond);
        Assert.NotEqual(before, chain.Parameters);
        // For a look with `cast decode-event` or viem.
        output.WriteLine($"LOG {string.Join(' ', block.Receipts[0].Logs[0].Topics)} " +
            Hex.Encode(block.Receipts[0].Logs[0].Data));
    }

    [Theory]
    [InlineData(1_000_000UL, 500_000UL)]
    [InlineData(120_000UL, 60_000UL)]
    [InlineData(16_000_000UL, 8_000_000UL)]
    public void A_replayed_call_burns_half_of_its_recorded_gas(ulong recorded, ulong expected)
    {
        var chain = new SteeredChain();
        Receipt receipt = chain.Next(transactions: [Burn(chain, recorded)]).Receipts[1];
        Assert.True(receipt.Succeeded);
        Assert.InRange(receipt.GasUsed, expected - 1_000, expected + 1_000);
    }

    [Fact]
    public void A_users_step_reverts_and_changes_nothing()
    {
        var chain = new SteeredChain();
        var facts = new StepCall(
            chain.TimeMs + 250, Hash256.Zero, 1, 1, UInt256.Zero, [], [], [], [], []);
        SteeredBlock block = chain.Next(
            transactions: [chain.CallOf(0, SteeringProgram.Target, facts.Encode())]);
        Assert.True(block.Receipts[0].Succeeded);
        Assert.False(block.Receipts[1].Succeeded);
        Assert.Equal(block.Header.ParentBeaconBlockRoot,
            chain.Storage.PayloadRoot(block.Header.Number));
    }

    [Fact]
    public void Undecodable_and_foreign_observations_are_left_out()
    {
        var chain = new SteeredChain();
        SignedObservation[] observations =
        [
            new(chain.Validators[0].Address, new byte[3]),
            new(DevelopmentNetwork.FundedAccounts[0].Address, SteeredChain.Report(Typical)),
            new(chain.Validators[1].Address, SteeredChain.Report(Typical)),
            new(chain.Validators[1].Address, SteeredChain.Report(Typical with { QueueMs = 1 })),
        ];
        StepCall call = chain.Next(observations).Call;
        Assert.Equal(chain.Validators[1].Address, Assert.Single(call.Observations).Validator);
    }

    [Fact]
    public void A_proposal_is_the_same_whatever_the_order_of_observations()
    {
        var chain = new SteeredChain();
        var facts = new BlockFacts(new Height(1), chain.TimeMs + 250, Hash256.Zero, 0, 0,
            UInt256.Zero, chain.Observe(Typical));
        var reversed = facts with { Observations = [.. facts.Observations.Reverse()] };
        Assert.Equal(
            SteeringProgram.Transaction0(chain.Reader, facts),
            SteeringProgram.Transaction0(chain.Reader, reversed));
    }

    [Fact]
    public void Liars_move_the_reading_no_further_than_honest_reports()
    {
        var chain = new SteeredChain();
        SignedObservation[] observations =
            [.. chain.Observe(Typical with { NanosecondsPerKilogas = 10_500 })];
        observations[3] = observations[3] with
        {
            Encoded = SteeredChain.Report(
                Typical with { NanosecondsPerKilogas = 900_000_000 }),
        };
        for (int i = 0; i < 40; i++)
        {
            chain.Next(observations);
        }
        Assert.Equal(10_500u, chain.Storage.Estimators.NanosecondsPerKilogas);
    }

    // A storage that fails at any read must not take the chain with it.
    [Fact]
    public void A_failing_read_gives_the_context_alone()
    {
        var chain = new SteeredChain();
        var facts = new BlockFacts(new Height(1), chain.TimeMs + 250, Hash256.Zero, 0, 0,
            UInt256.Zero, chain.Observe(Typical));
        StepCall call = SteeringProgram.Compose(new FailingReader(chain.Reader), facts);
        Assert.Empty(call.Observations);
        Assert.Equal(facts.TimeMs, call.TimeMs);
    }

    internal static Transaction Burn(SteeredChain chain, ulong recordedGas) => chain.CallOf(
        1, PredeployAddresses.GasBurner, ((UInt256)recordedGas).ToBigEndian(),
        Math.Min(recordedGas, 1 << 24));

    private sealed class FailingReader(IStorageReader inner) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            contract == PredeployAddresses.ValidatorSet
                ? throw new InvariantViolation("a broken node")
                : inner.Read(contract, slot);
    }
}
