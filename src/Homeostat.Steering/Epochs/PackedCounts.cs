using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Counts of one epoch, one a validator by its index in the epoch's set, in words of the consensus
/// loop: fifteen counts of 16 bits and, in the highest 16 bits, the epoch they are of. Words of
/// another epoch are empty, so nothing has to be wiped when an epoch begins.
/// </summary>
internal static class PackedCounts
{
    public const int PerWord = 15;
    private const int Bits = 16;

    /// <summary>Words for the largest set.</summary>
    public const int MaximumWords = 9;

    public static UInt256 Increment(in UInt256 word, int index, ulong epoch)
    {
        UInt256 current = Of(word, epoch);
        int shift = Bits * (index % PerWord);
        return ((current >> shift).U0 & ushort.MaxValue) == ushort.MaxValue
            ? current
            : current + (UInt256.One << shift);
    }

    public static ulong Read(in UInt256 word, int index, ulong epoch) =>
        (Of(word, epoch) >> (Bits * (index % PerWord))).U0 & ushort.MaxValue;

    /// <summary>The word as it is for the epoch: with its tag, and empty when of another.</summary>
    private static UInt256 Of(in UInt256 word, ulong epoch)
    {
        UInt256 tag = (UInt256)(epoch & ushort.MaxValue) << (Bits * PerWord);
        return word >> (Bits * PerWord) == tag >> (Bits * PerWord) ? word : tag;
    }
}
