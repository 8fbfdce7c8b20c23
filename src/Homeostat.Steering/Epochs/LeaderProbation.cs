using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Whom the schedule of leaders passes over, judged in an epoch's last block for the next: how many
/// turns each still has to lead well before it has its whole share again. Those passed over lead so
/// seldom that an epoch may show nothing of them, and by that epoch's counts alone they would be
/// back in every other one.
///
/// Two bits a validator, by its index in the set of the epoch that judged it, in words of the
/// consensus loop: a buffer of even and one of odd epochs.
/// </summary>
internal static class LeaderProbation
{
    /// <summary>Turns to lead well; two bits hold it.</summary>
    public const int Turns = 3;

    private const int FirstWord = LeaderCounts.FirstWord + 2 * LeaderCounts.BufferWords;
    private const int WordsOfBuffer = 2;
    private const int PerWord = 120;
    private const int Bits = 2;
    private const int EpochShift = Bits * PerWord;

    /// <summary>Turns left of each validator of the set in force, as the epoch before judged it.
    /// </summary>
    public static int[] Read(IStorageReader state)
    {
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(state);
        ulong epoch = ValidatorStorage.ReadEpoch(state);
        int[] left = new int[set.Count];
        if (epoch == 0)
        {
            return left;
        }
        IReadOnlyList<ValidatorEntry> before = ValidatorStorage.ReadPrevious(state);
        var storage = new SteeringStorage(state);
        var known = new LookupTable<Address, int>();
        for (int i = 0; i < before.Count; i++)
        {
            UInt256 word = storage.ReadWord(ConsensusLoop.LoopName, WordOf(epoch - 1, i));
            bool isOfEpoch = (word >> EpochShift).U0 == ((epoch - 1) & ushort.MaxValue);
            known[before[i].Address] =
                isOfEpoch ? (int)((word >> (Bits * (i % PerWord))).U0 & Turns) : 0;
        }
        for (int i = 0; i < left.Length; i++)
        {
            left[i] = known.GetValueOrDefault(set[i].Address);
        }
        return Limited(left, new LeaderRecord[left.Length]);
    }

    /// <summary>In the epoch's last block, by its counts and by who was passed over in it.
    /// </summary>
    public static void Judge(LoopContext context, ulong epoch)
    {
        LeaderRecord[] records =
            LeaderCounts.Read(context.ReadWord, epoch, context.Validators.Count);
        int[] left = Judge(Read(context.State), records);
        for (int word = 0; word * PerWord < left.Length; word++)
        {
            UInt256 bits = (UInt256)(epoch & ushort.MaxValue) << EpochShift;
            for (int i = word * PerWord; i < Math.Min(left.Length, (word + 1) * PerWord); i++)
            {
                bits |= (UInt256)(ulong)left[i] << (Bits * (i % PerWord));
            }
            context.WriteWord(WordOf(epoch, word * PerWord), bits);
        }
    }

    /// <summary>
    /// All turns for those of whose turns more than a third failed, and more than twice as many as
    /// of the median's; the others have led some of theirs.
    /// </summary>
    internal static int[] Judge(IReadOnlyList<int> before, LeaderRecord[] records)
    {
        Fixed median = records.Select(record => record.FailedShare).Order()
            .ElementAt(records.Length / 2);
        Fixed bound = Fixed.Max(Fixed.FromRatio(1, 3), median + median);
        return Limited(
            [
                .. records.Select((record, i) => record.FailedShare > bound
                    ? Turns
                    : before[i] - (int)Math.Min((ulong)before[i], record.LedWell)),
            ],
            records);
    }

    /// <summary>The worst, as many as may be faulty.</summary>
    private static int[] Limited(int[] left, LeaderRecord[] records)
    {
        int[] kept = new int[left.Length];
        foreach (int i in Enumerable.Range(0, left.Length).Where(i => left[i] > 0)
            .OrderByDescending(i => left[i]).ThenByDescending(i => records[i].FailedShare.Raw)
            .ThenBy(i => i).Take((left.Length - 1) / 3))
        {
            kept[i] = left[i];
        }
        return kept;
    }

    private static byte WordOf(ulong epoch, int index) =>
        (byte)(FirstWord + WordsOfBuffer * (int)(epoch % 2) + index / PerWord);
}
