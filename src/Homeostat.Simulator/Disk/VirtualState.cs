using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Trie nodes and codes of one virtual disk. As in the node's store (`StateGenerations`), what the
/// newest checkpoint does not reach is dropped once the nodes have doubled, and only after some
/// more blocks, since nodes in memory may still load from an older state.
/// </summary>
internal sealed class VirtualState
{
    private const ulong DelayBlocks = 2_048;
    private const long SmallestBytes = 4_000_000;

    /// <summary>Lists in lists of a node; code, read as one, could have thousands.</summary>
    private const int Depth = 8;

    /// <summary>Header and padding of an array.</summary>
    private const int HeaderBytes = 28;

    /// <summary>Hash, reference, hash code, next and bucket.</summary>
    private const int PlaceBytes = 52;

    private Dictionary<Hash256, byte[]> _nodes = [];
    private Dictionary<Hash256, byte[]>? _older;
    private long _aliveBytes;
    private int _aliveCount;
    private long _olderBytes;
    private long _bytes;
    private ulong _collectedAt;

    /// <summary>With what waits to be dropped.</summary>
    public long Bytes => _bytes + _olderBytes;

    /// <summary>
    /// What this object holds in memory, with arrays' headers and tables' free places. What was
    /// alive at the last collection stands in both tables, and is held once.
    /// </summary>
    public long HeapBytes => _older is null
        ? _bytes + HeaderBytes * (long)_nodes.Count + PlaceBytes * (long)_nodes.Capacity
        : Bytes - _aliveBytes
            + HeaderBytes * ((long)_nodes.Count + _older.Count - _aliveCount)
            + PlaceBytes * ((long)_nodes.Capacity + _older.Capacity);

    public bool TryGet(in Hash256 hash, out byte[] bytes) =>
        _nodes.TryGetValue(hash, out bytes!)
        || (_older is not null && _older.TryGetValue(hash, out bytes!));

    public void Write(StateCheckpoint checkpoint)
    {
        Write(checkpoint.Nodes);
        ulong height = checkpoint.Height.Value;
        if (_older is null && _bytes > Math.Max(SmallestBytes, 2 * _aliveBytes))
        {
            Collect(checkpoint.StateRoot);
            _collectedAt = height;
        }
        else if (_older is not null && height >= _collectedAt + DelayBlocks)
        {
            (_older, _olderBytes) = (null, 0);
        }
    }

    public void Write(IReadOnlyList<KeyValuePair<Hash256, byte[]>> nodes)
    {
        foreach (KeyValuePair<Hash256, byte[]> node in nodes)
        {
            Add(node.Key, node.Value);
        }
    }

    private void Add(in Hash256 hash, byte[] bytes) =>
        _bytes += _nodes.TryAdd(hash, bytes) ? bytes.Length : 0;

    private void Collect(in Hash256 root)
    {
        (_older, _olderBytes) = (_nodes, _bytes);
        (_nodes, _bytes) = ([], 0);
        var open = new Stack<Hash256>([root]);
        while (open.TryPop(out Hash256 hash))
        {
            if (!_nodes.ContainsKey(hash) && _older.TryGetValue(hash, out byte[]? bytes))
            {
                Add(hash, bytes);
                Open(new RlpReader(bytes), open, Depth);
            }
        }
        (_aliveBytes, _aliveCount) = (_bytes, _nodes.Count);
    }

    /// <summary>
    /// Whatever is as long as a hash may be one: children, and roots and codes in the accounts that
    /// leaves hold as strings. What is none is in no table.
    /// </summary>
    private static void Open(RlpReader items, Stack<Hash256> open, int depth)
    {
        while (items.HasMore && depth > 0)
        {
            if (items.NextIsList)
            {
                Open(items.ReadList(), open, depth - 1);
                continue;
            }
            ReadOnlySpan<byte> text = items.ReadBytes();
            if (text.Length == Hash256.Size)
            {
                open.Push(new Hash256(text));
            }
            else if (text.Length > Hash256.Size)
            {
                Open(new RlpReader(text), open, depth - 1);
            }
        }
    }
}
