using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Feature sets by the byte that names them in a model's encoding. A loop's set fixes the order of
/// its features; sets from 129 on are free: 128 + n is any n features, for models that contracts
/// ask by INFER.
/// </summary>
public static class FeatureSets
{
    public const int MaximumFree = 64;

    private const byte FirstFree = 129;

    /// <summary>
    /// No feature is beyond ±2^20: with weights up to 16, eight of them can't saturate a sum.
    /// </summary>
    public static readonly Fixed MaximumFeature = DemandFeatures.MaximumDemand;

    public static bool TryGetCount(byte set, out int count)
    {
        count = set switch
        {
            DemandFeatures.SetId => DemandFeatures.Count,
            >= FirstFree and < FirstFree + MaximumFree => set - FirstFree + 1,
            _ => 0,
        };
        return count != 0;
    }

    /// <summary>The free set of so many features.</summary>
    public static byte Free(int count)
    {
        Invariant.Require(count is > 0 and <= MaximumFree);
        return (byte)(FirstFree - 1 + count);
    }
}
