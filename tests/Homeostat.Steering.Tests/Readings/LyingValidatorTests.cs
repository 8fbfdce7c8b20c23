using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Validators that lie, f of n, against a twin chain where all are honest: readings stay among the
/// honest reports, and what is decided differs by no more than the honest reports themselves do.
/// HOMEOSTAT_LIE_DECISIONS lengthens the run (an epoch's colluders need 1,000).
/// </summary>
public sealed class LyingValidatorTests(ITestOutputHelper output)
{
    private const int Validators = 7;
    private const int Liars = 2;

    private static readonly int Decisions = int.TryParse(
        Environment.GetEnvironmentVariable("HOMEOSTAT_LIE_DECISIONS"), out int decisions)
        ? decisions
        : 12;

    [Theory]
    [InlineData("maxima")]
    [InlineData("minima")]
    [InlineData("noise")]
    [InlineData("slow collusion")]
    public void Readings_stay_in_the_honest_range_and_decisions_near_the_honest_ones(string kind)
    {
        var lied = new SteeredChain(Validators);
        var honest = new SteeredChain(Validators);
        var random = new SeededRandom(41);
        int decided = 0;
        double apart = 0;
        for (int block = 0; decided < Decisions; block++)
        {
            SignedObservation[] reports = [.. Enumerable.Range(0, Validators).Select(
                i => Signed(lied, i, Honest(random, i)))];
            SignedObservation[] lies = [.. reports.Select((report, i) =>
                i < Liars ? Signed(lied, i, Lie(kind, random, decided)) : report)];
            SteeredBlock a = Step(lied, lies);
            SteeredBlock b = Step(honest, reports);
            Assert.Equal(a.Decisions.Count, b.Decisions.Count);
            if (a.Decisions.Count == 0 || block < 60)
            {
                continue;
            }
            decided++;
            // Honest validators report 40,000 to 50,000 ns, which bounds the target, and 20 to 40
            // ms.
            Assert.InRange(a.Decisions[0].Readings[0], 40_000UL, 50_000UL);
            Assert.InRange(a.Decisions[0].Readings[1], 20UL, 40UL);
            apart = Math.Max(apart, Apart(a.Decisions[0].InForce, b.Decisions[0].InForce));
        }
        output.WriteLine($"{kind}: {decided} decisions, vectors apart by at most {apart:P1}");
        // One step of 25 %: what a lie could move in one decision and never adds up.
        Assert.True(apart <= 0.25, $"{apart:P1} apart");
    }

    private static double Apart(IReadOnlyList<ulong> a, IReadOnlyList<ulong> b) =>
        a.Zip(b).Max(pair => Math.Abs((double)pair.First - pair.Second) /
            Math.Max(1, Math.Max(pair.First, pair.Second)));

    private static Observation Honest(SeededRandom random, int validator) => new(
        40_000 + (uint)random.NextBelow(10_001), 10_000,
        (ushort)(20 + random.NextBelow(21)), (uint)validator, 1, 8, 100);

    private static Observation Lie(string kind, SeededRandom random, int decided) => kind switch
    {
        "maxima" => new(Observation.MaximumNanosecondsPerKilogas, uint.MaxValue, ushort.MaxValue,
            uint.MaxValue, uint.MaxValue, ushort.MaxValue, ushort.MaxValue),
        "minima" => default,
        "noise" => new((uint)random.NextBelow(1_000_000_000), 1, (ushort)random.NextBelow(65_535),
            (uint)random.NextBelow(uint.MaxValue), 1, 1, 1),
        // Together, ever a little further out.
        _ => new(45_000 + (uint)decided * 50, 10_000, (ushort)(30 + decided), 0, 1, 8, 100),
    };

    private static SignedObservation Signed(SteeredChain chain, int i, Observation observation) =>
        new(chain.Validators[i].Address, SteeredChain.Report(observation));

    // 10.4 Mgas a second: with headroom more than any honest report lets the target be, and near
    // enough to it for the price to stay payable over thousands of blocks.
    private static SteeredBlock Step(SteeredChain chain, SignedObservation[] reports) => chain.Next(
        reports, [SteeringTransactionTests.Burn(chain, 2_600_000)]);
}
