using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// An account as a block's execution has it now. Marks that last a transaction are kept as the
/// number of the transaction that set them, so beginning the next one clears them all for nothing.
/// </summary>
internal sealed class AccountEntry(in Address address)
{
    private UInt256 _lastSlotKey;
    private SlotEntry? _lastSlot;

    public Address Address { get; } = address;

    /// <summary>What the parent's state had; null when absent. Valid once loaded.</summary>
    public AccountNode? Before;

    /// <summary>What the account trie holds as far as it was brought up.</summary>
    public AccountState? InTrie;

    public bool IsLoaded;
    public bool Exists;
    public ulong Nonce;
    public UInt256 Balance;
    public Hash256 CodeHash;

    /// <summary>Null when not loaded from the source yet.</summary>
    public Code? Code;

    /// <summary>The trie that holds slots not in <see cref="Slots"/>.</summary>
    public TrieNode? Storage;

    public LookupTable<UInt256, SlotEntry>? Slots;

    /// <summary>Slots written in this block, to be put into the trie.</summary>
    public List<SlotEntry>? WrittenSlots;

    /// <summary>Warm in this transaction; <see cref="int.MaxValue"/>: in every one.</summary>
    public int WarmIn;

    public int TouchedIn;
    public int CreatedIn;
    public int DestroyedIn;

    /// <summary>All slots the parent's state had are gone.</summary>
    public bool StorageCleared;

    /// <summary>Listed among the accounts that this block may have changed.</summary>
    public bool IsListed;

    public bool IsEmpty => Nonce == 0 && Balance.IsZero && CodeHash == Keccak.Empty;

    public SlotEntry Slot(in UInt256 key)
    {
        if (_lastSlot is { } last && _lastSlotKey.Equals(key))
        {
            return last;
        }
        Slots ??= new LookupTable<UInt256, SlotEntry>();
        ref SlotEntry? slot = ref Slots.GetOrAddReference(key, out bool existed);
        if (!existed)
        {
            slot = new SlotEntry(key);
        }
        _lastSlotKey = key;
        _lastSlot = slot;
        return slot!;
    }
}

/// <summary>A storage slot as a block's execution has it now.</summary>
internal sealed class SlotEntry(in UInt256 key)
{
    public UInt256 Key { get; } = key;

    public bool IsLoaded;
    public UInt256 Value;

    /// <summary>Value at the start of the transaction <see cref="OriginalIn"/>.</summary>
    public UInt256 Original;

    public int OriginalIn;

    /// <summary>Value in the parent's state.</summary>
    public UInt256 Before;

    /// <summary>Value in the trie as far as it was brought up.</summary>
    public UInt256 InTrie;

    public int WarmIn;
    public bool IsListed;
}
