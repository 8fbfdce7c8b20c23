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
    private const int WholeShare = 32;
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
        if (floor is 0 or >= Basis)
        {
            return RoundRobin(set.Count);
        }
        int least = Math.Max(1, (int)(WholeShare * floor / Basis));
        return Of([.. LeaderProbation.Read(state).Select(left => left > 0 ? least : WholeShare)]);
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
}
