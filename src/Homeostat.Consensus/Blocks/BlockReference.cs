using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>All that consensus knows of a block beside its opaque bytes.</summary>
public sealed record BlockReference(
    Height Height,
    View View,
    View ParentView,
    Hash256 Hash,
    Hash256 ParentHash,
    long TimeMs)
{
    /// <summary>
    /// The block every chain starts from: view 0, height 0, its own parent's hash zero.
    /// </summary>
    public static BlockReference Genesis(Hash256 hash, long timeMs) =>
        new(Height.Genesis, View.Genesis, View.Genesis, hash, Hash256.Zero, timeMs);
}

/// <summary>
/// Reads what consensus needs out of an encoded block (the Replica knows its format). Never
/// throws on bad bytes. True only if the block's hash commits to the payload
/// (parentBeaconBlockRoot = <see cref="ConsensusPayload.Hash"/>) and the reference agrees with it.
/// Whether the body fits the header may be left to verification
/// (<see cref="VerificationResult.BodyMismatch"/>).
/// </summary>
public interface IBlockReader
{
    bool TryRead(byte[] encoded, out BlockReference reference, out ConsensusPayload payload);
}
