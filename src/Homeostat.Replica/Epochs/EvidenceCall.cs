using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Evidence as a call of the ValidatorSet predeploy (`slash`), which anyone may send.
/// </summary>
public static class EvidenceCall
{
    private const string Vote = "(uint64,uint64,uint8,bytes32,bytes32,bytes32,bytes32,uint8)";

    private static readonly byte[] Selector = Keccak.Hash(
        System.Text.Encoding.ASCII.GetBytes($"slash({Vote},{Vote})")).Bytes[..4].ToArray();

    /// <summary>The contract that takes it.</summary>
    public static Address Target => PredeployAddresses.ValidatorSet;

    /// <summary>That of a payload's evidence; empty where it brings none.</summary>
    public static ReadOnlyMemory<byte> Of(ConsensusPayload payload) =>
        payload.Evidence is { } evidence ? Encode(evidence) : default;

    /// <summary>Two tuples of eight words each, none of them dynamic.</summary>
    public static byte[] Encode(Evidence evidence) =>
    [
        .. Selector,
        .. Words(evidence.First).Concat(Words(evidence.Second))
            .SelectMany(word => word.ToBigEndian()),
    ];

    private static UInt256[] Words(Vote vote) =>
    [
        vote.Epoch.Value, vote.View.Value, (ulong)vote.Kind,
        UInt256.FromHash256(vote.BlockHash), UInt256.FromHash256(vote.ObservationHash),
        vote.Signature.R, vote.Signature.S, vote.Signature.YParity ? 28UL : 27UL,
    ];
}
