using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A key of a trie (32 bytes: a Keccak-256) and the bytes its leaf holds.</summary>
public readonly record struct TrieEntry(Hash256 Key, byte[] Value);

/// <summary>
/// Consecutive entries of a trie, with the trie nodes on the ways to both ends of the range. No
/// nodes at all: the entries are the whole trie.
/// </summary>
public sealed record TrieRange(IReadOnlyList<TrieEntry> Entries, IReadOnlyList<byte[]> Proof);

/// <summary>
/// A range that was proven: the trie nodes that follow from it, each under its Keccak-256 (those on
/// the ways to its ends included), and whether the trie goes on to the right of it.
/// </summary>
public sealed record ProvenRange(
    IReadOnlyList<KeyValuePair<Hash256, byte[]>> Nodes, bool HasMore);

/// <summary>
/// Makes and checks range proofs: that these are all entries of a trie with a known root between
/// two keys, none changed, left out or put in. So a state can be fetched in pieces from whoever
/// has it, and each piece is believed for its proof and not for its sender.
///
/// The naive way is a Merkle proof of each entry: it costs the path to each of them again and
/// again, and says nothing of entries left out. Here only the two ends have a path. The checker
/// decodes both, takes everything between them out of the trie they show – subtrees left of the
/// first or right of the last key stay as bare hashes – and puts the entries in. If the root then
/// is the known one, the trie between the ends is the entries' and nothing else: by collision
/// resistance equal roots mean equal nodes, and all nodes between the ends were made from the
/// entries alone. (The same idea is in Ethereum's snap protocol.)
///
/// Only nodes whose hash the root commits to are ever looked at, so a forged node is as good as a
/// missing one, and what is decoded has the shape of a real trie.
/// </summary>
public static class TrieRanges
{
    private const int KeyNibbles = 2 * Hash256.Size;

    /// <summary>
    /// Entries from the first key at or after <paramref name="start"/> on: until the bytes of keys
    /// and values exceed the limit (one entry is always given), or up to and including the first
    /// key at or after <paramref name="end"/>. Null when the source lacks a node.
    /// </summary>
    public static TrieRange? Make(
        in Hash256 root, in Hash256 start, in Hash256 end, int maxBytes, INodeSource source)
    {
        if (root == Keccak.EmptyTrie)
        {
            return new TrieRange([], []);
        }
        try
        {
            var walk = new RangeWalk(start, end, maxBytes, source);
            TrieNode? top = new UnloadedNode(root);
            bool isWhole = walk.Walk(top, 0, start != Hash256.Zero) && start == Hash256.Zero;
            return new TrieRange(walk.Entries, isWhole ? [] : Ends(top, start, walk, source));
        }
        catch (StateUnavailable)
        {
            return null;
        }
    }

    private static List<byte[]> Ends(
        TrieNode? top, in Hash256 start, RangeWalk walk, INodeSource source)
    {
        List<byte[]> nodes = TrieProof.Make(ref top, start.ToArray(), source);
        if (walk.Entries.Count > 0)
        {
            List<byte[]> right = TrieProof.Make(
                ref top, walk.Entries[^1].Key.ToArray(), source);
            int shared = 0;
            while (shared < nodes.Count && shared < right.Count
                && nodes[shared].AsSpan().SequenceEqual(right[shared]))
            {
                shared++;
            }
            nodes.AddRange(right[shared..]);
        }
        return nodes;
    }

    /// <summary>
    /// Why the range does not show what the trie with this root holds from
    /// <paramref name="start"/> to its last key, or null and what follows from it. A range without
    /// entries claims that nothing is at or after the start.
    /// </summary>
    public static string? Check(
        in Hash256 root, in Hash256 start, TrieRange range, out ProvenRange? proven)
    {
        proven = null;
        TrieChange[] changes = new TrieChange[range.Entries.Count];
        for (int i = 0; i < changes.Length; i++)
        {
            (Hash256 key, byte[] value) = range.Entries[i];
            if (key < start || (i > 0 && key <= range.Entries[i - 1].Key) || value.Length == 0)
            {
                return "entries are not in rising order from the start";
            }
            changes[i] = new TrieChange(NibblePath.OfKey(key.ToArray()), value, null);
        }
        if (range.Proof.Count == 0 && start != Hash256.Zero)
        {
            return "a range without proof must be the whole trie";
        }
        try
        {
            return CheckRoot(root, start, range, changes, out proven);
        }
        catch (StateUnavailable missing)
        {
            return $"the proof is incomplete: {missing.Message}";
        }
    }

