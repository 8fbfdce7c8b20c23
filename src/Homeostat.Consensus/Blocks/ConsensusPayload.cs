using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// The part of a block that consensus writes; its hash is the header's parentBeaconBlockRoot.
/// The parent's notarization carries the observations of its votes; it is null only when the
/// parent is genesis.
/// </summary>
public sealed record ConsensusPayload(
    Epoch Epoch,
    View View,
    View ParentView,
    long TimeMs,
    Hash256 ValidatorSetHash,
    Hash256 RandomnessReveal,
    Certificate? ParentNotarization)
{
    /// <summary>Keccak-256 of the RLP encoding.</summary>
    public Hash256 Hash => Keccak.Hash(Encode());

    public byte[] Encode() => throw new NotSupportedException();

    /// <summary>Why the bytes are no payload, or null and the payload.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> encoded, out ConsensusPayload? payload) =>
        throw new NotSupportedException();
}
