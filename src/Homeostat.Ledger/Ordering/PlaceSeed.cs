using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The seed of a block's places, its mix hash (PREVRANDAO): that of its parent mixed with what the
/// leader reveals. Each validator commits beforehand to a chain of hashes and reveals it from its
/// end, so nobody but the leader knows a seed early, and the leader can only reveal or not.
/// </summary>
public static class PlaceSeed
{
    /// <summary>keccak256(parent's seed ‖ reveal).</summary>
    public static Hash256 Next(in Hash256 parentSeed, in Hash256 reveal)
    {
        Span<byte> bytes = stackalloc byte[2 * Hash256.Size];
        parentSeed.CopyTo(bytes);
        reveal.CopyTo(bytes[Hash256.Size..]);
        return Keccak.Hash(bytes);
    }

    /// <summary>Homeostat's predeploy of commitments (contracts/src/Randomness.sol).</summary>
    public static readonly Address Contract = Address.FromNumber(0x484f0006);

    /// <summary>Its slot for a validator: keccak256(address ‖ 0), a mapping at slot 0.</summary>
    public static UInt256 CommitmentSlot(in Address validator)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes.Clear();
        validator.CopyTo(bytes[12..]);
        return UInt256.FromHash256(Keccak.Hash(bytes));
    }

    /// <summary>What the validator is committed to reveal the preimage of; zero: nothing.</summary>
    public static Hash256 CommitmentOf(WorldSnapshot state, in Address validator) =>
        state.GetStorage(Contract, CommitmentSlot(validator)).ToHash256();

    /// <summary>
    /// True when the leader may reveal this: the preimage of its commitment, or nothing.
    /// </summary>
    public static bool IsReveal(in Hash256 reveal, in Hash256 commitment) =>
        reveal.IsZero || (!commitment.IsZero && Keccak.Hash(reveal.Bytes) == commitment);
}