    private static string? CheckRoot(
        in Hash256 root, in Hash256 start, TrieRange range, TrieChange[] changes,
        out ProvenRange? proven)
    {
        proven = null;
        var source = new MemoryNodeSource();
        foreach (byte[] node in range.Proof)
        {
            source.Add(Keccak.Hash(node), node);
        }
        TrieNode? trie = null;
        bool hasMore = false;
        if (range.Proof.Count > 0 && root != Keccak.EmptyTrie)
        {
            Hash256 last = range.Entries.Count > 0 ? range.Entries[^1].Key : Greatest;
            var cut = new RangeCut(start, last, source);
            trie = cut.Cut(new UnloadedNode(root), 0, true, true);
            hasMore = cut.HasMore;
        }
        trie = MerkleTrie.Update(trie, changes, source);
        if (TrieSealer.Seal(trie) != root)
        {
            return "the entries are not those of the trie";
        }
        var nodes = new List<KeyValuePair<Hash256, byte[]>>(range.Entries.Count * 4 / 3 + 16);
        Collect(trie, new RlpWriter(1_024), nodes);
        proven = new ProvenRange(nodes, hasMore);
        return null;
    }

    /// <summary>The greatest key there is.</summary>
    public static Hash256 Greatest
    {
        get
        {
            byte[] bytes = new byte[Hash256.Size];
            Array.Fill(bytes, (byte)0xff);
            return new Hash256(bytes);
        }
    }

    /// <summary>The key after this one; after the greatest, zero.</summary>
    public static Hash256 After(in Hash256 key)
    {
        byte[] bytes = key.ToArray();
        int i = bytes.Length - 1;
        while (i >= 0 && bytes[i] == 0xff)
        {
            bytes[i--] = 0;
        }
        if (i >= 0)
        {
            bytes[i]++;
        }
        return new Hash256(bytes);
    }

    private static void Collect(
        TrieNode? node, RlpWriter writer, List<KeyValuePair<Hash256, byte[]>> nodes)
    {
        if (node is null or UnloadedNode)
        {
            return;
        }
        if (node.Inline is null)
        {
            writer.Clear();
            TrieNodeCoding.Write(writer, node);
            nodes.Add(new(node.Hash, writer.ToArray()));
        }
        switch (node)
        {
            case BranchNode branch:
                foreach (TrieNode? child in branch.Children)
                {
                    Collect(child, writer, nodes);
                }
                break;
            case ExtensionNode extension:
                Collect(extension.Child, writer, nodes);
                break;
        }
    }

    /// <summary>Reads entries in order of their keys; keeps no node it has passed.</summary>
    private sealed class RangeWalk(
        in Hash256 start, in Hash256 end, int maxBytes, INodeSource source)
    {
        private readonly NibblePath _start = NibblePath.OfKey(start.ToArray());
        private readonly Hash256 _end = end;
        private readonly byte[] _nibbles = new byte[KeyNibbles];
        private int _bytes;

        public List<TrieEntry> Entries { get; } = [];

        /// <summary>False when it stopped before the trie's end.</summary>
        public bool Walk(TrieNode? place, int depth, bool onStart)
        {
            switch (MerkleTrie.Load(ref place, source))
            {
                case BranchNode branch:
                    Require(depth < KeyNibbles);
                    int first = onStart ? _start[depth] : 0;
                    for (int i = first; i < BranchChildren.Size; i++)
                    {
                        _nibbles[depth] = (byte)i;
                        if (!Walk(branch.Children[i], depth + 1, onStart && i == first))
                        {
                            return false;
                        }
                    }
                    return true;
                case ExtensionNode extension:
                    int order = Enter(extension.Path, depth, onStart);
                    return order < 0
                        || Walk(extension.Child, depth + extension.Path.Length, order == 0);
                case LeafNode leaf:
                    Require(depth + leaf.Path.Length == KeyNibbles);
                    return Enter(leaf.Path, depth, onStart) < 0 || Take(leaf.Value);
                default:
                    return true;
            }
        }

        /// <summary>Puts the path into the key; its order beside the start's, if that counts.
        /// </summary>
        private int Enter(in NibblePath path, int depth, bool onStart)
        {
            Require(depth + path.Length <= KeyNibbles);
            for (int i = 0; i < path.Length; i++)
            {
                _nibbles[depth + i] = (byte)path[i];
            }
            return onStart ? path.CompareTo(_start.Slice(depth, path.Length)) : 1;
        }

        private bool Take(byte[] value)
        {
            byte[] key = new byte[Hash256.Size];
            for (int i = 0; i < key.Length; i++)
            {
                key[i] = (byte)((_nibbles[2 * i] << 4) | _nibbles[(2 * i) + 1]);
            }
            var entry = new TrieEntry(new Hash256(key), value);
            Entries.Add(entry);
            _bytes += Hash256.Size + value.Length;
            return _bytes < maxBytes && entry.Key < _end;
        }
    }

