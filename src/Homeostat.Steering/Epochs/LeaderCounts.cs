using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>How often a validator led in an epoch, and how often that failed.</summary>
internal readonly record struct LeaderRecord(ulong Led, ulong Failed)
{
    /// <summary>Of its turns; 0 where it had none.</summary>
    public Fixed FailedShare => Led + Failed == 0
        ? Fixed.Zero
        : Fixed.FromRatio((long)Failed, (long)(Led + Failed));

    /// <summary>Blocks that held no other up.</summary>
    public ulong LedWell => Led - Math.Min(Led, Failed);
}

/// <summary>
/// Committed history of leaders, by epoch and index: views that gave a block, and views that gave
/// none though there was work, or held the next block up. Two buffers, of even and of odd epochs,
/// so that the epoch before can be read while one is under way.
/// </summary>
internal static class LeaderCounts
{
    public const int FirstWord = 16;
    private const int FailedOffset = PackedCounts.MaximumWords;
    public const int BufferWords = 2 * PackedCounts.MaximumWords;

    /// <summary>
    /// A run of failures touches few words, as a loop may write few in one block; those of a longer
    /// run say nothing more about leaders.
    /// </summary>
    private const int MostFailedWords = 2;

    public static void Count(LoopContext context, ulong epoch, int led, IEnumerable<int> failed)
    {
        Add(context, epoch, WordOf(epoch, led));
        var touched = new SortedSet<int>();
        foreach (int index in failed)
        {
            int word = WordOf(epoch, index) + FailedOffset;
            if (touched.Contains(word) || touched.Count < MostFailedWords)
            {
                touched.Add(word);
                Add(context, epoch, word, index);
            }
        }

        void Add(LoopContext loop, ulong of, int word, int? other = null) => loop.WriteWord(
            (byte)word,
            PackedCounts.Increment(loop.ReadWord((byte)word), other ?? led, of));
    }

    public static LeaderRecord[] Read(SteeringStorage storage, ulong epoch, int validators) =>
        Read(word => storage.ReadWord(ConsensusLoop.LoopName, word), epoch, validators);

    public static LeaderRecord[] Read(Func<byte, UInt256> wordAt, ulong epoch, int validators)
    {
        var records = new LeaderRecord[validators];
        for (int i = 0; i < validators; i++)
        {
            int word = WordOf(epoch, i);
            records[i] = new LeaderRecord(
                PackedCounts.Read(wordAt((byte)word), i, epoch),
                PackedCounts.Read(wordAt((byte)(word + FailedOffset)), i, epoch));
        }
        return records;
    }

    private static int WordOf(ulong epoch, int index) =>
        FirstWord + BufferWords * (int)(epoch % 2) + index / PackedCounts.PerWord;
}
