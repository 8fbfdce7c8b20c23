using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a block's execution reads and changes: the parent's state under a cache of all accounts and
/// slots that were asked for, and a journal that undoes.
///
/// Copying the state at each call frame would be simple and ruinous: a frame may fail after it has
/// touched thousands of slots, and most frames touch few. So every change is made in place and its
/// opposite is written to the journal; a snapshot is the journal's length, and a revert plays the
/// journal back to it. What lasts one transaction (warmth, marks, original values) is stamped with
/// the transaction's number instead of being cleared. At the block's end only entries that were
/// listed as written are compared with what they were and put into the tries.
/// </summary>
public sealed partial class WorldState : IWorld
{
    // Mainnet deleted the touched precompile 3 though the touching call failed (EIP-161, block
    // 2675119); every client repeats that.
    private static readonly Address Ripemd = Address.FromNumber(3);

    private readonly LookupTable<Address, AccountEntry> _accounts = new(256);
    private readonly LookupTable<(Address, UInt256), UInt256> _transient = new();
    private readonly List<AccountEntry> _listed = [];
    private readonly List<AccountEntry> _touched = [];
    private readonly List<AccountEntry> _destroyed = [];
    private readonly INodeSource _source;
    private List<Log> _logs = [];
    private TrieNode? _trie;
    private AccountEntry? _last;
    private int _transaction = 1;

    public WorldState(WorldSnapshot parent)
    {
        Parent = parent;
        _source = parent.Source;
        _trie = parent.Accounts;
    }

    public WorldSnapshot Parent { get; }

    private AccountEntry Entry(in Address address)
    {
        AccountEntry entry = Unloaded(address);
        if (!entry.IsLoaded)
        {
            LoadAccount(entry);
        }
        return entry;
    }

    /// <summary>The entry for what needs no value: warmth and marks.</summary>
    private AccountEntry Unloaded(in Address address)
    {
        if (_last is { } last && last.Address.Equals(address))
        {
            return last;
        }
        ref AccountEntry? entry = ref _accounts.GetOrAddReference(address, out bool existed);
        if (!existed)
        {
            entry = new AccountEntry(address);
        }
        _last = entry;
        return entry!;
    }

    private void LoadAccount(AccountEntry entry)
    {
        AccountNode? node = Parent.FindAccount(entry.Address);
        entry.IsLoaded = true;
        entry.Before = node;
        entry.InTrie = node?.State;
        entry.Exists = node is not null;
        AccountState state = node?.State ?? AccountState.Empty;
        entry.Nonce = state.Nonce;
        entry.Balance = state.Balance;
        entry.CodeHash = state.CodeHash;
        entry.Code = node is null ? Code.Empty : node.Code;
        entry.Storage = node?.Storage;
    }

    private SlotEntry Slot(in Address address, in UInt256 key)
    {
        AccountEntry account = Entry(address);
        SlotEntry slot = account.Slot(key);
        if (!slot.IsLoaded)
        {
            slot.IsLoaded = true;
            slot.Value = WorldSnapshot.ReadSlot(ref account.Storage, key, _source);
            slot.InTrie = slot.Value;
            slot.Before = slot.Value;
            slot.Original = slot.Value;
            slot.OriginalIn = _transaction;
        }
        else if (slot.OriginalIn != _transaction)
        {
            slot.Original = slot.Value;
            slot.OriginalIn = _transaction;
        }
        return slot;
    }

    public bool Exists(in Address address) => Entry(address).Exists;

    public bool IsDead(in Address address)
    {
        AccountEntry entry = Entry(address);
        return !entry.Exists || entry.IsEmpty;
    }

    public UInt256 GetBalance(in Address address) => Entry(address).Balance;

    public ulong GetNonce(in Address address) => Entry(address).Nonce;

    public Hash256 GetCodeHash(in Address address)
    {
        AccountEntry entry = Entry(address);
        return entry.Exists ? entry.CodeHash : Hash256.Zero;
    }

    public Code GetCode(in Address address)
    {
        AccountEntry entry = Entry(address);
        return entry.Code ??= WorldSnapshot.LoadCode(entry.Before!, _source);
    }

    public bool WasCreatedInTransaction(in Address address) =>
        Unloaded(address).CreatedIn == _transaction;

    public bool HasSelfDestructed(in Address address) =>
        Unloaded(address).DestroyedIn == _transaction;

