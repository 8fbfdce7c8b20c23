using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>How one who bonded stands in the ValidatorSet predeploy.</summary>
/// <param name="Owner">May add stake, leave, withdraw and unjail.</param>
/// <param name="Stake">Bonded, wei.</param>
/// <param name="JailedUntil">First epoch in which it may be unjailed; 0: not jailed.</param>
/// <param name="IsTombstoned">Slashed: never a validator again under this key.</param>
/// <param name="IsLeaving">Not in the next set.</param>
public sealed record StakeRecord(
    Address Owner, UInt256 Stake, ulong JailedUntil, bool IsTombstoned, bool IsLeaving)
{
    private const int JailShift = 160;
    private const int TombstoneShift = 224;
    private const int LeavingShift = 232;

    /// <summary>All zero of an address that never bonded.</summary>
    public static StakeRecord Read(IStorageReader state, in Address member)
    {
        UInt256 slot = StorageLayout.MappingSlot(member.ToWord(), ValidatorStorage.MemberSlot);
        UInt256 word = state.Read(PredeployAddresses.ValidatorSet, slot);
        UInt256 stake = state.Read(PredeployAddresses.ValidatorSet, slot + UInt256.One);
        return new StakeRecord(
            Address.FromWord(word), new UInt256(stake.U0, stake.U1, 0, 0),
            (word >> JailShift).U0, ((word >> TombstoneShift).U0 & 0xff) != 0,
            ((word >> LeavingShift).U0 & 0xff) != 0);
    }
}

/// <summary>
/// What the chain says of one member, in the set or not, for people: the counts that leader
/// reputation and jail go by (docs/spec/consensus.md), at one state.
/// </summary>
/// <param name="Weight">Of its votes in the set in force; 0: not in the set.</param>
/// <param name="Turns">Of a round of the leader schedule's; its reputation.</param>
/// <param name="Led">Blocks it led in the epoch under way.</param>
/// <param name="Failed">Its views in the epoch that gave no block though there was work.</param>
/// <param name="LedBefore">As <paramref name="Led"/>, of the epoch before.</param>
/// <param name="FailedBefore">As <paramref name="Failed"/>, of the epoch before.</param>
/// <param name="Present">Blocks of the epoch that carry its vote.</param>
public sealed record ValidatorStanding(
    Address Address, StakeRecord Stake, ulong Weight, int Turns, ulong Led, ulong Failed,
    ulong LedBefore, ulong FailedBefore, ulong Present)
{
    /// <summary>Of all who bonded and all in the set, ascending by address.</summary>
    public static IReadOnlyList<ValidatorStanding> ReadAll(IStorageReader state)
    {
        ulong epoch = ValidatorStorage.ReadEpoch(state);
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(state);
        IReadOnlyList<ValidatorEntry> before =
            epoch == 0 ? [] : ValidatorStorage.ReadPrevious(state);
        var storage = new SteeringStorage(state);
        LeaderRecord[] now = LeaderCounts.Read(storage, epoch, set.Count);
        LeaderRecord[] then =
            epoch == 0 ? [] : LeaderCounts.Read(storage, epoch - 1, before.Count);
        LeaderSchedule schedule = LeaderSchedule.Read(state);
        var standings = new List<ValidatorStanding>();
        foreach (Address member in new SortedSet<Address>(
            MembersOf(state).Concat(set.Select(x => x.Address))))
        {
            int index = IndexOf(set, member);
            LeaderRecord current = index < 0 ? default : now[index];
            int earlier = IndexOf(before, member);
            LeaderRecord past = earlier < 0 ? default : then[earlier];
            standings.Add(new ValidatorStanding(
                member, StakeRecord.Read(state, member), index < 0 ? 0 : set[index].Weight,
                index < 0 ? 0 : schedule.Turns.Count(turn => turn == index),
                current.Led, current.Failed, past.Led, past.Failed,
                index < 0 ? 0 : PresenceCounts.Read(storage, epoch, index)));
        }
        return standings;
    }

    private static IEnumerable<Address> MembersOf(IStorageReader state)
    {
        UInt256 count = state.Read(
            PredeployAddresses.ValidatorSet, ValidatorStorage.MembersSlot);
        ulong length = Math.Min(count.ToUInt64Saturating(), ValidatorStorage.MaximumCount);
        UInt256 content = StorageLayout.ContentSlot(ValidatorStorage.MembersSlot);
        for (ulong i = 0; i < length; i++)
        {
            yield return Address.FromWord(
                state.Read(PredeployAddresses.ValidatorSet, content + (UInt256)i));
        }
    }

    private static int IndexOf(IReadOnlyList<ValidatorEntry> set, Address member)
    {
        for (int i = 0; i < set.Count; i++)
        {
            if (set[i].Address == member)
            {
                return i;
            }
        }
        return -1;
    }
}
