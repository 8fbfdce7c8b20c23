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

    /// <summary>Null for bytes that are no model; that too is remembered.</summary>
    public IForecaster? Find(in Hash256 hash, Func<IForecaster?> decode)
    {
        ref Entry? entry =
            ref _entries[BitConverter.ToInt32(hash.Bytes) & (_entries.Length - 1)];
        Entry? known = Volatile.Read(ref entry);
        if (known is null || known.Hash != hash)
        {
            known = new Entry(hash, decode());
            Volatile.Write(ref entry, known);
        }
        return known.Model;
    }

    private sealed record Entry(Hash256 Hash, IForecaster? Model);
}
