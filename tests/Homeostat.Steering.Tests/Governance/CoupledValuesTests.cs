using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The incident of 10 March 2026 on Aave, rebuilt. A cap on a price is
/// ratio · (1 + 9.68 % a year · time since the ratio's timestamp). An automatic feed set both to
/// their values of seven days before; the contract let the ratio rise by 3 % at most and the
/// timestamp freely, each by itself, so the cap fell 2.85 % under the market and 34 accounts were
/// liquidated. Limits, window and outcome are as published; the old ratio (1.15658, the one that
/// gives 2.85 %) and its age are reconstructed from them.
/// </summary>
public sealed class CoupledValuesTests(ITestOutputHelper output)
{
    private const int Owner = 9;
    private const int Place = 4;
    private const ulong Market = 122_850_000;
    private const ulong OldRatio = 115_658_000;
    private const ulong OldHour = 1_000_000;

    /// <summary>What the ratio truly was seven days before, and when that was.</summary>
    private const ulong WeekOldRatio = 122_780_000;

    private const ulong WeekOldHour = OldHour + 17_970;
    private const ulong NowHour = WeekOldHour + 7 * 24;
    private static readonly Hash256 Peg = SteeringLoops.NameOf("peg");

    [Fact]
    public void Clamping_each_field_misprices_and_ruling_the_vector_does_not()
    {
        SteeredChain chain = ChainWithPeg();
        ulong[] wanted = [WeekOldRatio, WeekOldHour];
        ulong[] clamped = [Math.Min(WeekOldRatio, OldRatio * 103 / 100), WeekOldHour];
        decimal off = Mispricing(clamped);
        output.WriteLine($"field by field: {off:P2} under the market");
        Assert.InRange(off, 0.0284m, 0.0286m);

        DecisionEvent whole = Decide(chain, wanted, wanted);
        Assert.Equal((RulingKind.Refused, 5 << 8), (whole.Ruling, (int)whole.ModelRefusal));
        DecisionEvent halved = Decide(chain, clamped, clamped);
        Assert.Equal((RulingKind.Refused, 7 << 8), (halved.Ruling, halved.TwinRefusal & 0xff00));
        Assert.Equal([OldRatio, OldHour], halved.InForce);
        output.WriteLine($"the vector holds: {Mispricing(halved.InForce):P2} under the market");
        Assert.Equal(0m, Mispricing(halved.InForce));
    }

    [Fact]
    public void Both_get_there_together_in_legal_steps_without_ever_mispricing()
    {
        SteeredChain chain = ChainWithPeg();
        ulong[] inForce = [OldRatio, OldHour];
        for (int step = 0; step < 4 && inForce[0] != WeekOldRatio; step++)
        {
            ulong ratio = Math.Min(WeekOldRatio, inForce[0] * 103 / 100);
            ulong hour = OldHour + (ratio - OldRatio) * (WeekOldHour - OldHour)
                / (WeekOldRatio - OldRatio);
            DecisionEvent decision = Decide(chain, [ratio, hour], [ratio, hour]);
            Assert.Equal(RulingKind.Applied, decision.Ruling);
            inForce = [.. decision.InForce];
            Assert.Equal(0m, Mispricing(inForce));
        }
        Assert.Equal([WeekOldRatio, WeekOldHour], inForce);
    }

    // How far the cap is under the market; 0 where it does not bind.
    private static decimal Mispricing(IReadOnlyList<ulong> vector)
    {
        decimal years = (NowHour - vector[1]) / (365m * 24);
        decimal cap = vector[0] * (1 + 0.0968m * years);
        return Math.Max(0, (Market - cap) / Market);
    }

    // Fields: the ratio in 10^-8, moved by 3 % at most; the hour of it, moved freely. The invariant
    // couples them: the ratio is not under the line of what it was at that hour, less 0.1 %.
    private static SteeredChain ChainWithPeg()
    {
        var chain = new SteeredChain();
        LoopSettings settings = LoopSettings.Of(
            [0, 0, 0, (uint)OldRatio, 396, 115_658, (uint)OldHour]);
        AbiTuple Actuator(ulong most, ulong ratified, ulong step) => new AbiTuple()
            .Add(UInt256.Zero).Add((UInt256)most).Add((UInt256)ratified).Add(UInt256.Zero)
            .Add((UInt256)step).Add((UInt256)1UL).Add((UInt256)40_000UL);
        Own(chain, AbiCall.Encode(
            "addLoop(bytes32,uint32,bytes32[2],"
                + "(uint64,uint64,uint64,uint64,uint32,uint32,uint32)[])",
            new AbiTuple().Add(Peg).Add(UInt256.Zero).Add(settings.First).Add(settings.Second)
                .Add([Actuator(1_000_000_000, OldRatio, 300), Actuator(9_000_000, OldHour, 10_000)],
                    tuplesAreDynamic: false)));
        InvariantCode coupling = new InvariantBuilder()
            .Parameter(Place, 3)
            .Field(Place, 1).Parameter(Place, 6).Subtract().Parameter(Place, 4).Multiply().Add()
            .Field(Place, 0).Subtract().Parameter(Place, 5).Subtract().Build();
        Own(chain, AbiCall.Encode("setInvariant(uint256,bytes)",
            new AbiTuple().Add((UInt256)12UL).AddBytes(coupling.Bytes.Span)));
        Own(chain, AbiCall.Encode(
            "setMode(bytes32,uint8)", new AbiTuple().Add(Peg).Add(UInt256.Zero)));
        return chain;
    }

    private static void Own(SteeredChain chain, byte[] data) => Assert.True(chain.Next(
        transactions: [chain.CallOf(Owner, PredeployAddresses.Constitution, data, 4_000_000)])
        .Receipts[1].Succeeded);

    private static DecisionEvent Decide(SteeredChain chain, ulong[] model, ulong[] twin)
    {
        var decision = new DecisionInput(
            Peg, Hash256.Zero, Hash256.Zero, SteeringFailure.None, Fixed.Zero, Fixed.Zero, [],
            model, twin, [], [], [], [], []);
        SteeredBlock block = chain.Next(alter: call => call with { Decisions = [decision] });
        return Assert.Single(block.Decisions);
    }
}
