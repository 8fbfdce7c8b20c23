using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The plain mean of demand since genesis, until there are <see cref="MostBlocks"/> blocks of it;
/// from then on each block moves it by that part of the difference. The other means forget within
/// tens of blocks; over a hundred blocks demand comes back to what it was over hundreds. The
/// capacity loop keeps it in its word 0.
/// </summary>
/// <param name="Value">Millions of gas a second.</param>
/// <param name="Blocks">Seen so far, at most <see cref="MostBlocks"/>.</param>
public readonly record struct LongMean(Fixed Value, ulong Blocks)
{
    public const ulong MostBlocks = 512;

    /// <summary>After one more block's demand.</summary>
    public LongMean After(Fixed sample)
    {
        ulong blocks = Math.Min(Blocks + 1, MostBlocks);
        return new LongMean(
            Value + Fixed.FromRatio(
                (Int128)sample.Raw - Value.Raw, (Int128)blocks << Fixed.FractionBits),
            blocks);
    }

    /// <summary>The word: the mean in the lowest 64 bits, then the number of blocks.</summary>
    public UInt256 ToWord() => new(unchecked((ulong)Value.Raw), Blocks, 0, 0);

    public static LongMean FromWord(in UInt256 word) =>
        new(Fixed.FromRaw(unchecked((long)word.U0)), word.U1);
}
