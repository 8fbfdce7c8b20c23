using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Explain;

/// <summary>
/// The state before a block as proofs show it, for running transaction 0 once more: accounts and
/// storage from <see cref="ProvenStorage"/> (which notes what is missing), code by its hash, and
/// what the run itself writes. Rules pay and call, so balances and other people's contracts count.
/// </summary>
internal sealed class ProvenWorld(ProvenStorage storage, IReadOnlyDictionary<Address, Code> codes)
    : IWorld
{
    private readonly Dictionary<(Address, UInt256), UInt256> _written = [];
    private readonly Dictionary<(Address, UInt256), UInt256> _transient = [];
    private readonly Dictionary<Address, UInt256> _balances = [];
    private readonly Dictionary<Address, ulong> _nonces = [];
    private readonly Dictionary<Address, Code> _codes = [];
    private readonly HashSet<Address> _touched = [];
    private readonly HashSet<Address> _created = [];
    private readonly HashSet<Address> _destroyed = [];
    private readonly HashSet<Address> _warm = [];
    private readonly HashSet<(Address, UInt256)> _warmSlots = [];
    private readonly Stack<Action> _undo = new();

    public List<Log> Logs { get; } = [];

    public bool Exists(in Address address) =>
        _touched.Contains(address) || storage.Account(address) is not null;

    public bool IsDead(in Address address) => GetBalance(address).IsZero
        && GetNonce(address) == 0 && GetCode(address).Length == 0;

    public UInt256 GetBalance(in Address address) =>
        _balances.TryGetValue(address, out UInt256 balance)
            ? balance
            : storage.Account(address)?.Balance ?? UInt256.Zero;

    public void AddBalance(in Address address, in UInt256 amount)
    {
        Touch(address);
        Put(_balances, address, GetBalance(address) + amount);
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
        Touch(address);
        Put(_balances, address, GetBalance(address) - amount);
    }

    public ulong GetNonce(in Address address) => _nonces.TryGetValue(address, out ulong nonce)
        ? nonce
        : storage.Account(address)?.Nonce ?? 0;

    public void SetNonce(in Address address, ulong nonce)
    {
        Touch(address);
        Put(_nonces, address, nonce);
    }

    public Hash256 GetCodeHash(in Address address) =>
        Exists(address) ? GetCode(address).Hash : Hash256.Zero;

    public Code GetCode(in Address address)
    {
        if (_codes.TryGetValue(address, out Code? own))
        {
            return own;
        }
        if (storage.Account(address) is not { } account || account.CodeHash == Code.Empty.Hash)
        {
            return Code.Empty;
        }
        if (codes.TryGetValue(address, out Code? code))
        {
            return code;
        }
        storage.NoteCode(address);
        return Code.Empty;
    }

    public void SetCode(in Address address, Code code)
    {
        Touch(address);
        Put(_codes, address, code);
    }

    public void CreateContract(in Address address)
    {
        Touch(address);
        Mark(_created, address);
    }

    public bool WasCreatedInTransaction(in Address address) => _created.Contains(address);

    public bool HasStorage(in Address address) =>
        storage.Account(address) is { } account
        && account.StorageRoot != AccountState.Empty.StorageRoot;

    public UInt256 GetStorage(in Address address, in UInt256 slot) =>
        _written.TryGetValue((address, slot), out UInt256 value)
            ? value
            : GetOriginalStorage(address, slot);

    public UInt256 GetOriginalStorage(in Address address, in UInt256 slot) =>
        _created.Contains(address) || !HasStorage(address)
            ? UInt256.Zero
            : storage.Read(address, slot);

    public void SetStorage(in Address address, in UInt256 slot, in UInt256 value) =>
        Put(_written, (address, slot), value);

    public UInt256 GetTransient(in Address address, in UInt256 slot) =>
        _transient.GetValueOrDefault((address, slot));

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value) =>
        Put(_transient, (address, slot), value);

    public bool WarmAddress(in Address address) => Mark(_warm, address);

    public bool WarmSlot(in Address address, in UInt256 slot) => Mark(_warmSlots, (address, slot));

    public void SelfDestruct(in Address address) => Mark(_destroyed, address);

    public bool HasSelfDestructed(in Address address) => _destroyed.Contains(address);

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

    public void Touch(in Address address) => Mark(_touched, address);

    private bool Mark<TKey>(HashSet<TKey> marks, TKey key)
    {
        bool isNew = marks.Add(key);
        if (isNew)
        {
            _undo.Push(() => marks.Remove(key));
        }
        return isNew;
    }

    private void Put<TKey, TValue>(Dictionary<TKey, TValue> words, TKey key, TValue value)
        where TKey : notnull
    {
        bool existed = words.TryGetValue(key, out TValue? before);
        words[key] = value;
        _undo.Push(() =>
        {
            if (existed)
            {
                words[key] = before!;
            }
            else
            {
                words.Remove(key);
            }
        });
    }
}
