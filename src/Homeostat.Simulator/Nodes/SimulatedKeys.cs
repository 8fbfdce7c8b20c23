using System.Runtime.InteropServices;
using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Signatures that cost next to nothing: r is a digest of signer and digest, s is the signer.
/// Nobody in a simulation forges; what is simulated is what happens to messages, not the curve.
/// </summary>
internal sealed class SimulatedKeys : IVoteVerifier, ISenderRecovery
{
    public static readonly SimulatedKeys Instance = new();

    [ThreadStatic]
    private static int recoveries;

    [ThreadStatic]
    private static int signatures;

    public static Signature Sign(in Address signer, in Hash256 digest)
    {
        signatures++;
        return new Signature(Mark(signer, digest), signer.ToWord(), false);
    }

    /// <summary>Forgets what this thread has signed and recovered.</summary>
    public static void ResetCounts() => (recoveries, signatures) = (0, 0);

    /// <summary>What all that would have cost with real keys, since the reset.</summary>
    public static long CostUs() =>
        MeasuredCosts.RecoverUs * recoveries + MeasuredCosts.SignUs * signatures;

    public bool TryRecover(in Hash256 digest, in Signature signature, out Address signer)
    {
        recoveries++;
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

    /// <summary>
    /// Two multiply-and-fold digests of signer and digest, below the curve's order. A real hash
    /// here was an eighth of a run's time; nobody in a simulation looks for collisions.
    /// </summary>
    private static UInt256 Mark(in Address signer, in Hash256 digest)
    {
        Span<byte> bytes = stackalloc byte[Address.Size + 4 + Hash256.Size];
        bytes.Clear();
        signer.CopyTo(bytes);
        digest.CopyTo(bytes[(Address.Size + 4)..]);
        ulong low = 0x9e3779b97f4a7c15;
        ulong high = 0xd6e8feb86659fd93;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            low = Fold(low ^ word, 0xa0761d6478bd642f);
            high = Fold(high ^ word, 0xe7037ed1a0b428db);
        }
        return new UInt256(low | 1, high, 0, 0);
    }

    private static ulong Fold(ulong word, ulong prime)
    {
        ulong high = Math.BigMul(word, prime, out ulong low);
        return unchecked((high ^ low) + prime);
    }
}

/// <summary>A validator's signer made of nothing but its address.</summary>
internal sealed class SimulatedSigner(Address address) : ISigner
{
    public Address Address { get; } = address;

    public Signature Sign(in Hash256 digest) => SimulatedKeys.Sign(Address, digest);
}
