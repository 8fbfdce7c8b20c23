using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// A source that remembers a fixed number of codes, decoded: accounts with the same code share one
/// object, and a code that was let go of with its account's node need not be decoded again.
/// Reading is pure: whether an entry is there changes the time it takes and nothing else. Entries
/// are immutable objects, written and read whole, so threads need no locks.
/// </summary>
/// <param name="inner">Where the bytes are.</param>
/// <param name="sizeBits">
/// 2^sizeBits codes; 8 hold at most 6 MiB of bytes, and what is decoded from them.
/// </param>
public sealed class CodeMemo(INodeSource inner, int sizeBits = 8) : INodeSource
{
    private readonly Code?[] _entries = new Code?[1 << sizeBits];

    public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes) =>
        inner.TryGet(hash, out bytes);

    /// <summary>Null when the source lacks it.</summary>
    internal Code? Find(in Hash256 hash)
    {
        ref Code? entry = ref _entries[BitConverter.ToInt32(hash.Bytes) & (_entries.Length - 1)];
        Code? known = Volatile.Read(ref entry);
        if (known is not null && known.Hash == hash)
        {
            return known;
        }
        Code? read = Read(inner, hash);
        if (read is not null)
        {
            Volatile.Write(ref entry, read);
        }
        return read;
    }

    internal static Code? Read(INodeSource source, in Hash256 hash) =>
        source.TryGet(hash, out byte[]? bytes) ? new Code(bytes, hash) : null;
}
