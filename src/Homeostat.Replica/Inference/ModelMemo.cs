using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// A fixed number of decoded models by hash. Reading is pure: whether an entry is there changes
/// the time it takes and nothing else. Entries are immutable objects, written and read whole, so
/// threads need no locks.
/// </summary>
internal sealed class ModelMemo
{
    /// <summary>2^7 models: of the longest ones, some 60 MiB.</summary>
    private const int SizeBits = 7;

    private readonly Entry?[] _entries = new Entry?[1 << SizeBits];

    /// <summary>Null when it is not kept (any more).</summary>
    public Entry? Find(in Hash256 hash)
    {
        Entry? known = Volatile.Read(ref Place(hash));
        return known is not null && known.Hash == hash ? known : null;
    }

    public void Add(Entry entry) => Volatile.Write(ref Place(entry.Hash), entry);

    private ref Entry? Place(in Hash256 hash) =>
        ref _entries[BitConverter.ToInt32(hash.Bytes) & (_entries.Length - 1)];

    /// <summary>What is known of a model; null in place of one whose bytes are none.</summary>
    internal sealed record Entry(Hash256 Hash, StoredModel Place, IForecaster? Model);
}

/// <summary>Where a model lies.</summary>
/// <param name="Slot">The registry's word that says it is there; warm once asked.</param>
/// <param name="Parts">Accounts that hold it; 0 for one in storage.</param>
/// <param name="ColdGas">Price of reading it.</param>
internal readonly record struct StoredModel(UInt256 Slot, int Parts, ulong ColdGas);