    /// <summary>Takes out of a trie what lies from one key to another, both included.</summary>
    private sealed class RangeCut(in Hash256 first, in Hash256 last, INodeSource source)
    {
        private readonly NibblePath _first = NibblePath.OfKey(first.ToArray());
        private readonly NibblePath _last = NibblePath.OfKey(last.ToArray());

        /// <summary>Something is right of the last key.</summary>
        public bool HasMore { get; private set; }

        public TrieNode? Cut(TrieNode? place, int depth, bool onFirst, bool onLast)
        {
            if (place is null || (!onFirst && !onLast))
            {
                return null;
            }
            switch (MerkleTrie.Load(ref place, source))
            {
                case BranchNode branch:
                    return CutBranch(branch, depth, onFirst, onLast);
                case ExtensionNode extension:
                    Require(depth + extension.Path.Length < KeyNibbles);
                    if (IsOutside(extension.Path, depth, ref onFirst, ref onLast))
                    {
                        return extension;
                    }
                    TrieNode? child = Cut(
                        extension.Child, depth + extension.Path.Length, onFirst, onLast);
                    return child is null ? null : new ExtensionNode(extension.Path, child);
                case LeafNode leaf:
                    Require(depth + leaf.Path.Length == KeyNibbles);
                    return IsOutside(leaf.Path, depth, ref onFirst, ref onLast) ? leaf : null;
                default:
                    return null;
            }
        }

        private BranchNode? CutBranch(BranchNode branch, int depth, bool onFirst, bool onLast)
        {
            Require(depth < KeyNibbles);
            var left = new BranchNode();
            int low = onFirst ? _first[depth] : 0;
            int high = onLast ? _last[depth] : BranchChildren.Size - 1;
            bool isEmpty = true;
            for (int i = 0; i < BranchChildren.Size; i++)
            {
                TrieNode? child = branch.Children[i];
                HasMore |= i > high && child is not null;
                left.Children[i] = i < low || i > high
                    ? child
                    : Cut(child, depth + 1, onFirst && i == low, onLast && i == high);
                isEmpty &= left.Children[i] is null;
            }
            return isEmpty ? null : left;
        }

        /// <summary>
        /// True when a path leads left of the first or right of the last key; else says on which of
        /// the two it still runs.
        /// </summary>
        private bool IsOutside(in NibblePath path, int depth, ref bool onFirst, ref bool onLast)
        {
            int fromFirst = onFirst ? path.CompareTo(_first.Slice(depth, path.Length)) : 1;
            int fromLast = onLast ? path.CompareTo(_last.Slice(depth, path.Length)) : -1;
            HasMore |= fromLast > 0;
            onFirst = fromFirst == 0;
            onLast = fromLast == 0;
            return fromFirst < 0 || fromLast > 0;
        }
    }

    private static void Require(bool isWellFormed)
    {
        if (!isWellFormed)
        {
            throw new StateUnavailable("a trie node has a path that no key has");
        }
    }
}
