using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// How much users still want at another price than the recorded one, in a replay.
/// </summary>
public sealed class DemandAnswer
{
    // Of the recorded price by the replayed one.
    private const ulong Scale = 1UL << 40;
    private const ulong SquareRootOfScale = 1UL << 20;

    /// <summary>Prices further apart count as so far: demand grows or falls by 2^10 at most.
    /// </summary>
    private const ulong MostFactor = 1UL << 20;

    private readonly bool _answers;

    private DemandAnswer(bool answers) => _answers = answers;

    /// <summary>Elasticity 0: as much at every price.</summary>
    public static DemandAnswer None { get; } = new(false);

    /// <summary>
    /// Constant elasticity 0.5, the middle one of the capacity evaluation (docs/eval-capacity.md):
    /// demand by the square root of the recorded price over the replayed one.
    /// </summary>
    public static DemandAnswer Half { get; } = new(true);

    /// <param name="gas">Demand at the recorded price.</param>
    /// <param name="recorded">Base fee then, wei.</param>
    /// <param name="replayed">Base fee of the replayed block, wei.</param>
    /// <returns>Gas, rounded down.</returns>
    public ulong Demand(ulong gas, ulong recorded, in UInt256 replayed)
    {
        if (!_answers || recorded == 0 || replayed.IsZero)
        {
            return gas;
        }
        ulong ratio = ((UInt256)recorded * Scale / replayed).ToUInt64Saturating();
        ratio = Math.Clamp(ratio, Scale / MostFactor, Scale * MostFactor);
        return (ulong)UInt128.Min(
            (UInt128)gas * SquareRoot(ratio) / SquareRootOfScale, ulong.MaxValue);
    }

    // Newton's method from above; the largest integer whose square is at most the value.
    private static ulong SquareRoot(ulong value)
    {
        ulong root = 1UL << ((64 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 2 + 1);
        while (true)
        {
            ulong next = (root + value / root) / 2;
            if (next >= root)
            {
                return root;
            }
            root = next;
        }
    }
}
