using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Our own conformance vectors for docs/spec/steering.md, hashed. Those of the arithmetic, the
/// learner, ensembles and the capacity rule stand with their tests.
/// </summary>
public sealed class SteeringVectorTests
{
    private const string Readings =
        "0x4f9fd3853c39f31f47b6f267c26af4f8b10a19bd98873b82340db3d04978ea46";

    private const string Features =
        "0xf8f18ed34b72216ecacbe9c7f0f0b2e4a61f841c2afa060e00deb42f5b0b754f";

    private const string Premiums =
        "0x355ea506f81cfd7028949aea1e04daa79c5dc7144cda38b42d8ef6b5316d70af";

    [Fact]
    public void Quantiles_and_slew()
    {
        var random = new SeededRandom(0x57e1);
        uint last = 1_000;
        Pinned(Readings, 3_000, tuple =>
        {
            int n = 1 + random.NextBelow(16);
            var reports = new List<WeightedValue>();
            UInt128 all = 0;
            for (int i = 0; i < n; i++)
            {
                ulong weight = 1 + random.NextBelow(1_000UL);
                all += weight;
                if (random.Chance(5, 6))
                {
                    reports.Add(new WeightedValue(
                        random.NextUInt64() >> random.NextBelow(60), weight));
                }
            }
            uint third = 1 + (uint)random.NextBelow(2);
            bool isRead = WeightedReading.TryQuantile(reports, all, third, 3, out ulong value);
            last = isRead ? WeightedReading.Slew(last, value) : last;
            tuple.Add((UInt256)(isRead ? 1UL : 0)).Add((UInt256)value).Add((UInt256)(ulong)last);
        });
    }

    [Fact]
    public void Means_and_features_of_demand()
    {
        var random = new SeededRandom(0x57e2);
        var samples = new List<Fixed>();
        for (int i = 0; i < 1_500; i++)
        {
            samples.Add(DemandFeatures.Rate(
                random.NextUInt64() >> (20 + random.NextBelow(30)),
                1 + random.NextBelow(4_000UL)));
        }
        List<Fixed[]> rows = new DemandSeries(samples).Features();
        int at = 0;
        Pinned(Features, rows.Count, tuple => tuple.Add(rows[at++]));
    }

    // No wait in one of four: the load moves that premium.
    [Fact]
    public void Premiums_after_waits_and_loads()
    {
        var random = new SeededRandom(0x57e3);
        var vector = new OrderingParameters(10_000_000, 100_000_000, 3_500, 2_500, 1, 10_000, 1);
        Pinned(Premiums, 5_000, tuple =>
        {
            Fixed Load() =>
                Fixed.FromRaw((long)(random.NextUInt64() >> (24 + random.NextBelow(30))));
            Fixed Wait() => random.Chance(1, 4)
                ? Fixed.Zero
                : Fixed.FromRatio(1 + random.NextBelow(255), Observation.WaitUnitsOfBlock);
            vector = OrderingRule.Next(
                vector, new ClassWaits(Wait(), Wait()), new ClassLoads(Load(), Load()), 100_000);
            tuple.Add((UInt256)vector.FastPremium).Add((UInt256)vector.UrgentPremium);
        });
    }

    private static void Pinned(string digest, int rounds, Action<AbiTuple> round)
    {
        Hash256 hash = Hash256.Zero;
        for (int i = 0; i < rounds; i++)
        {
            var tuple = new AbiTuple();
            round(tuple);
            hash = Keccak.Hash([.. hash.ToArray(), .. tuple.Encode()]);
        }
        Assert.True(hash.ToString() == digest, hash.ToString());
    }
}
