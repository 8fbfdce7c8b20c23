using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Who leads which view of an epoch: a pure function of the epoch's set, of what became of leaders
/// in the epoch before and of the vector in force, all of it in every state from the epoch's start
/// on (docs/spec/consensus.md, "Leaders"). As in HammerHead (Tsimos et al., 2023) the worst
/// leaders, at most as many as may be faulty, give most of their turns to the others; as in
/// Aptos's leader reputation they keep a few, by which they can come back.
/// </summary>
public sealed class LeaderSchedule
{
    /// <summary>Turns of a whole share in one round of the schedule.</summary>
    private const int WholeShare = 16;
    private const ulong Basis = 10_000;

    private readonly int[] _turns;

    private LeaderSchedule(int[] turns) => _turns = turns;

    /// <summary>Validators in the order in which they lead, over and over.</summary>
    public IReadOnlyList<int> Turns => _turns;

    /// <summary>The index of the leader in the epoch's set.</summary>
    public int LeaderOf(ulong view) => _turns[view % (ulong)_turns.Length];

    /// <summary>The schedule of the child of this state.</summary>
    public static LeaderSchedule Read(IStorageReader state)
    {
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(state);
        ulong floor = ConsensusVector.Read(state).LeaderFloor;
        ulong epoch = ValidatorStorage.ReadEpoch(state);
        if (floor is 0 or >= Basis || epoch == 0)
        {
            return RoundRobin(set.Count);
        }
        IReadOnlyList<ValidatorEntry> before = ValidatorStorage.ReadPrevious(state);
        LeaderRecord[] records =
            LeaderCounts.Read(new SteeringStorage(state), epoch - 1, before.Count);
        return Of(ShareOf(set, before, records, floor));
    }

    public static LeaderSchedule RoundRobin(int validators) =>
        new([.. Enumerable.Range(0, Math.Max(1, validators))]);

    /// <summary>
    /// Turns in proportion to shares, each validator's spread evenly: in every step each gains its
    /// share, and who has most leads and pays the sum (smooth weighted round robin). Equal shares
    /// give round robin.
    /// </summary>
    internal static LeaderSchedule Of(IReadOnlyList<int> shares)
    {
        int total = shares.Sum();
        if (shares.All(share => share == shares[0]))
        {
            return RoundRobin(shares.Count);
        }
        int[] gained = new int[shares.Count];
        int[] turns = new int[total];
        for (int turn = 0; turn < total; turn++)
        {
            int most = 0;
            for (int i = 0; i < gained.Length; i++)
            {
                gained[i] += shares[i];
                most = gained[i] > gained[most] ? i : most;
            }
            gained[most] -= total;
            turns[turn] = most;
        }
        return new LeaderSchedule(turns);
    }

    private static int[] ShareOf(
        IReadOnlyList<ValidatorEntry> set, IReadOnlyList<ValidatorEntry> before,
        LeaderRecord[] records, ulong floor)
    {
        var known = new LookupTable<Address, LeaderRecord>();
        for (int i = 0; i < before.Count; i++)
        {
            known[before[i].Address] = records[i];
        }
        int[] shares = new int[set.Count];
        Array.Fill(shares, WholeShare);
        int least = Math.Max(1, (int)(WholeShare * floor / Basis));
        foreach (int index in Worst([.. set.Select(v => known.GetValueOrDefault(v.Address))]))
        {
            shares[index] = least;
        }
        return shares;
    }

    /// <summary>
    /// Those of whose turns more than a third failed, and more than twice as many as of the
    /// median's: the worst first, fewer than a third of all.
    /// </summary>
    private static IEnumerable<int> Worst(LeaderRecord[] records)
    {
        Fixed[] shares = [.. records.Select(FailedShare)];
        Fixed median = shares.Order().ElementAt(shares.Length / 2);
        Fixed bound = Fixed.Max(Fixed.FromRatio(1, 3), median + median);
        return Enumerable.Range(0, shares.Length)
            .Where(i => shares[i] > bound)
            .OrderByDescending(i => shares[i].Raw).ThenBy(i => i)
            .Take((shares.Length - 1) / 3);
    }

    private static Fixed FailedShare(LeaderRecord record) => record.Led + record.Failed == 0
        ? Fixed.Zero
        : Fixed.FromRatio((long)record.Failed, (long)(record.Led + record.Failed));
}
