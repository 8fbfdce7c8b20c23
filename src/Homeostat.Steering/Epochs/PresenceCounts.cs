using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// In how many blocks of the epoch each validator was present: its vote stands in the notarization
/// that the block carries. ValidatorSet.sol reads the words when the epoch ends.
/// </summary>
internal static class PresenceCounts
{
    public const byte FirstWord = 1;

    public static void Count(LoopContext context, ulong epoch, IEnumerable<int> present)
    {
        foreach (IGrouping<int, int> word in present.GroupBy(i => i / PackedCounts.PerWord))
        {
            byte key = (byte)(FirstWord + word.Key);
            UInt256 counts = word.Aggregate(
                context.ReadWord(key),
                (sum, index) => PackedCounts.Increment(sum, index, epoch));
            context.WriteWord(key, counts);
        }
    }

    /// <summary>Blocks of the epoch that carry the vote of the validator at the index.</summary>
    public static ulong Read(SteeringStorage storage, ulong epoch, int index) =>
        PackedCounts.Read(
            storage.ReadWord(
                ConsensusLoop.LoopName, (byte)(FirstWord + index / PackedCounts.PerWord)),
            index, epoch);
}
