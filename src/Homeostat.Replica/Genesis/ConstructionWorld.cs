using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A world that holds contracts while their constructors run for genesis: code and storage, nothing
/// else. Storage is kept by slot, as genesis.json lists it.
/// </summary>
internal sealed class ConstructionWorld : IWorld
{
    private readonly SortedDictionary<Address, Code> _codes = [];
    private readonly SortedDictionary<Address, SortedDictionary<UInt256, UInt256>> _storage = [];
    private readonly Stack<Action> _undo = new();

    public SortedDictionary<UInt256, UInt256> StorageOf(in Address address)
    {
        if (!_storage.TryGetValue(address, out SortedDictionary<UInt256, UInt256>? slots))
        {
            slots = [];
            _storage[address] = slots;
        }
        return slots;
    }

    public bool Exists(in Address address) => _codes.ContainsKey(address);

    public bool IsDead(in Address address) => !_codes.ContainsKey(address);

    public UInt256 GetBalance(in Address address) => UInt256.Zero;

    public void AddBalance(in Address address, in UInt256 amount)
    {
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
    }

    public ulong GetNonce(in Address address) => 1;

    public void SetNonce(in Address address, ulong nonce) =>
        throw new InvariantViolation("a constructor of genesis creates no contract");

    public Hash256 GetCodeHash(in Address address) => GetCode(address).Hash;

    public Code GetCode(in Address address) =>
        _codes.TryGetValue(address, out Code? code) ? code : Code.Empty;

    public void SetCode(in Address address, Code code) => _codes[address] = code;

    public void CreateContract(in Address address) =>
        throw new InvariantViolation("a constructor of genesis creates no contract");

    public bool WasCreatedInTransaction(in Address address) => false;

    public bool HasStorage(in Address address) => StorageOf(address).Count != 0;

    public UInt256 GetStorage(in Address address, in UInt256 slot) =>
        StorageOf(address).TryGetValue(slot, out UInt256 value) ? value : UInt256.Zero;

    public UInt256 GetOriginalStorage(in Address address, in UInt256 slot) => UInt256.Zero;

    public void SetStorage(in Address address, in UInt256 slot, in UInt256 value)
    {
        SortedDictionary<UInt256, UInt256> slots = StorageOf(address);
        UInt256 key = slot;
        UInt256 before = GetStorage(address, slot);
        Put(slots, key, value);
        _undo.Push(() => Put(slots, key, before));
    }

    public UInt256 GetTransient(in Address address, in UInt256 slot) => UInt256.Zero;

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value)
    {
    }

    public bool WarmAddress(in Address address) => false;

    public bool WarmSlot(in Address address, in UInt256 slot) => false;

    public void SelfDestruct(in Address address) =>
        throw new InvariantViolation("a constructor of genesis destroys nothing");

    public bool HasSelfDestructed(in Address address) => false;

    public void AddLog(Log log)
    {
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
    }

    private static void Put(
        SortedDictionary<UInt256, UInt256> slots, in UInt256 slot, in UInt256 value)
    {
        if (value == UInt256.Zero)
        {
            slots.Remove(slot);
        }
        else
        {
            slots[slot] = value;
        }
    }
}
