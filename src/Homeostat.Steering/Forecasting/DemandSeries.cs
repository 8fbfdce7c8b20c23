using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The features of demand forecasting, alike for a live chain and for a recorded series. All are
/// means of demand, so the forecaster is homogeneous: it works the same at any scale of traffic.
/// </summary>
public static class DemandFeatures
{
    /// <summary>Names this set and order in a model's encoding.</summary>
    public const byte SetId = 1;

    public const int Count = 8;

    /// <summary>Lags that the mean of recent demand covers.</summary>
    public const int Lags = 8;

    /// <summary>
    /// 2^20 million gas a second: no chain is near it, and under it no weighted sum of a valid
    /// model can saturate (docs/spec/steering.md, "Models").
    /// </summary>
    public static readonly Fixed MaximumDemand = Fixed.FromInteger(1 << 20);

    public static readonly IReadOnlyList<string> Names =
    [
        "last block", "two blocks ago", "three blocks ago", "long mean",
        "mean of eight blocks", "fast mean", "medium mean", "slow mean",
    ];

    /// <summary>Demand as a bounded rate: gas over milliseconds, in millions a second.</summary>
    public static Fixed Rate(ulong gas, ulong elapsedMs) => Fixed.Min(
        Fixed.FromRatio(gas, (Int128)Math.Max(elapsedMs, 1) * 1_000), MaximumDemand);

    /// <param name="recent">Demand of the last blocks, newest first; what is missing counts as
    /// 0.</param>
    /// <param name="means">After the newest.</param>
    /// <param name="longMean">After the newest.</param>
    public static Fixed[] Of(
        ReadOnlySpan<Fixed> recent, in Estimators means, in LongMean longMean)
    {
        Fixed sum = Fixed.Zero;
        foreach (Fixed sample in recent)
        {
            sum += sample;
        }
        return
        [
            At(recent, 0), At(recent, 1), At(recent, 2), longMean.Value,
            sum.Scale(-3), means.Fast, means.Medium, means.Slow,
        ];
    }

    private static Fixed At(ReadOnlySpan<Fixed> recent, int lag) =>
        lag < recent.Length ? recent[lag] : Fixed.Zero;
}

/// <summary>A recorded series walked block by block through the same features.</summary>
public sealed class DemandSeries(IReadOnlyList<Fixed> samples)
{
    /// <summary>Blocks after which the slow mean has forgotten its start.</summary>
    public const int Warmup = 64;

    public int Count => samples.Count;

    public Fixed this[int index] => samples[index];

    /// <summary>Features after each block; the means start at the first sample.</summary>
    public List<Fixed[]> Features()
    {
        var rows = new List<Fixed[]>(samples.Count);
        var means = samples.Count == 0
            ? default
            : new Estimators(samples[0], samples[0], samples[0], 0, 0);
        LongMean longMean = default;
        Span<Fixed> recent = stackalloc Fixed[DemandFeatures.Lags];
        for (int t = 0; t < samples.Count; t++)
        {
            means = means.After(samples[t]);
            longMean = longMean.After(samples[t]);
            for (int lag = 0; lag < recent.Length; lag++)
            {
                recent[lag] = samples[Math.Max(0, t - lag)];
            }
            rows.Add(DemandFeatures.Of(recent, means, longMean));
        }
        return rows;
    }

    /// <summary>
    /// Mean demand of the horizon blocks that follow a block, as a sum of raw values.
    /// </summary>
    public Fixed MeanAfter(int index, int horizon)
    {
        Int128 sum = 0;
        for (int t = index + 1; t <= index + horizon; t++)
        {
            sum += samples[t].Raw;
        }
        return Fixed.FromRatio(sum, (Int128)horizon << Fixed.FractionBits);
    }
}
