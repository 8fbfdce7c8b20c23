using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A validator as the ValidatorSet predeploy holds it.</summary>
public sealed record ValidatorEntry(Address Address, ulong Weight, string NodeAddress);

/// <summary>A validator of genesis and who may move its stake.</summary>
public sealed record BondedValidator(ValidatorEntry Entry, Address Owner);

/// <summary>
/// The ValidatorSet predeploy: the sets of even and odd epochs at slots 0 and 1, a word an entry,
/// and which of them is in force at slot 2.
/// </summary>
public static class ValidatorStorage
{
    /// <summary>More validators than this no steering block could read within its budget.</summary>
    public const ulong MaximumCount = 1_024;

    private const int MaximumNodeAddressBytes = 255;
    private const int JailedUntilBit = 160;
    private const int TombstonedBit = 224;
    private static readonly UInt256 EpochsSlot = 5;
    private static readonly UInt256 SharesSlot = 6;

    /// <summary>The list of members, and what is kept of each.</summary>
    internal static readonly UInt256 MembersSlot = 7;
    internal static readonly UInt256 MemberSlot = 8;

    /// <summary>Governance, whether it admits members, and epochs to unbond.</summary>
    internal static readonly UInt256 GovernanceSlot = 4;

    /// <summary>The epoch of the set in force, and the length of epochs.</summary>
    internal static readonly UInt256 EpochSlot = 2;

    /// <summary>
    /// The set in force for the child of this state, in its order, at most
    /// <see cref="MaximumCount"/>; without the nodes' addresses.
    /// </summary>
    public static IReadOnlyList<ValidatorEntry> Read(IStorageReader state) =>
        ReadSet(state, ReadEpoch(state) % 2);

    /// <summary>The set of the epoch before.</summary>
    public static IReadOnlyList<ValidatorEntry> ReadPrevious(IStorageReader state) =>
        ReadSet(state, (ReadEpoch(state) + 1) % 2);

    /// <summary>As <see cref="ValidatorSetHash"/> has it.</summary>
    public static Hash256 HashOf(IReadOnlyList<ValidatorEntry> set) => ValidatorSetHash.Of(
        [.. set.Select(entry => KeyValuePair.Create(entry.Address, entry.Weight))]);

    /// <summary>What the validator's owner says its peers can reach it at, or empty.</summary>
    public static string ReadNodeAddress(IStorageReader state, in Address validator)
    {
        UInt256 slot = StorageLayout.MappingSlot(validator.ToWord(), MemberSlot);
        bool isText = StorageLayout.TryReadBytes(
            state, PredeployAddresses.ValidatorSet, slot + (UInt256)2UL, MaximumNodeAddressBytes,
            out byte[] node);
        return isText ? Encoding.UTF8.GetString(node) : "";
    }

    /// <summary>
    /// Whether a vote of this epoch still is evidence against its signer in a child of this state,
    /// whose own epoch is given: it has stake there, and has not lost it to evidence before.
    /// </summary>
    public static bool CanSlash(
        IStorageReader state, in Address validator, ulong epochOfVote, ulong epoch)
    {
        ulong lasts = state.Read(PredeployAddresses.ValidatorSet, EpochsSlot).U0;
        UInt256 member = state.Read(
            PredeployAddresses.ValidatorSet,
            StorageLayout.MappingSlot(validator.ToWord(), MemberSlot));
        bool isMember = Address.FromWord(member) != default;
        bool isTombstoned = ((member >> TombstonedBit) & (UInt256)0xffUL) != UInt256.Zero;
        return isMember && !isTombstoned
            && epochOfVote <= epoch && epoch - epochOfVote <= lasts;
    }

    /// <summary>
    /// The first epoch in which a member in jail may come back; 0 for one who is in none.
    /// </summary>
    public static ulong ReadJailedUntil(IStorageReader state, in Address validator) =>
        (state.Read(
            PredeployAddresses.ValidatorSet,
            StorageLayout.MappingSlot(validator.ToWord(), MemberSlot)) >> JailedUntilBit).U0;

    /// <summary>What bonds that weight in genesis, in wei.</summary>
    public static UInt256 StakeOf(ulong weight, StakingTerms terms) =>
        (UInt256)weight * terms.WeightUnit;

    /// <summary>The first set, its members' stakes and the terms.</summary>
    public static void WriteGenesis(
        SortedDictionary<UInt256, UInt256> storage, IReadOnlyList<BondedValidator> members,
        StakingTerms terms, in Address governance)
    {
        // Epoch 1's as well, which so costs no more than any other.
        WriteSet(storage, UInt256.Zero, members);
        WriteSet(storage, UInt256.One, members);
        storage[EpochSlot] = (UInt256)terms.EpochBlocks << 64;
        storage[GovernanceSlot] = governance.ToWord()
            | ((UInt256)(terms.Permissioned ? 1UL : 0UL) << 160)
            | ((UInt256)terms.UnbondingEpochs << 168);
        storage[EpochsSlot] = new UInt256(terms.EvidenceEpochs, terms.JailEpochs, 0, 0)
            | (terms.WeightUnit << 128);
        storage[SharesSlot] =
            terms.SlashShare | (terms.ReporterShare << 16) | (terms.JailShare << 32);
        storage[MembersSlot] = (ulong)members.Count;
        UInt256 content = StorageLayout.ContentSlot(MembersSlot);
        for (int i = 0; i < members.Count; i++)
        {
            ValidatorEntry entry = members[i].Entry;
            storage[content + (UInt256)(ulong)i] = entry.Address.ToWord();
            UInt256 slot = StorageLayout.MappingSlot(entry.Address.ToWord(), MemberSlot);
            storage[slot] = members[i].Owner.ToWord();
            storage[slot + UInt256.One] = StakeOf(entry.Weight, terms);
            StorageLayout.WriteBytes(
                storage, slot + (UInt256)2UL, Encoding.UTF8.GetBytes(entry.NodeAddress));
        }
    }

    /// <summary>
    /// Sets begun after genesis'. Without recoveries it is the epoch of the set in force.
    /// </summary>
    public static ulong ReadEpoch(IStorageReader state) =>
        state.Read(PredeployAddresses.ValidatorSet, EpochSlot).U0;

    private static List<ValidatorEntry> ReadSet(IStorageReader state, UInt256 slot)
    {
        UInt256 count = state.Read(PredeployAddresses.ValidatorSet, slot);
        ulong length = Math.Min(count.ToUInt64Saturating(), MaximumCount);
        UInt256 content = StorageLayout.ContentSlot(slot);
        var validators = new List<ValidatorEntry>((int)length);
        for (ulong i = 0; i < length; i++)
        {
            UInt256 word = state.Read(PredeployAddresses.ValidatorSet, content + (UInt256)i);
            validators.Add(new ValidatorEntry(Address.FromWord(word), (word >> 160).U0, ""));
        }
        return validators;
    }

    private static void WriteSet(
        SortedDictionary<UInt256, UInt256> storage, UInt256 slot,
        IReadOnlyList<BondedValidator> members)
    {
        storage[slot] = (ulong)members.Count;
        UInt256 content = StorageLayout.ContentSlot(slot);
        for (int i = 0; i < members.Count; i++)
        {
            ValidatorEntry entry = members[i].Entry;
            storage[content + (UInt256)(ulong)i] =
                entry.Address.ToWord() | ((UInt256)entry.Weight << 160);
        }
    }
}
