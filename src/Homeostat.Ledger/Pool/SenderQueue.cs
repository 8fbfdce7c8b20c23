using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// One sender's transactions in nonce order. The first <see cref="ExecutableCount"/> follow the
/// state's nonce without a gap.
/// </summary>
internal sealed class SenderQueue(Address sender, ulong ordinal, AccountStanding standing)
{
    private readonly List<PooledTransaction> _entries = [];

    public Address Sender { get; } = sender;

    /// <summary>Order in which the pool met its senders; ties of price are broken by it.</summary>
    public ulong Ordinal { get; } = ordinal;

    public AccountStanding Standing { get; private set; } = standing;

    public IReadOnlyList<PooledTransaction> Entries => _entries;

    public int Count => _entries.Count;

    public int ExecutableCount { get; private set; }

    /// <summary>Sum of the entries' costs; at most the balance at the time of admission.</summary>
    public UInt256 TotalCost { get; private set; }

    /// <summary>The lowest fee cap in the queue: it bounds what its tail is worth.</summary>
    public UInt256 FloorFee { get; private set; }

    public PooledTransaction Tail => _entries[^1];

    public bool IsTailExecutable => ExecutableCount == _entries.Count;

    public PooledTransaction? Head => ExecutableCount > 0 ? _entries[0] : null;

    /// <summary>Index of the nonce, or the complement of where it would stand.</summary>
    public int IndexOf(ulong nonce)
    {
        if (_entries.Count > 0 && nonce > _entries[^1].Nonce)
        {
            return ~_entries.Count; // The usual case: the next nonce.
        }
        int low = 0, high = _entries.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            ulong found = _entries[middle].Nonce;
            if (found == nonce)
            {
                return middle;
            }
            (low, high) = found < nonce ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }

    public void Insert(PooledTransaction entry)
    {
        int index = ~IndexOf(entry.Nonce);
        Invariant.Require(index >= 0);
        FloorFee = _entries.Count == 0
            ? entry.MaxFeePerGas
            : UInt256.Min(FloorFee, entry.MaxFeePerGas);
        _entries.Insert(index, entry);
        TotalCost += entry.Cost;
        if (index == ExecutableCount)
        {
            ExtendExecutable();
        }
    }

    public PooledTransaction Replace(PooledTransaction entry)
    {
        int index = IndexOf(entry.Nonce);
        Invariant.Require(index >= 0);
        PooledTransaction old = _entries[index];
        _entries[index] = entry;
        TotalCost = TotalCost - old.Cost + entry.Cost;
        RaiseFloorAfterRemovalOf(old);
        return old;
    }

    public PooledTransaction RemoveTail()
    {
        PooledTransaction tail = _entries[^1];
        RemoveAt(_entries.Count - 1);
        return tail;
    }

    public void RemoveAt(int index)
    {
        PooledTransaction entry = _entries[index];
        _entries.RemoveAt(index);
        TotalCost -= entry.Cost;
        ExecutableCount = Math.Min(ExecutableCount, index);
        RaiseFloorAfterRemovalOf(entry);
    }

    /// <summary>Takes over a later state; returns what its nonce has used up, in order.</summary>
    public List<PooledTransaction> Advance(AccountStanding standing)
    {
        int used = 0;
        while (used < _entries.Count && _entries[used].Nonce < standing.Nonce)
        {
            used++;
        }
        List<PooledTransaction> dropped = _entries.GetRange(0, used);
        _entries.RemoveRange(0, used);
        foreach (PooledTransaction entry in dropped)
        {
            TotalCost -= entry.Cost;
        }
        bool isContiguous = _entries.Count > 0 && _entries[0].Nonce == standing.Nonce;
        ExecutableCount = isContiguous ? Math.Max(ExecutableCount - used, 0) : 0;
        Standing = standing;
        ExtendExecutable();
        if (dropped.Exists(entry => entry.MaxFeePerGas == FloorFee))
        {
            RescanFloor();
        }
        return dropped;
    }

    /// <summary>The balance alone was read again.</summary>
    public void Refresh(in UInt256 balance) => Standing = Standing with { Balance = balance };

    private void ExtendExecutable()
    {
        while (ExecutableCount < _entries.Count
            && _entries[ExecutableCount].Nonce == Standing.Nonce + (ulong)ExecutableCount)
        {
            ExecutableCount++;
        }
    }

    private void RaiseFloorAfterRemovalOf(PooledTransaction entry)
    {
        if (entry.MaxFeePerGas == FloorFee || _entries.Count == 0)
        {
            RescanFloor();
        }
    }

    /// <summary>Ends at the first entry as cheap as the old floor: O(1) for equal ones.</summary>
    private void RescanFloor()
    {
        UInt256 old = FloorFee;
        UInt256 floor = UInt256.MaxValue;
        foreach (PooledTransaction entry in _entries)
        {
            floor = UInt256.Min(floor, entry.MaxFeePerGas);
            if (floor <= old)
            {
                break;
            }
        }
        FloorFee = floor;
    }
}
