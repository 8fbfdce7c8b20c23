using Homeostat.Primitives;

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
    /// <summary>The vector's first two words in FeePool.</summary>
    public static readonly UInt256 Slot = UInt256.Zero;

    public static OrderingParameters Read(IStorageReader state) => FromWords(
        state.Read(PredeployAddresses.FeePool, Slot),
        state.Read(PredeployAddresses.FeePool, Slot + UInt256.One));

    /// <summary>The fields in their order, 64 bits each from the lowest on.</summary>
    public static OrderingParameters FromWords(in UInt256 first, in UInt256 second) => new(
        first.U0, first.U1, first.U2, first.U3, second.U0, second.U1, second.U2);

    public (UInt256 First, UInt256 Second) ToWords() => (
        new UInt256(FastPremium, UrgentPremium, FastShare, UrgentShare),
        new UInt256(InclusionFee, OverdueMs, Levels));
}
