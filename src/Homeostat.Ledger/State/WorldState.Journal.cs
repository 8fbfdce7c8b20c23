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

    /// <summary>How to take one change back; fields a kind has no use for are default.</summary>
    private readonly record struct Undo(
        UndoKind Kind, AccountEntry? Account, SlotEntry? Slot, UInt256 Value, ulong Number,
        Code? Code, Hash256 CodeHash, UInt256 Key);

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
        AccountEntry account = undo.Account!;
        switch (undo.Kind)
        {
            case UndoKind.Existence:
                account.Exists = false;
                break;
            case UndoKind.Balance:
                account.Balance = undo.Value;
                break;
            case UndoKind.Nonce:
                account.Nonce = undo.Number;
                break;
            case UndoKind.Code:
                account.Code = undo.Code;
                account.CodeHash = undo.CodeHash;
                break;
            case UndoKind.Storage:
                undo.Slot!.Value = undo.Value;
                break;
            case UndoKind.Transient:
                _transient[(account.Address, undo.Key)] = undo.Value;
                break;
            case UndoKind.WarmAddress:
                account.WarmIn = 0;
                break;
            case UndoKind.WarmSlot:
                undo.Slot!.WarmIn = 0;
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
            case UndoKind.Log:
                _logs.RemoveAt(_logs.Count - 1);
                break;
        }
    }

    private void Record(
        UndoKind kind, AccountEntry? account, SlotEntry? slot = null, in UInt256 value = default) =>
        _journal.Add(new Undo(kind, account, slot, value, 0, null, default, default));

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
            Record(UndoKind.Balance, entry, value: entry.Balance);
            entry.Balance += amount;
        }
    }

    public void SubtractBalance(in Address address, in UInt256 amount)
    {
        AccountEntry entry = Changing(address);
        Invariant.Require(!(entry.Balance < amount));
        if (!amount.IsZero)
        {
            Record(UndoKind.Balance, entry, value: entry.Balance);
            entry.Balance -= amount;
        }
    }

    public void SetNonce(in Address address, ulong nonce)
    {
        AccountEntry entry = Changing(address);
        _journal.Add(new Undo(
            UndoKind.Nonce, entry, null, default, entry.Nonce, null, default, default));
        entry.Nonce = nonce;
    }

    public void SetCode(in Address address, Code code)
    {
        AccountEntry entry = Changing(address);
        _journal.Add(new Undo(
            UndoKind.Code, entry, null, default, 0, entry.Code, entry.CodeHash, default));
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
        Record(UndoKind.Storage, null, entry, entry.Value);
        entry.Value = value;
    }

    public void SetTransient(in Address address, in UInt256 slot, in UInt256 value)
    {
        UInt256 before = GetTransient(address, slot);
        _journal.Add(new Undo(
            UndoKind.Transient, Unloaded(address), null, before, 0, null, default, slot));
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
        Record(UndoKind.WarmSlot, null, entry);
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
