using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>What ordering has in genesis' state (docs/spec/ordering.md).</summary>
internal static class OrderingGenesis
{
    /// <summary>
    /// Premiums of a hundredth and a tenth of a gwei, which the loop moves; a quarter of a block
    /// for urgent and a third for fast transactions before all others; overdue after ten seconds;
    /// no levels without a model.
    /// </summary>
    public static readonly OrderingParameters Initial = new(
        10_000_000, 100_000_000, 3_500, 2_500, 1_000_000, 10_000, 1);

    public static SortedDictionary<UInt256, UInt256> FeePool()
    {
        (UInt256 first, UInt256 second) = Initial.ToWords();
        return new SortedDictionary<UInt256, UInt256>
        {
            [OrderingParameters.Slot] = first,
            [OrderingParameters.Slot + UInt256.One] = second,
        };
    }

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
