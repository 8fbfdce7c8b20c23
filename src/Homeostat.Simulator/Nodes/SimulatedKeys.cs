using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Signatures that cost one hash: r is a hash of signer and digest, s is the signer. Nobody in a
/// simulation forges; what is simulated is what happens to messages, not the curve.
/// </summary>
internal sealed class SimulatedKeys : IVoteVerifier, ISenderRecovery
{
    public static readonly SimulatedKeys Instance = new();

    public static Signature Sign(in Address signer, in Hash256 digest) =>
        new(Mark(signer, digest), signer.ToWord(), false);

    public bool TryRecover(in Hash256 digest, in Signature signature, out Address signer)
    {
        signer = Address.FromWord(signature.S);
        return signature.S == signer.ToWord() && signature.R == Mark(signer, digest);
    }

    public bool TryRecover(Transaction transaction, out RecoveredTransaction recovered)
    {
        bool isSigned = TryRecover(
            transaction.SigningHash, transaction.Signature, out Address sender);
        recovered = isSigned ? new RecoveredTransaction(transaction, sender) : null!;
        return isSigned;
    }

    /// <summary>31 bytes, so that it is below the curve's order.</summary>
    private static UInt256 Mark(in Address signer, in Hash256 digest)
    {
        Span<byte> bytes = stackalloc byte[Address.Size + Hash256.Size];
        signer.CopyTo(bytes);
        digest.CopyTo(bytes[Address.Size..]);
        return UInt256.FromBigEndian(Keccak.Hash(bytes).Bytes[1..]);
    }
}

/// <summary>A validator's signer made of nothing but its address.</summary>
internal sealed class SimulatedSigner(Address address) : ISigner
{
    public Address Address { get; } = address;

    public Signature Sign(in Hash256 digest) => SimulatedKeys.Sign(Address, digest);
}
