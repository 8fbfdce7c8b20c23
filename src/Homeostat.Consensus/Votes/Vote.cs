using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>The three votes of Simplex; the numbers are part of the signed data.</summary>
public enum VoteKind : byte
{
    /// <summary>For a block in its view; carries the voter's observation.</summary>
    Notarize = 1,

    /// <summary>For leaving a view without a block (the paper's dummy block).</summary>
    Nullify = 2,

    /// <summary>
    /// For a notarized block, by a voter who did not and will not nullify its view.
    /// </summary>
    Finalize = 3,
}

/// <summary>
/// One validator's signed vote. <see cref="BlockHash"/> is zero in a nullify vote and
/// <see cref="Observation"/> empty in all but notarize votes.
/// </summary>
public sealed record Vote(
    VoteKind Kind,
    Epoch Epoch,
    View View,
    Hash256 BlockHash,
    ValidatorIndex Signer,
    byte[] Observation,
    Signature Signature)
{
    /// <summary>Keccak-256 of the observation; zero where there is none.</summary>
    public Hash256 ObservationHash => HashOf(Observation);

    /// <summary>
    /// What is signed about an observation: its Keccak-256, zero for an empty one.
    /// </summary>
    public static Hash256 HashOf(ReadOnlySpan<byte> observation) =>
        observation.IsEmpty ? Hash256.Zero : Keccak.Hash(observation);

    /// <summary>True when both say the same: the signatures may still differ.</summary>
    public bool SaysSameAs(Vote other) =>
        Kind == other.Kind && Epoch == other.Epoch && View == other.View
        && BlockHash == other.BlockHash && Signer == other.Signer
        && Observation.AsSpan().SequenceEqual(other.Observation);
}

/// <summary>Signs digests with one validator's key; deterministic (RFC 6979).</summary>
public interface ISigner
{
    Address Address { get; }

    Signature Sign(in Hash256 digest);
}

/// <summary>
/// Recovers signers. Pure, so that a simulator may share one memo among all replicas, and a later
/// node may run it on threads before votes reach the machine.
/// </summary>
public interface IVoteVerifier
{
    bool TryRecover(in Hash256 digest, in Signature signature, out Address signer);
}

/// <summary>The production verifier: libsecp256k1 through Primitives.</summary>
public sealed class Secp256k1Verifier : IVoteVerifier
{
    public bool TryRecover(in Hash256 digest, in Signature signature, out Address signer) =>
        Secp256k1.TryRecover(digest, signature, out signer);
}

/// <summary>A signer over a key in memory.</summary>
public sealed class LocalSigner(Hash256 privateKey) : ISigner
{
    public Address Address { get; } = Secp256k1.AddressOf(privateKey);

    public Signature Sign(in Hash256 digest) => Secp256k1.Sign(digest, privateKey);
}
