using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A protocol revision that has been put in force.</summary>
/// <param name="Number">1 for that of a usual genesis; each next one is one higher.</param>
/// <param name="FirstBlock">The first block that follows it; 0 for genesis'.</param>
/// <param name="Spec">keccak256 of its specification's text.</param>
/// <param name="Version">Node software that governance says knows it; empty for genesis'.</param>
public sealed record ActiveRevision(ulong Number, Height FirstBlock, Hash256 Spec, string Version);

/// <summary>A protocol revision that governance has proposed, not in force yet.</summary>
/// <param name="Deadline">Unix seconds from which on two thirds of the weight are enough.</param>
/// <param name="LockedAt">The block that locked it in; null before.</param>
/// <param name="Weight">Signalled when an epoch's end last counted it.</param>
/// <param name="Total">Weight of all validators then; 0 when nothing was counted yet.</param>
public sealed record ProposedRevision(
    ulong Number, Hash256 Spec, string Version, ulong Deadline, Height ProposedAt,
    Height? LockedAt, UInt128 Weight, UInt128 Total);

/// <summary>
/// The Revisions predeploy (contracts/src/governance/Revisions.sol): at slot 0 the revisions that
/// were put in force, three words each, and from slot 1 on the one that is proposed.
/// </summary>
public static class RevisionStorage
{
    /// <summary>More than one a week for twenty years.</summary>
    public const ulong MaximumCount = 1_024;

    private const int MaximumVersionBytes = 31;
    private const ulong WordsOfActivation = 3;

    private static readonly UInt256 HistorySlot = 0;
    private static readonly UInt256 ProposalSlot = 1;

    /// <summary>
    /// The revision the child of this state's block follows. The contract changes it in an epoch's
    /// last block only, whose children come when it is final: so it is never read from a block
    /// that may yet be undone. Null where there is no such contract.
    /// </summary>
    public static ActiveRevision? Read(IStorageReader state)
    {
        ulong count = ReadCount(state);
        return count == 0 ? null : At(state, count - 1);
    }

    /// <summary>How many were put in force, genesis' one among them.</summary>
    public static ulong ReadCount(IStorageReader state) =>
        Math.Min(Word(state, HistorySlot).ToUInt64Saturating(), MaximumCount);

    /// <summary>All that were put in force, oldest first.</summary>
    public static IReadOnlyList<ActiveRevision> ReadAll(IStorageReader state)
    {
        var all = new List<ActiveRevision>();
        ulong count = ReadCount(state);
        for (ulong i = 0; i < count; i++)
        {
            all.Add(At(state, i));
        }
        return all;
    }

    /// <summary>What governance has proposed, or null.</summary>
    public static ProposedRevision? ReadProposed(IStorageReader state)
    {
        UInt256 word = Word(state, ProposalSlot);
        if (word.U0 == 0)
        {
            return null;
        }
        UInt256 counted = Word(state, ProposalSlot + (UInt256)3UL);
        return new ProposedRevision(
            word.U0,
            Word(state, ProposalSlot + (UInt256)1UL).ToHash256(),
            Text(state, ProposalSlot + (UInt256)2UL),
            word.U1, new Height(word.U2), word.U3 == 0 ? null : new Height(word.U3),
            new UInt128(counted.U1, counted.U0), new UInt128(counted.U3, counted.U2));
    }

    /// <summary>The revision that a network begins with.</summary>
    public static SortedDictionary<UInt256, UInt256> Genesis(ulong number, in Hash256 spec)
    {
        UInt256 content = StorageLayout.ContentSlot(HistorySlot);
        return new SortedDictionary<UInt256, UInt256>
        {
            [HistorySlot] = UInt256.One,
            [content] = number,
            [content + UInt256.One] = UInt256.FromHash256(spec),
        };
    }

    private static ActiveRevision At(IStorageReader state, ulong index)
    {
        UInt256 slot = StorageLayout.ContentSlot(HistorySlot)
            + (UInt256)(index * WordsOfActivation);
        UInt256 word = Word(state, slot);
        return new ActiveRevision(
            word.U0, new Height(word.U1), Word(state, slot + UInt256.One).ToHash256(),
            Text(state, slot + (UInt256)2UL));
    }

    // An upgraded contract may have put anything there: what is no short text is none.
    private static string Text(IStorageReader state, in UInt256 slot) =>
        StorageLayout.TryReadBytes(
            state, PredeployAddresses.Revisions, slot, MaximumVersionBytes, out byte[] bytes)
        && Array.TrueForAll(bytes, b => b is > 0x20 and < 0x7f)
            ? Encoding.ASCII.GetString(bytes)
            : "";

    private static UInt256 Word(IStorageReader state, in UInt256 slot) =>
        state.Read(PredeployAddresses.Revisions, slot);
}
