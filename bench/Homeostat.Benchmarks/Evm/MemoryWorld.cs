using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Evm;

/// <summary>
/// A state in memory with a journal of undo steps: what measures the interpreter alone. The
/// tests use it too (linked into Homeostat.Evm.Tests).
/// </summary>
public sealed class MemoryWorld : IWorld
{
    private readonly LookupTable<Address, Account> _accounts = new();
    private readonly LookupTable<(Address, UInt256), UInt256> _storage = new();
    private readonly LookupTable<(Address, UInt256), UInt256> _original = new();
    private readonly LookupTable<(Address, UInt256), UInt256> _transient = new();
    private readonly LookupSet<Address> _warm = new();
    private readonly LookupSet<(Address, UInt256)> _warmSlots = new();
    private readonly LookupSet<Address> _created = new();
    private readonly LookupSet<Address> _destructed = new();
    private readonly Stack<Action> _undo = new();

    public List<Log> Logs { get; } = [];

    /// <summary>The state as the next transaction finds it.</summary>
    public MemoryWorld NextTransaction()
    {
        _original.Clear();
        _transient.Clear();
        _warm.Clear();
        _warmSlots.Clear();
        _created.Clear();
        _undo.Clear();
        Logs.Clear();
        return this;
    }

    public bool Exists(in Address address) => _accounts.ContainsKey(address);

    public bool IsDead(in Address address) =>
        !_accounts.TryGetValue(address, out Account account)
        || (account.Nonce == 0 && account.Balance.IsZero && account.Code.IsEmpty);

    public UInt256 GetBalance(in Address address) => Get(address).Balance;

    public void AddBalance(in Address address, in UInt256 amount)
    {
        Account account = Get(address);
        Set(address, account with { Balance = account.Balance + amount });
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
        Account account = Get(address);
        Set(address, account with { Balance = account.Balance - amount });
    }

    public ulong GetNonce(in Address address) => Get(address).Nonce;

    public void SetNonce(in Address address, ulong nonce) =>
        Set(address, Get(address) with { Nonce = nonce });

    public Hash256 GetCodeHash(in Address address) =>
        _accounts.TryGetValue(address, out Account account) ? account.Code.Hash : default;

    public Code GetCode(in Address address) => Get(address).Code;

    public void SetCode(in Address address, Code code) =>
        Set(address, Get(address) with { Code = code });

    public void CreateContract(in Address address)
    {
        Set(address, Get(address));
        Mark(_created, address);
    }

    public bool WasCreatedInTransaction(in Address address) => _created.Contains(address);

    public bool HasStorage(in Address address) => false;

    public UInt256 GetStorage(in Address address, in UInt256 slot) =>
        _storage.GetValueOrDefault((address, slot));

    public UInt256 GetOriginalStorage(in Address address, in UInt256 slot) =>
        _original.TryGetValue((address, slot), out UInt256 value)
            ? value
            : GetStorage(address, slot);

    public void SetStorage(in Address address, in UInt256 slot, in UInt256 value)
    {
        _original.TryAdd((address, slot), GetStorage(address, slot));
        Put(_storage, (address, slot), value);
    }

    /// <summary>A value the transaction finds.</summary>
    public void PresetStorage(in Address address, in UInt256 slot, in UInt256 value) =>
        _storage[(address, slot)] = value;

    /// <summary>All slots that are not zero, in their order.</summary>
    public IEnumerable<string> StorageOf(Address address) =>
        _storage.Sorted().Where(entry => entry.Key.Item1 == address && !entry.Value.IsZero)
            .Select(entry => $"{entry.Key.Item2}: {entry.Value}");

    public UInt256 GetTransient(in Address address, in UInt256 slot) =>
        _transient.GetValueOrDefault((address, slot));

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value) =>
        Put(_transient, (address, slot), value);

    public bool WarmAddress(in Address address) => Mark(_warm, address);

    public bool WarmSlot(in Address address, in UInt256 slot) => Mark(_warmSlots, (address, slot));

    public void SelfDestruct(in Address address) => Mark(_destructed, address);

    public bool HasSelfDestructed(in Address address) => _destructed.Contains(address);

    public void AddLog(Log log)
    {
        Logs.Add(log);
        _undo.Push(() => Logs.RemoveAt(Logs.Count - 1));
    }

    public int Snapshot() => _undo.Count;

    public void Revert(int snapshot)
    {
        while (_undo.Count > snapshot)
        {
            _undo.Pop()();
        }
    }

    public void Touch(in Address address)
    {
        if (!Exists(address))
        {
            Set(address, Get(address));
        }
    }

    private Account Get(in Address address) =>
        _accounts.TryGetValue(address, out Account account)
            ? account
            : new Account(0, UInt256.Zero, Code.Empty);

    private void Set(in Address address, in Account account) => Put(_accounts, address, account);

    private void Put<TKey, TValue>(LookupTable<TKey, TValue> table, TKey key, TValue value)
        where TKey : notnull
        where TValue : struct
    {
        bool existed = table.TryGetValue(key, out TValue before);
        table[key] = value;
        _undo.Push(() =>
        {
            if (existed)
            {
                table[key] = before;
            }
            else
            {
                table.Remove(key);
            }
        });
    }

    private bool Mark<T>(LookupSet<T> set, T item)
        where T : notnull
    {
        if (!set.Add(item))
        {
            return false;
        }
        PushRemoval(set, item);
        return true;
    }

    // Apart, since a closure is made where its method begins, whether or not it is needed.
    private void PushRemoval<T>(LookupSet<T> set, T item)
        where T : notnull => _undo.Push(() => set.Remove(item));

    private readonly record struct Account(ulong Nonce, UInt256 Balance, Code Code);
}