    public bool HasStorage(in Address address)
    {
        AccountEntry entry = Entry(address);
        if (entry.Storage is not null)
        {
            return true;
        }
        // An any over all entries does not depend on their order.
        return entry.Slots is not null
            && entry.Slots.InAnyOrder().Any(pair => !pair.Value.Value.IsZero);
    }

    public UInt256 GetStorage(in Address address, in UInt256 slot) => Slot(address, slot).Value;

    public UInt256 GetOriginalStorage(in Address address, in UInt256 slot) =>
        Slot(address, slot).Original;

    public UInt256 GetTransient(in Address address, in UInt256 slot) =>
        _transient.GetValueOrDefault((address, slot));

    /// <summary>Logs of the transaction so far.</summary>
    public IReadOnlyList<Log> Logs => _logs;

    /// <summary>Makes addresses warm in every transaction of this block: the precompiles.</summary>
    public void WarmAlways(IEnumerable<Address> addresses)
    {
        foreach (Address address in addresses)
        {
            Unloaded(address).WarmIn = int.MaxValue;
        }
    }

    /// <summary>
    /// Ends a transaction or system call: deletes what destroyed itself and, where the fork says so
    /// (EIP-161), touched accounts that are empty. Gives its logs.
    /// </summary>
    public IReadOnlyList<Log> EndTransaction(bool clearsEmptyAccounts)
    {
        foreach (AccountEntry entry in _destroyed)
        {
            if (entry.DestroyedIn == _transaction)
            {
                Delete(entry);
            }
        }
        foreach (AccountEntry entry in _touched)
        {
            if (clearsEmptyAccounts && entry.TouchedIn == _transaction
                && entry.Exists && entry.IsEmpty)
            {
                Delete(entry);
            }
        }
        _destroyed.Clear();
        _touched.Clear();
        if (_transient.Count > 0)
        {
            _transient.Clear();
        }
        _journal.Clear();
        _transaction++;
        List<Log> logs = _logs;
        _logs = logs.Count == 0 ? logs : [];
        return logs.Count == 0 ? [] : logs;
    }

    /// <summary>Makes an account what a simulated call is to see. Between transactions.</summary>
    internal void Override(in Address address, AccountOverride changes)
    {
        if (changes is { Nonce: null, Balance: null, Code: null, State: null, StateDiff: null })
        {
            return;
        }
        AccountEntry entry = Changing(address);
        entry.Nonce = changes.Nonce ?? entry.Nonce;
        entry.Balance = changes.Balance ?? entry.Balance;
        if (changes.Code is { } code)
        {
            SetCode(address, new Code(code));
        }
        if (changes.State is not null)
        {
            ClearStorage(entry);
        }
        foreach ((UInt256 slot, UInt256 value) in changes.State ?? changes.StateDiff ?? [])
        {
            SetStorage(address, slot, value);
        }
    }

    /// <summary>Puts an account back to what it was. Between transactions.</summary>
    internal void Restore(in Address address, EarlierAccount earlier, Code? code)
    {
        AccountEntry entry = Changing(address);
        if (earlier.WasAbsent)
        {
            ClearStorage(entry);
        }
        if (!earlier.Exists)
        {
            Delete(entry);
            return;
        }
        entry.Nonce = earlier.Nonce;
        entry.Balance = earlier.Balance;
        if (entry.CodeHash != earlier.CodeHash)
        {
            Invariant.Require(code is not null);
            SetCode(address, code!);
        }
        foreach ((UInt256 slot, UInt256 value) in earlier.Slots)
        {
            SetStorage(address, slot, value);
        }
    }

    private static void Delete(AccountEntry entry)
    {
        entry.Exists = false;
        entry.Nonce = 0;
        entry.Balance = UInt256.Zero;
        entry.CodeHash = Keccak.Empty;
        entry.Code = Code.Empty;
        ClearStorage(entry);
    }

    private static void ClearStorage(AccountEntry entry)
    {
        entry.Storage = null;
        entry.StorageCleared = true;
        if (entry.Slots is null)
        {
            return;
        }
        // Each entry is reset by itself, in whatever order.
        foreach (KeyValuePair<UInt256, SlotEntry> pair in entry.Slots.InAnyOrder())
        {
            SlotEntry slot = pair.Value;
            slot.IsLoaded = true;
            slot.Value = UInt256.Zero;
            slot.InTrie = UInt256.Zero;
        }
    }
}
