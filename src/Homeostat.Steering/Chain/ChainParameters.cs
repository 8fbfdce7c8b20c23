using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The capacity vector in force for the child of the state it is read from. Constitution keeps it
/// packed in its slot 0 (docs/spec/steering.md, "Storage").
/// </summary>
/// <param name="GasTargetPerSecond">Gas a second at which the base fee stands still.</param>
/// <param name="GasLimit">Hard cap on a block's gas.</param>
/// <param name="MinimumBaseFee">Wei per gas under which the base fee never falls.</param>
/// <param name="BlockIntervalMs">Least milliseconds between a block and its parent.</param>
public readonly record struct ChainParameters(
    ulong GasTargetPerSecond, ulong GasLimit, ulong MinimumBaseFee, ulong BlockIntervalMs)
{
    /// <summary>The slot of Constitution that holds the vector.</summary>
    public static readonly UInt256 Slot = UInt256.Zero;

    public static ChainParameters Read(IStorageReader state) =>
        FromWord(state.Read(PredeployAddresses.Constitution, Slot));

    /// <summary>
    /// Unpacks a storage word: target in the lowest 64 bits, then limit, fee, interval.
    /// </summary>
    public static ChainParameters FromWord(in UInt256 word) =>
        new(word.U0, word.U1, word.U2, word.U3);

    public UInt256 ToWord() =>
        new(GasTargetPerSecond, GasLimit, MinimumBaseFee, BlockIntervalMs);
}
