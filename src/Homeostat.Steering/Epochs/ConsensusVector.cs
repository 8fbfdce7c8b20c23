namespace Homeostat.Steering;

/// <summary>
/// What consensus itself reads of the Constitution: moved in an epoch's last block, in force for
/// the whole next epoch (docs/spec/consensus.md, "The consensus loop").
/// </summary>
/// <param name="LeaderTimeoutMs">How long a leader with work is waited for; a view may take twice
/// that from the proposal.</param>
/// <param name="LeaderFloor">Of the views that round robin would give it, what a leader keeps whose
/// views fail; ten-thousandths, 10,000 is round robin.</param>
/// <param name="WeightCap">Most weight of one validator, ten-thousandths of all.</param>
/// <param name="Presence">A validator with votes in fewer of an epoch's blocks is jailed;
/// ten-thousandths, 0: nobody is.</param>
public readonly record struct ConsensusVector(
    ulong LeaderTimeoutMs, ulong LeaderFloor, ulong WeightCap, ulong Presence)
{
    /// <summary>Its loop's place in the Constitution.</summary>
    public const int Place = 3;

    public const int Fields = 4;

    public static ConsensusVector Read(IStorageReader state) =>
        From(ConstitutionStorage.ReadVector(state, Place, Fields));

    /// <summary>From the fields in their order.</summary>
    public static ConsensusVector From(IReadOnlyList<ulong> fields) =>
        new(fields[0], fields[1], fields[2], fields[3]);
}
