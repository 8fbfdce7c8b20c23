using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Merkle proofs: the nodes on the way from the root to a key, or to where it would be.
/// </summary>
internal static class TrieProof
{
    /// <summary>
    /// The nodes that stand for themselves (inline ones are part of their parents).
    /// </summary>
    public static List<byte[]> Make(ref TrieNode? root, byte[] key, INodeSource source)
    {
        var nodes = new List<byte[]>();
        NibblePath path = NibblePath.OfKey(key);
        ref TrieNode? place = ref root;
        while (MerkleTrie.Load(ref place, source) is { } node)
        {
            if (node.Inline is null || nodes.Count == 0)
            {
                var writer = new RlpWriter(600);
                TrieNodeCoding.Write(writer, node);
                nodes.Add(writer.ToArray());
            }
            if (node is BranchNode branch && path.Length > 0)
            {
                place = ref branch.Children[path[0]];
                path = path.Slice(1);
            }
            else if (node is ExtensionNode extension && path.StartsWith(extension.Path))
            {
                place = ref extension.Child;
                path = path.Slice(extension.Path.Length);
            }
            else
            {
                break;
            }
        }
        return nodes;
    }

    /// <summary>
    /// What the nodes prove of the key: its value, or null for absent. False when they prove
    /// nothing.
    /// </summary>
    public static bool TryVerify(
        in Hash256 root, byte[] key, IReadOnlyList<byte[]> nodes, out byte[]? value)
    {
        value = null;
        if (root == Keccak.EmptyTrie)
        {
            return nodes.Count == 0;
        }
        var source = new MemoryNodeSource();
        foreach (byte[] node in nodes)
        {
            source.Add(Keccak.Hash(node), node);
        }
        TrieNode? place = new UnloadedNode(root);
        try
        {
            value = MerkleTrie.Get(ref place, key, source);
            return true;
        }
        catch (StateUnavailable)
        {
            return false;
        }
    }
}
