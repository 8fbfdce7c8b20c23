using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What the validators' latest observations say, for the capacity loop.</summary>
/// <param name="NanosecondsPerKilogas">2/3-weight quantile, slew-limited.</param>
/// <param name="PropagationMs">2/3-weight quantile, slew-limited.</param>
/// <param name="PoolKilogas">Weighted median of waiting gas; 0 without a reading.</param>
/// <param name="ReportedWeight">Weight of unexpired observations.</param>
/// <param name="AllWeight">Weight of all validators.</param>
public sealed record CapacityReadings(
    uint NanosecondsPerKilogas, uint PropagationMs, ulong PoolKilogas,
    ulong ReportedWeight, ulong AllWeight)
{
    /// <summary>
    /// Reads each validator's latest unexpired observation. Where too little weight has reported a
    /// value, its last reading stands.
    /// </summary>
    public static CapacityReadings Take(
        IReadOnlyList<ValidatorEntry> validators,
        Func<Address, Observation?> latest,
        in Estimators last)
    {
        var speed = new List<WeightedValue>();
        var propagation = new List<WeightedValue>();
        var pool = new List<WeightedValue>();
        UInt128 all = 0;
        UInt128 reported = 0;
        foreach (ValidatorEntry validator in validators)
        {
            all += validator.Weight;
            if (latest(validator.Address) is not { } seen)
            {
                continue;
            }
            reported += validator.Weight;
            propagation.Add(new WeightedValue(seen.PropagationMs, validator.Weight));
            pool.Add(new WeightedValue(seen.PoolKilogasPending, validator.Weight));
            if (seen.NanosecondsPerKilogas != 0)
            {
                speed.Add(new WeightedValue(seen.NanosecondsPerKilogas, validator.Weight));
            }
        }
        return new CapacityReadings(
            Next(speed, all, last.NanosecondsPerKilogas),
            Next(propagation, all, last.PropagationMs),
            WeightedReading.TryQuantile(pool, all, 1, 2, out ulong waiting) ? waiting : 0,
            (ulong)UInt128.Min(reported, ulong.MaxValue), (ulong)UInt128.Min(all, ulong.MaxValue));
    }

    private static uint Next(List<WeightedValue> reports, UInt128 allWeight, uint last) =>
        WeightedReading.TryQuantile(reports, allWeight, 2, 3, out ulong value)
            ? WeightedReading.Slew(last, value)
            : last;
}
