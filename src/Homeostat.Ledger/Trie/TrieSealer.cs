using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Computes the hashes of new nodes, of several tries at once. A node needs its children's hashes,
/// so nodes are taken level by level from the bottom up; inside a level nothing depends on anything
/// else, and all its hashes go to the multi-buffer Keccak in one call.
/// </summary>
internal sealed class TrieSealer
{
    private readonly List<List<TrieNode>> _levels = [];
    private readonly RlpWriter _writer = new(1 << 14);

    /// <summary>The root hash of a sealed trie.</summary>
    public static Hash256 RootHash(TrieNode? root)
    {
        if (root is null)
        {
            return Keccak.EmptyTrie;
        }
        Invariant.Require(root.IsSealed);
        return root.Inline is { } inline ? Keccak.Hash(inline) : root.Hash;
    }

    /// <summary>Seals one trie and gives its root hash.</summary>
    public static Hash256 Seal(TrieNode? root)
    {
        var sealer = new TrieSealer();
        sealer.Add(root);
        sealer.Seal();
        return RootHash(root);
    }

    /// <summary>Lists the unsealed nodes of a trie for <see cref="Seal()"/>.</summary>
    public void Add(TrieNode? root)
    {
        if (root is { IsSealed: false })
        {
            Collect(root);
        }
    }

    private int Collect(TrieNode node)
    {
        int level = 0;
        if (node is BranchNode branch)
        {
            foreach (TrieNode? child in branch.Children)
            {
                if (child is { IsSealed: false })
                {
                    level = Math.Max(level, Collect(child) + 1);
                }
            }
        }
        else if (node is ExtensionNode { Child: { IsSealed: false } child })
        {
            level = Collect(child) + 1;
        }
        while (_levels.Count <= level)
        {
            _levels.Add([]);
        }
        _levels[level].Add(node);
        return level;
    }

    public void Seal()
    {
        foreach (List<TrieNode> level in _levels)
        {
            SealLevel(level);
        }
        _levels.Clear();
    }

    private void SealLevel(List<TrieNode> level)
    {
        var large = new List<(TrieNode Node, int Start, int End)>(level.Count);
        _writer.Clear();
        foreach (TrieNode node in level)
        {
            int start = _writer.Length;
            TrieNodeCoding.Write(_writer, node);
            if (_writer.Length - start < Hash256.Size)
            {
                node.SealInline(_writer.WrittenSpan[start..].ToArray());
            }
            else
            {
                large.Add((node, start, _writer.Length));
            }
        }
        ReadOnlyMemory<byte> all = _writer.WrittenMemory;
        var inputs = new ReadOnlyMemory<byte>[large.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = all[large[i].Start..large[i].End];
        }
        var digests = new Hash256[inputs.Length];
        Keccak.HashMany(inputs, digests);
        for (int i = 0; i < digests.Length; i++)
        {
            large[i].Node.Seal(digests[i]);
        }
    }
}
