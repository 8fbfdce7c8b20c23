using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The seed of a block's places: its parent's mix hash mixed with what the leader reveals. Its own
/// mix hash (PREVRANDAO) is the hash of that, so that contracts can't compute places in the block
/// they run in. Each validator commits beforehand to a chain of hashes and reveals it from its
/// end, so nobody but the leader knows a seed early, and the leader can only reveal or not.
///
/// A chain ends. Instead of a reveal a leader may put the commitment to its next chain into its
/// block: it is in force so many blocks later that nobody knows their seeds, and does not go into
/// the seed of its own block, which it could choose otherwise.
/// </summary>
public static class PlaceSeed
{
    /// <summary>Blocks until a new chain counts; Randomness.sol's DELAY_BLOCKS.</summary>
    public const ulong DelayBlocks = 256;

    /// <summary>The mix hash of a block with this seed: keccak256 of it.</summary>
    public static Hash256 MixHashOf(in Hash256 seed) => Keccak.Hash(seed.Bytes);

    /// <summary>keccak256(parent's mix hash ‖ reveal).</summary>
    public static Hash256 Next(in Hash256 parentMixHash, in Hash256 reveal)
    {
        Span<byte> bytes = stackalloc byte[2 * Hash256.Size];
        parentMixHash.CopyTo(bytes);
        reveal.CopyTo(bytes[Hash256.Size..]);
        return Keccak.Hash(bytes);
    }

    /// <summary>Homeostat's predeploy of commitments (contracts/src/Randomness.sol).</summary>
    public static readonly Address Contract = Address.FromNumber(0x484f0006);

    /// <summary>Its slot for a validator: keccak256(address ‖ 0), a mapping at slot 0.</summary>
    public static UInt256 CommitmentSlot(in Address validator) => MappingSlot(validator, 0);

    /// <summary>
    /// The next chain's commitment; in the slot after it the block from which it counts.
    /// </summary>
    public static UInt256 PendingSlot(in Address validator) => MappingSlot(validator, 1);

    /// <summary>
    /// What the validator is committed to reveal the preimage of in a block of this number; zero:
    /// nothing.
    /// </summary>
    public static Hash256 CommitmentOf(
        WorldSnapshot state, in Address validator, Height number)
    {
        UInt256 slot = PendingSlot(validator);
        UInt256 from = state.GetStorage(Contract, slot + UInt256.One);
        bool isInForce = !from.IsZero && from <= number.Value;
        return state.GetStorage(Contract, isInForce ? slot : CommitmentSlot(validator))
            .ToHash256();
    }

    /// <summary>Whether the validator has a next chain that does not count yet.</summary>
    public static bool IsRenewing(
        WorldSnapshot state, in Address validator, Height number) =>
        state.GetStorage(Contract, PendingSlot(validator) + UInt256.One) > number.Value;

    /// <summary>True for the preimage of the commitment, or nothing.</summary>
    public static bool IsReveal(in Hash256 reveal, in Hash256 commitment) =>
        reveal.IsZero || (!commitment.IsZero && Keccak.Hash(reveal.Bytes) == commitment);

    /// <summary>
    /// Writes what the block's leader put in, a reveal or a next chain, after its transactions:
    /// from the reveal they could compute the places.
    /// </summary>
    public static void Apply(
        WorldState state, WorldSnapshot parent, in Address leader, Height number,
        in Hash256 reveal)
    {
        UInt256 value = UInt256.FromHash256(reveal);
        UInt256 pending = PendingSlot(leader);
        if (!IsReveal(reveal, CommitmentOf(parent, leader, number)))
        {
            state.SetStorage(Contract, pending, value);
            state.SetStorage(Contract, pending + UInt256.One, number.Value + DelayBlocks);
            return;
        }
        state.SetStorage(Contract, CommitmentSlot(leader), value);
        UInt256 from = parent.GetStorage(Contract, pending + UInt256.One);
        // Not one that the leader has put there in this block.
        if (!from.IsZero && from <= number.Value
            && state.GetStorage(Contract, pending + UInt256.One) == from)
        {
            state.SetStorage(Contract, pending, UInt256.Zero);
            state.SetStorage(Contract, pending + UInt256.One, UInt256.Zero);
        }
    }

    private static UInt256 MappingSlot(in Address validator, byte slot)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes.Clear();
        validator.CopyTo(bytes[12..]);
        bytes[^1] = slot;
        return UInt256.FromHash256(Keccak.Hash(bytes));
    }
}
