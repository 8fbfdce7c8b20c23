using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Premiums move on what validators measured that their class waits (docs/spec/ordering.md).
/// </summary>
public sealed class MeasuredWaitTests
{
    private const int Validators = 7;
    private const int Liars = 2;
    private static readonly Observation Typical = new(5_000, 10_000, 12, 0, 0, 8, 100);

    [Theory]
    [InlineData(64, 40, 1, 0)] // fast waits two blocks, urgent its target
    [InlineData(32, 96, -1, 1)]
    [InlineData(40, 32, 0, -1)]
    public void A_premium_follows_its_own_classs_wait(
        byte fast, byte urgent, int fastMoves, int urgentMoves)
    {
        var chain = new SteeredChain(Validators);
        ulong[] before = Vector(chain);
        DecisionEvent decision = Decide(
            chain, chain.Observe(Typical with { FastWait = fast, UrgentWait = urgent }));
        Assert.Equal([fast * 100UL / 32, urgent * 100UL / 32], decision.Readings.Skip(2));
        Assert.Equal(
            [Fixed.FromRatio(fast, 32), Fixed.FromRatio(urgent, 32)], decision.Features);
        Assert.Equal(Fixed.FromRatio(urgent, 32), decision.TwinOutput);
        Assert.Equal(fastMoves, decision.InForce[0].CompareTo(before[0]));
        Assert.Equal(urgentMoves, decision.InForce[1].CompareTo(before[1]));
    }

    // With no wait told the load stands for it: nobody buys a class, and its premium falls.
    [Fact]
    public void Where_too_few_tell_a_wait_the_load_moves_the_premium()
    {
        var chain = new SteeredChain(Validators);
        ulong[] before = Vector(chain);
        SignedObservation[] reports = [.. Enumerable.Range(0, Validators).Select(i =>
            Signed(chain, i, i < Liars * 2
                ? Typical with { FastWait = byte.MaxValue, UrgentWait = byte.MaxValue }
                : Typical))];
        DecisionEvent decision = Decide(chain, reports);
        Assert.Equal([0UL, 0UL, 0UL, 0UL], decision.Readings);
        Assert.Equal(Fixed.Zero, decision.TwinOutput);
        Assert.True(decision.InForce[0] < before[0]);
        Assert.True(decision.InForce[1] < before[1]);
    }

    [Theory]
    [InlineData("longest")]
    [InlineData("shortest")]
    [InlineData("none")]
    [InlineData("noise")]
    public void Liars_move_premiums_no_further_than_honest_reports_would(string kind)
    {
        var chain = new SteeredChain(Validators);
        var random = new SeededRandom(43);
        int decided = 0;
        for (int i = 0; i < 16; i++)
        {
            SignedObservation[] reports = [.. Enumerable.Range(0, Validators).Select(v =>
                Signed(chain, v, v < Liars ? Lie(kind, random) : Honest(random)))];
            ulong[] before = Vector(chain);
            if (OrderingOf(chain.Next(reports)) is not { } decision)
            {
                continue;
            }
            decided++;
            for (int j = 0; j < 2; j++)
            {
                Assert.InRange(decision.Readings[j + 2], 112UL, 138UL);
                double moved = ((double)decision.InForce[j] - before[j]) / before[j];
                // A quarter of an eighth of a block, and what rounding takes.
                Assert.InRange(moved, -1 / 32.0 - 1e-6, 1 / 32.0);
            }
        }
        Assert.True(decided >= 3, $"{decided} decisions");
    }

    private static Observation Honest(SeededRandom random) => Typical with
    {
        FastWait = (byte)(36 + random.NextBelow(9)),
        UrgentWait = (byte)(36 + random.NextBelow(9)),
    };

    private static Observation Lie(string kind, SeededRandom random)
    {
        byte wait = kind switch
        {
            "longest" => byte.MaxValue,
            "shortest" => 1,
            "none" => 0,
            _ => (byte)random.NextBelow(256),
        };
        return Typical with { FastWait = wait, UrgentWait = wait };
    }

    private static SignedObservation Signed(SteeredChain chain, int i, Observation observation) =>
        new(chain.Validators[i].Address, SteeredChain.Report(observation));

    private static ulong[] Vector(SteeredChain chain) =>
        ConstitutionStorage.ReadVector(
            chain.Reader, OrderingParameters.Place, OrderingParameters.Fields);

    private static DecisionEvent? OrderingOf(SteeredBlock block) =>
        block.Decisions.FirstOrDefault(d => d.Loop == SteeringProgram.OrderingLoopName);

    private static DecisionEvent Decide(
        SteeredChain chain, IReadOnlyList<SignedObservation> observations)
    {
        for (int i = 0; i < 16; i++)
        {
            if (OrderingOf(chain.Next(observations)) is { } decision)
            {
                return decision;
            }
        }
        throw new InvalidOperationException("the ordering loop did not decide");
    }
}
