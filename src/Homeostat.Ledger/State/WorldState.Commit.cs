using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

public sealed partial class WorldState
{
    /// <summary>
    /// The state root after the transactions so far, which pre-Byzantium receipts hold. Only
    /// between transactions.
    /// </summary>
    public Hash256 ComputeRoot()
    {
        Flush();
        return TrieSealer.RootHash(_trie);
    }

    /// <summary>
    /// Ends the block: the state with all changes, and the changes. This object is of no use after.
    /// </summary>
    public (WorldSnapshot State, StateChanges Changes) Commit()
    {
        Flush();
        var changes = new List<AccountChange>();
        var codes = new List<Code>();
        var replaced = new List<Code>();
        _listed.Sort((a, b) => a.Address.CompareTo(b.Address));
        foreach (AccountEntry entry in _listed)
        {
            AccountState? before = entry.Before?.State;
            AccountState? after = entry.Exists ? StateOf(entry) : null;
            List<SlotChange> slots = SlotChanges(entry);
            if (before == after && slots.Count == 0)
            {
                continue;
            }
            changes.Add(new AccountChange(
                entry.Address, before, after, slots, entry.StorageCleared && before is not null));
            if (after is { HasCode: true } && entry.CodeHash != before?.CodeHash)
            {
                codes.Add(entry.Code!);
            }
            if (before is { HasCode: true } && before.CodeHash != after?.CodeHash)
            {
                replaced.Add(WorldSnapshot.LoadCode(entry.Before!, _source));
            }
        }
        return (
            new WorldSnapshot(_trie, _source), new StateChanges(changes, codes, replaced));
    }

    private static AccountState StateOf(AccountEntry entry) =>
        new(entry.Nonce, entry.Balance, TrieSealer.RootHash(entry.Storage), entry.CodeHash);

    private static List<SlotChange> SlotChanges(AccountEntry entry)
    {
        var slots = new List<SlotChange>();
        foreach (SlotEntry slot in entry.WrittenSlots ?? [])
        {
            if (!slot.Before.Equals(slot.Value))
            {
                slots.Add(new SlotChange(slot.Key, slot.Before, slot.Value));
            }
        }
        slots.Sort((a, b) => a.Slot.CompareTo(b.Slot));
        return slots;
    }

    /// <summary>Puts all that was written so far into the tries and seals them.</summary>
    private void Flush()
    {
        Invariant.Require(_journal.Count == 0);
        var storage = new TrieSealer();
        foreach (AccountEntry entry in _listed)
        {
            if (FlushStorage(entry))
            {
                storage.Add(entry.Storage);
            }
        }
        storage.Seal();
        TrieChange[] changes = AccountChanges();
        _trie = MerkleTrie.Update(_trie, changes, _source);
        TrieSealer.Seal(_trie);
    }

    private bool FlushStorage(AccountEntry entry)
    {
        if (entry.WrittenSlots is not { } written)
        {
            return false;
        }
        List<SlotEntry> dirty = written.FindAll(slot => !slot.Value.Equals(slot.InTrie));
        byte[][] keys = HashedKeys(dirty.Count, i => dirty[i].Key.ToBigEndian());
        var changes = new TrieChange[dirty.Count];
        for (int i = 0; i < changes.Length; i++)
        {
            SlotEntry slot = dirty[i];
            slot.InTrie = slot.Value;
            changes[i] = new TrieChange(NibblePath.OfKey(keys[i]), EncodeSlot(slot.Value), null);
        }
        Array.Sort(keys, changes, KeyOrder);
        entry.Storage = MerkleTrie.Update(entry.Storage, changes, _source);
        return true;
    }

    private static byte[]? EncodeSlot(in UInt256 value)
    {
        if (value.IsZero)
        {
            return null;
        }
        var writer = new RlpWriter(64);
        writer.Write(value);
        return writer.ToArray();
    }

    /// <summary>
    /// Listed accounts as changes of the account trie. One that is as it was is no change, which
    /// keeps its path in the trie shared.
    /// </summary>
    private TrieChange[] AccountChanges()
    {
        byte[][] keys = HashedKeys(_listed.Count, i => _listed[i].Address.ToArray());
        var sortedKeys = new List<byte[]>(keys.Length);
        var changes = new List<TrieChange>(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            AccountEntry entry = _listed[i];
            AccountNode? node = null;
            byte[]? value = null;
            if (entry.Exists)
            {
                AccountState state = StateOf(entry);
                if (state == entry.InTrie)
                {
                    continue;
                }
                node = new AccountNode(state, entry.Storage, entry.Code ?? entry.Before?.Code)
                {
                    IsCodeStored = entry.Before is { IsCodeStored: true } before
                        && before.State.CodeHash == state.CodeHash,
                };
                value = state.Encode();
            }
            else if (entry.InTrie is null)
            {
                continue;
            }
            entry.InTrie = node?.State;
            sortedKeys.Add(keys[i]);
            changes.Add(new TrieChange(NibblePath.OfKey(keys[i]), value, node));
        }
        TrieChange[] result = [.. changes];
        Array.Sort(sortedKeys.ToArray(), result, KeyOrder);
        return result;
    }

    private static readonly Comparer<byte[]> KeyOrder =
        Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static byte[][] HashedKeys(int count, Func<int, byte[]> preimage)
    {
        var inputs = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            inputs[i] = preimage(i);
        }
        var hashes = new Hash256[count];
        Keccak.HashMany(inputs, hashes);
        byte[][] keys = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            keys[i] = hashes[i].ToArray();
        }
        return keys;
    }
}
