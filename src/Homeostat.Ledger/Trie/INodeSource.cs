using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The store seam: bytes by their Keccak-256. Trie nodes and contract code are both kept so. It is
/// asked from any thread and must always give what it gave once, as long as a snapshot over it
/// lives.
/// </summary>
public interface INodeSource
{
    bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes);
}

/// <summary>Bytes in memory, for tests and for a genesis that no disk holds yet.</summary>
public sealed class MemoryNodeSource : INodeSource
{
    private readonly LookupTable<Hash256, byte[]> _entries = new();

    public int Count => _entries.Count;

    /// <summary>Not while other threads read.</summary>
    public void Add(in Hash256 hash, byte[] bytes) => _entries[hash] = bytes;

    public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes) =>
        _entries.TryGetValue(hash, out bytes);
}
