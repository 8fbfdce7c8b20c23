using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Explain;

/// <summary>
/// The state before a block as proofs show it, for running transaction 0 once more: storage from
/// <see cref="ProvenStorage"/> (which notes what is missing), the predeploys' code, and what the
/// run itself writes. Nothing in it holds balance.
/// </summary>
internal sealed class ProvenWorld(ProvenStorage storage, IReadOnlyDictionary<Address, Code> codes)
    : IWorld
{
    private readonly Dictionary<(Address, UInt256), UInt256> _written = [];
    private readonly Dictionary<(Address, UInt256), UInt256> _transient = [];
    private readonly HashSet<Address> _warm = [];
    private readonly HashSet<(Address, UInt256)> _warmSlots = [];
    private readonly Stack<Action> _undo = new();

    public List<Log> Logs { get; } = [];

    public bool Exists(in Address address) => codes.ContainsKey(address);

    public bool IsDead(in Address address) => !codes.ContainsKey(address);

    public UInt256 GetBalance(in Address address) => UInt256.Zero;

    public void AddBalance(in Address address, in UInt256 amount)
    {
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
    }

    public ulong GetNonce(in Address address) => 0;

    public void SetNonce(in Address address, ulong nonce)
    {
    }

    public Hash256 GetCodeHash(in Address address) => GetCode(address).Hash;

    public Code GetCode(in Address address) =>
        codes.TryGetValue(address, out Code? code) ? code : Code.Empty;

    public void SetCode(in Address address, Code code) =>
        throw new InvariantViolation("transaction 0 creates no contract");

    public void CreateContract(in Address address) =>
        throw new InvariantViolation("transaction 0 creates no contract");

    public bool WasCreatedInTransaction(in Address address) => false;

    public bool HasStorage(in Address address) => codes.ContainsKey(address);

    public UInt256 GetStorage(in Address address, in UInt256 slot) =>
        _written.TryGetValue((address, slot), out UInt256 value)
            ? value
            : storage.Read(address, slot);

    public UInt256 GetOriginalStorage(in Address address, in UInt256 slot) =>
        storage.Read(address, slot);

    public void SetStorage(in Address address, in UInt256 slot, in UInt256 value) =>
        Put(_written, (address, slot), value);

    public UInt256 GetTransient(in Address address, in UInt256 slot) =>
        _transient.GetValueOrDefault((address, slot));

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value) =>
        Put(_transient, (address, slot), value);

    public bool WarmAddress(in Address address) => _warm.Add(address);

    public bool WarmSlot(in Address address, in UInt256 slot) => _warmSlots.Add((address, slot));

    public void SelfDestruct(in Address address) =>
        throw new InvariantViolation("transaction 0 destroys no contract");

    public bool HasSelfDestructed(in Address address) => false;

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
    }

    private void Put<TKey>(Dictionary<TKey, UInt256> words, TKey key, UInt256 value)
        where TKey : notnull
    {
        bool existed = words.TryGetValue(key, out UInt256 before);
        words[key] = value;
        _undo.Push(() =>
        {
            if (existed)
            {
                words[key] = before;
            }
            else
            {
                words.Remove(key);
            }
        });
    }
}
