using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

public sealed partial class WorldState
{
    private readonly List<Undo> _journal = [];

    private enum UndoKind : byte
    {
        Existence,
        Balance,
        Nonce,
        Code,
        Storage,
        Transient,
        WarmAddress,
        WarmSlot,
        Touch,
        Created,
        Destroyed,
        Log,
    }

    /// <summary>
    /// How to take one change back: the account or slot it was made to, what it held, and for the
    /// rarer kinds something more. Small, since every change writes one.
    /// </summary>
    private readonly record struct Undo(
        UndoKind Kind, object? Target, object? Extra, UInt256 Value);

    public int Snapshot() => _journal.Count;

    public void Revert(int snapshot)
    {
        for (int i = _journal.Count - 1; i >= snapshot; i--)
        {
            Undo undo = _journal[i];
            TakeBack(undo);
        }
        _journal.RemoveRange(snapshot, _journal.Count - snapshot);
    }

    private void TakeBack(in Undo undo)
    {
        switch (undo.Target)
        {
            case AccountEntry account:
                TakeBack(account, undo);
                break;
            case SlotEntry slot when undo.Kind == UndoKind.Storage:
                slot.Value = undo.Value;
                break;
            case SlotEntry slot:
                slot.WarmIn = 0;
                break;
            default:
                _logs.RemoveAt(_logs.Count - 1);
                break;
        }
    }

    private void TakeBack(AccountEntry account, in Undo undo)
    {
        switch (undo.Kind)
        {
            case UndoKind.Existence:
                account.Exists = false;
                break;
            case UndoKind.Balance:
                account.Balance = undo.Value;
                break;
            case UndoKind.Nonce:
                account.Nonce = (ulong)undo.Value;
                break;
            case UndoKind.Code:
                account.Code = (Code?)undo.Extra;
                account.CodeHash = undo.Value.ToHash256();
                break;
            case UndoKind.Transient:
                _transient[(account.Address, (UInt256)undo.Extra!)] = undo.Value;
                break;
            case UndoKind.WarmAddress:
                account.WarmIn = 0;
                break;
            case UndoKind.Touch:
                account.TouchedIn = 0;
                break;
            case UndoKind.Created:
                account.CreatedIn = 0;
                break;
            case UndoKind.Destroyed:
                account.DestroyedIn = 0;
                break;
        }
    }

    private void Record(
        UndoKind kind, object? target, in UInt256 value = default, object? extra = null) =>
        _journal.Add(new Undo(kind, target, extra, value));

    /// <summary>
    /// The entry of an account about to change: listed, touched, and made if absent.
    /// </summary>
    private AccountEntry Changing(in Address address)
    {
        AccountEntry entry = Entry(address);
        if (!entry.IsListed)
        {
            entry.IsListed = true;
            _listed.Add(entry);
        }
        if (entry.TouchedIn != _transaction)
        {
            entry.TouchedIn = _transaction;
            _touched.Add(entry);
            if (address != Ripemd)
            {
                Record(UndoKind.Touch, entry);
            }
        }
        if (!entry.Exists)
        {
            entry.Exists = true;
            Record(UndoKind.Existence, entry);
        }
        return entry;
    }

    public void Touch(in Address address) => Changing(address);

    public void AddBalance(in Address address, in UInt256 amount)
    {
        AccountEntry entry = Changing(address);
        if (!amount.IsZero)
        {
            Record(UndoKind.Balance, entry, entry.Balance);
            entry.Balance += amount;
        }
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
        AccountEntry entry = Changing(address);
        Invariant.Require(!(entry.Balance < amount));
        if (!amount.IsZero)
        {
            Record(UndoKind.Balance, entry, entry.Balance);
            entry.Balance -= amount;
        }
    }

    public void SetNonce(in Address address, ulong nonce)
    {
        AccountEntry entry = Changing(address);
        Record(UndoKind.Nonce, entry, entry.Nonce);
        entry.Nonce = nonce;
    }

    public void SetCode(in Address address, Code code)
    {
        AccountEntry entry = Changing(address);
        Record(UndoKind.Code, entry, UInt256.FromHash256(entry.CodeHash), entry.Code);
        entry.Code = code;
        entry.CodeHash = code.Hash;
    }

    public void CreateContract(in Address address)
    {
        AccountEntry entry = Changing(address);
        if (entry.CreatedIn != _transaction)
        {
            entry.CreatedIn = _transaction;
            Record(UndoKind.Created, entry);
        }
    }

    public void SetStorage(in Address address, in UInt256 slot, in UInt256 value)
    {
        SlotEntry entry = Slot(address, slot);
        if (entry.Value.Equals(value))
        {
            return;
        }
        AccountEntry account = Changing(address);
        if (!entry.IsListed)
        {
            entry.IsListed = true;
            (account.WrittenSlots ??= []).Add(entry);
        }
        Record(UndoKind.Storage, entry, entry.Value);
        entry.Value = value;
    }

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value)
    {
        UInt256 before = GetTransient(address, slot);
        Record(UndoKind.Transient, Unloaded(address), before, slot);
        _transient[(address, slot)] = value;
    }

    public bool WarmAddress(in Address address)
    {
        AccountEntry entry = Unloaded(address);
        if (entry.WarmIn >= _transaction)
        {
            return false;
        }
        entry.WarmIn = _transaction;
        Record(UndoKind.WarmAddress, entry);
        return true;
    }

    public bool WarmSlot(in Address address, in UInt256 slot)
    {
        SlotEntry entry = Unloaded(address).Slot(slot);
        if (entry.WarmIn == _transaction)
        {
            return false;
        }
        entry.WarmIn = _transaction;
        Record(UndoKind.WarmSlot, entry);
        return true;
    }

    public void SelfDestruct(in Address address)
    {
        AccountEntry entry = Changing(address);
        if (entry.DestroyedIn != _transaction)
        {
            entry.DestroyedIn = _transaction;
            _destroyed.Add(entry);
            Record(UndoKind.Destroyed, entry);
        }
    }

    public void AddLog(Log log)
    {
        _logs.Add(log);
        Record(UndoKind.Log, null);
    }
}
