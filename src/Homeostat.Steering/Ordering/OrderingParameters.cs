namespace Homeostat.Steering;

/// <summary>
/// The ordering vector in force for the child of the state it is read from (docs/spec/ordering.md).
/// </summary>
/// <param name="FastPremium">Wei per gas of the fast class over the base fee.</param>
/// <param name="UrgentPremium">Of the urgent class; at least the fast one's.</param>
/// <param name="FastShare">Quota of the fast class, ten-thousandths of a block's gas.</param>
/// <param name="UrgentShare">Quota of the urgent class.</param>
/// <param name="InclusionFee">Wei per gas of the price that go to the validators.</param>
/// <param name="OverdueMs">After this in its pool a validator calls a transaction overdue.</param>
/// <param name="Levels">Score levels in use inside a class, 1 to 4.</param>
public readonly record struct OrderingParameters(
    ulong FastPremium, ulong UrgentPremium, ulong FastShare, ulong UrgentShare,
    ulong InclusionFee, ulong OverdueMs, ulong Levels)
{
    /// <summary>Its loop's place in the Constitution.</summary>
    public const int Place = 1;

    public const int Fields = 7;

    /// <summary>Of <see cref="OverdueMs"/> in the vector.</summary>
    public const int OverdueField = 5;

    public static OrderingParameters Read(IStorageReader state) =>
        From(ConstitutionStorage.ReadVector(state, Place, Fields));

    /// <summary>From the fields in their order.</summary>
    public static OrderingParameters From(IReadOnlyList<ulong> fields) => new(
        fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]);
}
