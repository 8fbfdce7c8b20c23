using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>Finds out who signed a transaction. Called from any thread.</summary>
public interface ISenderRecovery
{
    /// <summary>False when the signature is no one's.</summary>
    bool TryRecover(Transaction transaction, out RecoveredTransaction recovered);
}

/// <summary>
/// Recovery with a memory of fixed size, so that a transaction recovered on its way into the pool
/// costs nothing when it comes again in a block. Recovering is pure: whether an entry is still
/// there changes the time it takes and nothing else, so works may share one memo though they are
/// to be pure. Entries are immutable objects, written and read whole: no locks are needed.
/// </summary>
public sealed class SenderMemo : ISenderRecovery
{
    private readonly RecoveredTransaction?[] _entries;
    private readonly ISenderRecovery? _inner;

    /// <param name="sizeBits">2^sizeBits entries; 17 is twice what a full pool holds.</param>
    /// <param name="inner">Who recovers what is not remembered; null: secp256k1.</param>
    public SenderMemo(int sizeBits = 17, ISenderRecovery? inner = null)
    {
        _entries = new RecoveredTransaction?[1 << sizeBits];
        _inner = inner;
    }

    public bool TryRecover(Transaction transaction, out RecoveredTransaction recovered)
    {
        ref RecoveredTransaction? entry = ref _entries[Slot(transaction.Hash)];
        RecoveredTransaction? known = Volatile.Read(ref entry);
        if (known is not null && known.Hash == transaction.Hash)
        {
            recovered = known;
            return true;
        }
        bool isSigned = _inner is null
            ? RecoveredTransaction.TryRecover(transaction, out recovered)
            : _inner.TryRecover(transaction, out recovered);
        if (isSigned)
        {
            Volatile.Write(ref entry, recovered);
        }
        return isSigned;
    }

    private int Slot(in Hash256 hash) =>
        BitConverter.ToInt32(hash.Bytes) & (_entries.Length - 1);
}
