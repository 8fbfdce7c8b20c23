using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A slot with the trie nodes from the storage root to it.</summary>
public sealed record StorageProof(UInt256 Slot, UInt256 Value, IReadOnlyList<byte[]> Nodes);

/// <summary>
/// An account (null: absent) with the trie nodes from the state root to it or to where it would be.
/// </summary>
public sealed record AccountProof(
    Address Address,
    AccountState? Account,
    IReadOnlyList<byte[]> Nodes,
    IReadOnlyList<StorageProof> Slots)
{
    /// <summary>
    /// True when the nodes prove the account and all slots against the state root.
    /// </summary>
    public bool Verify(in Hash256 stateRoot)
    {
        byte[] key = Keccak.Hash(Address.Bytes).ToArray();
        if (!TrieProof.TryVerify(stateRoot, key, Nodes, out byte[]? value)
            || (value is null) != (Account is null)
            || (value is not null && !value.AsSpan().SequenceEqual(Account!.Encode())))
        {
            return false;
        }
        Hash256 storageRoot = Account?.StorageRoot ?? Keccak.EmptyTrie;
        foreach (StorageProof slot in Slots)
        {
            if (!VerifySlot(storageRoot, slot))
            {
                return false;
            }
        }
        return true;
    }

    private static bool VerifySlot(in Hash256 storageRoot, StorageProof slot)
    {
        byte[] key = WorldSnapshot.KeyOf(slot.Slot);
        if (!TrieProof.TryVerify(storageRoot, key, slot.Nodes, out byte[]? value))
        {
            return false;
        }
        if (value is null)
        {
            return slot.Value.IsZero;
        }
        var reader = new RlpReader(value);
        return reader.ReadUInt256() == slot.Value && reader.Finished && !slot.Value.IsZero;
    }
}
