using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Validator sets as states hold them. The contract writes a set in an epoch's last block and at
/// no other time, so every state says who votes for its block's children.
/// </summary>
internal static class EpochSets
{
    /// <summary>
    /// Null where the state holds no set that could vote; the contract writes none.
    /// </summary>
    public static ValidatorSet? Read(WorldSnapshot state) =>
        SetOf(ValidatorStorage.Read(new SnapshotStorage(state)));

    /// <summary>Those of the epoch before.</summary>
    public static ValidatorSet? ReadPrevious(WorldSnapshot state) =>
        SetOf(ValidatorStorage.ReadPrevious(new SnapshotStorage(state)));

    private static ValidatorSet? SetOf(IReadOnlyList<ValidatorEntry> entries)
    {
        ValidatorSet.TryCreate(
            entries.Select(entry => new Validator(entry.Address, entry.Weight)),
            out ValidatorSet? set);
        return set;
    }
}
