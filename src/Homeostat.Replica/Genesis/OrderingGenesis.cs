using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>What ordering has in genesis' state (docs/spec/ordering.md).</summary>
internal static class OrderingGenesis
{
    /// <summary>Least time and blocks between decisions; blocks to the outcome.</summary>
    private static readonly uint[] Settings = [1_000, 4, 16];

    /// <summary>
    /// Premiums of a hundredth and a tenth of a gwei, which the loop moves by a quarter at a time,
    /// up to a thousand-fold; a quarter of a block for urgent and a third for fast transactions
    /// before all others; overdue after ten seconds; no levels without a model.
    /// </summary>
    public static LoopGenesis Loop(uint dwellBlocks) => new(
        SteeringProgram.OrderingLoopName, LoopMode.Act, dwellBlocks, LoopSettings.Of(Settings),
        [
            Premium(10_000_000),
            Premium(100_000_000),
            Fixed(3_500, 0, 10_000),
            Fixed(2_500, 0, 10_000),
            Fixed(GenesisLoops.InclusionFee, 0, 1_000_000_000_000),
            Fixed(10_000, 1_000, 3_600_000),
            Fixed(1, 1, 4),
        ]);

    private static ActuatorRules Premium(ulong ratified) => new(
        ratified / 100, 1_000_000_000_000_000, ratified, 0, 2_500, 2, 10_000_000);

    /// <summary>Moved by people: ratified, then stepped to.</summary>
    private static ActuatorRules Fixed(ulong ratified, ulong least, ulong most) => new(
        least, most, ratified, 0, 2_500, 2, 40_000);

    public static SortedDictionary<UInt256, UInt256> Randomness(
        IEnumerable<GenesisValidator> validators)
    {
        var storage = new SortedDictionary<UInt256, UInt256>();
        foreach (GenesisValidator validator in validators.Where(v => !v.Randomness.IsZero))
        {
            storage[PlaceSeed.CommitmentSlot(validator.Address)] =
                UInt256.FromHash256(validator.Randomness);
        }
        return storage;
    }
}
