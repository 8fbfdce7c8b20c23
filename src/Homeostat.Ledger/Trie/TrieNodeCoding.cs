using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>Trie nodes to and from RLP.</summary>
internal static class TrieNodeCoding
{
    private const int LongestPath = 65;

    /// <summary>Encodes a node whose children are sealed.</summary>
    public static void Write(RlpWriter writer, TrieNode node)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        int list = writer.StartList();
        switch (node)
        {
            case LeafNode leaf:
                WritePath(writer, leaf.Path, isLeaf: true, path);
                writer.Write(leaf.Value);
                break;
            case ExtensionNode extension:
                WritePath(writer, extension.Path, isLeaf: false, path);
                WriteReference(writer, extension.Child);
                break;
            case BranchNode branch:
                foreach (TrieNode? child in branch.Children)
                {
                    WriteReference(writer, child);
                }
                writer.Write(branch.Value ?? []);
                break;
            default:
                Invariant.Require(node is not UnloadedNode);
                break;
        }
        writer.EndList(list);
    }

    private static void WritePath(
        RlpWriter writer, in NibblePath path, bool isLeaf, Span<byte> room)
    {
        Span<byte> buffer = path.Length / 2 + 1 <= room.Length
            ? room
            : new byte[path.Length / 2 + 1];
        int length = path.EncodeTo(buffer, isLeaf);
        writer.Write(buffer[..length]);
    }

    private static void WriteReference(RlpWriter writer, TrieNode? child)
    {
        if (child is null)
        {
            writer.Write(ReadOnlySpan<byte>.Empty);
            return;
        }
        Invariant.Require(child.IsSealed);
        if (child.Inline is { } inline)
        {
            writer.WriteRaw(inline);
        }
        else
        {
            writer.Write(child.Hash);
        }
    }

    /// <summary>Reads a node; null when the bytes are none. It is not sealed.</summary>
    public static TrieNode? Decode(ReadOnlySpan<byte> rlp)
    {
        var reader = new RlpReader(rlp);
        RlpReader list = reader.ReadList();
        RlpReader counter = list;
        int items = 0;
        while (counter.HasMore && items < 18)
        {
            counter.ReadRaw();
            items++;
        }
        TrieNode? node = items switch
        {
            2 => ReadShort(ref list),
            17 => ReadBranch(ref list),
            _ => null,
        };
        reader.Close(list);
        return reader.Finished ? node : null;
    }

    private static TrieNode? ReadShort(ref RlpReader list)
    {
        if (!NibblePath.TryDecode(list.ReadBytes(), out NibblePath path, out bool isLeaf))
        {
            return null;
        }
        if (isLeaf)
        {
            return new LeafNode(path, list.ReadBytes().ToArray());
        }
        TrieNode? child = ReadReference(ref list);
        return child is null || path.Length == 0 ? null : new ExtensionNode(path, child);
    }

    private static BranchNode ReadBranch(ref RlpReader list)
    {
        var branch = new BranchNode();
        for (int i = 0; i < BranchChildren.Size; i++)
        {
            branch.Children[i] = ReadReference(ref list);
        }
        ReadOnlySpan<byte> value = list.ReadBytes();
        branch.Value = value.IsEmpty ? null : value.ToArray();
        return branch;
    }

    private static TrieNode? ReadReference(ref RlpReader list)
    {
        if (list.NextIsList)
        {
            ReadOnlySpan<byte> inline = list.ReadRaw();
            TrieNode? node = inline.Length < Hash256.Size ? Decode(inline) : null;
            if (node is null)
            {
                list.Fail("bad inline trie node");
            }
            node?.SealInline(inline.ToArray());
            return node;
        }
        ReadOnlySpan<byte> bytes = list.ReadBytes();
        if (bytes.IsEmpty)
        {
            return null;
        }
        if (bytes.Length != Hash256.Size)
        {
            list.Fail("bad trie node reference");
            return null;
        }
        return new UnloadedNode(new Hash256(bytes));
    }
}
