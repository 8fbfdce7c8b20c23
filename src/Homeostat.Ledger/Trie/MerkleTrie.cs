namespace Homeostat.Ledger;

/// <summary>A key's new value; null removes it.</summary>
internal readonly record struct TrieChange(NibblePath Key, byte[]? Value, AccountNode? Account);

/// <summary>
/// A persistent Merkle-Patricia trie: an update makes new nodes along the changed paths and shares
/// all the others with the trie it began from.
///
/// The naive way to apply a block's changes is one insertion after another. It makes every node
/// near the root anew for each key, thousands of times a block, and what it makes is garbage at
/// the next key. Here all changes go down together: they are sorted by key, so those under one
/// child are one span, each dirty node is made once, and a collapse (a branch left with one child)
/// is settled on the way up when all that happens below is known.
///
/// Two invariants hold for every trie handed out: it has the canonical shape (no branch with less
/// than two entries, no extension over anything but a branch), so equal contents have equal roots;
/// and unsealed nodes are reachable only through unsealed nodes, so sealing stops at sealed ones.
/// </summary>
internal static class MerkleTrie
{
    /// <summary>The leaf or branch value of a key; null when absent.</summary>
    public static byte[]? Get(ref TrieNode? root, byte[] key, INodeSource source)
    {
        TrieNode? end = FindEnd(ref root, NibblePath.OfKey(key), source);
        return end is LeafNode leaf ? leaf.Value : (end as BranchNode)?.Value;
    }

    /// <summary>The leaf of a key in a trie whose keys have one length; null when absent.</summary>
    public static LeafNode? Find(ref TrieNode? root, byte[] key, INodeSource source) =>
        FindEnd(ref root, NibblePath.OfKey(key), source) as LeafNode;

    private static TrieNode? FindEnd(ref TrieNode? root, in NibblePath key, INodeSource source)
    {
        ref TrieNode? place = ref root;
        int depth = 0;
        while (true)
        {
            TrieNode? node = Load(ref place, source);
            if (node is { IsUsed: false })
            {
                node.IsUsed = true;
            }
            switch (node)
            {
                case null:
                    return null;
                case BranchNode branch:
                    if (depth == key.Length)
                    {
                        return branch;
                    }
                    place = ref branch.Children[key[depth++]];
                    break;
                case ExtensionNode extension:
                    if (!key.Slice(depth).StartsWith(extension.Path))
                    {
                        return null;
                    }
                    depth += extension.Path.Length;
                    place = ref extension.Child;
                    break;
                case LeafNode leaf:
                    bool found = leaf.Path.Length == key.Length - depth
                        && key.Slice(depth).StartsWith(leaf.Path);
                    return found ? leaf : null;
            }
        }
    }

    /// <summary>The node at a place, put there from the source when it was not loaded.</summary>
    public static TrieNode? Load(ref TrieNode? place, INodeSource source)
    {
        TrieNode? node = place;
        if (node is not UnloadedNode unloaded)
        {
            return node;
        }
        TrieNode? loaded = source.TryGet(unloaded.Hash, out byte[]? rlp)
            ? TrieNodeCoding.Decode(rlp)
            : null;
        if (loaded is null)
        {
            throw new StateUnavailable($"trie node {unloaded.Hash} is missing or malformed");
        }
        loaded.Seal(unloaded.Hash);
        loaded.IsStored = true;
        place = loaded;
        return loaded;
    }

    /// <summary>
    /// The trie with the changes, which must be sorted by key, each key once. Not sealed.
    /// </summary>
    public static TrieNode? Update(
        TrieNode? root, ReadOnlySpan<TrieChange> changes, INodeSource source) =>
        Update(root, 0, changes, source);

    private static TrieNode? Update(
        TrieNode? node, int depth, ReadOnlySpan<TrieChange> changes, INodeSource source)
    {
        if (changes.IsEmpty)
        {
            return node;
        }
        return Load(ref node, source) switch
        {
            BranchNode branch => UpdateBranch(branch, depth, changes, source),
            ExtensionNode extension => UpdateExtension(extension, depth, changes, source),
            LeafNode leaf => UpdateLeaf(leaf, depth, changes),
            _ => Build(depth, changes),
        };
    }

    private static TrieNode? UpdateBranch(
        BranchNode branch, int depth, ReadOnlySpan<TrieChange> changes, INodeSource source)
    {
        BranchNode result = branch.Copy();
        bool changed = !branch.IsSealed;
        if (changes[0].Key.Length == depth)
        {
            result.Value = changes[0].Value;
            changes = changes[1..];
            changed = true;
        }
        while (!changes.IsEmpty)
        {
            int nibble = changes[0].Key[depth];
            int count = CountAt(changes, depth, nibble);
            ref TrieNode? child = ref result.Children[nibble];
            TrieNode? updated = Update(child, depth + 1, changes[..count], source);
            changed |= !ReferenceEquals(child, updated);
            child = updated;
            changes = changes[count..];
        }
        return changed ? Normalise(result, source) : branch;
    }

    private static int CountAt(ReadOnlySpan<TrieChange> changes, int depth, int nibble)
    {
        int count = 1;
        while (count < changes.Length && changes[count].Key[depth] == nibble)
        {
            count++;
        }
        return count;
    }

    /// <summary>Turns a branch with less than two entries into what it must be.</summary>
    private static TrieNode? Normalise(BranchNode branch, INodeSource source)
    {
        int last = -1;
        int count = 0;
        for (int i = 0; i < BranchChildren.Size; i++)
        {
            if (branch.Children[i] is not null)
            {
                last = i;
                count++;
            }
        }
        if (count >= 2 || (count == 1 && branch.Value is not null))
        {
            return branch;
        }
        if (count == 0)
        {
            return branch.Value is { } value ? new LeafNode(NibblePath.Empty, value) : null;
        }
        TrieNode? only = Load(ref branch.Children[last], source);
        return Prefix(NibblePath.Prepend(last, NibblePath.Empty), only);
    }

    /// <summary>A loaded node with a path put before it.</summary>
    private static TrieNode? Prefix(in NibblePath path, TrieNode? node) => node switch
    {
        _ when path.Length == 0 => node,
        LeafNode leaf => new LeafNode(
            NibblePath.Concat(path, leaf.Path), leaf.Value, leaf.Account),
        ExtensionNode extension => new ExtensionNode(
            NibblePath.Concat(path, extension.Path), extension.Child!),
        BranchNode branch => new ExtensionNode(path, branch),
        _ => null,
    };

    private static TrieNode? UpdateExtension(
        ExtensionNode extension, int depth, ReadOnlySpan<TrieChange> changes, INodeSource source)
    {
        NibblePath path = extension.Path;
        int common = Math.Min(
            changes[0].Key.Slice(depth).CommonPrefix(path),
            changes[^1].Key.Slice(depth).CommonPrefix(path));
        if (common == path.Length)
        {
            TrieNode? child = Update(extension.Child, depth + common, changes, source);
            return ReferenceEquals(child, extension.Child) ? extension : Prefix(path, child);
        }
        var fork = new BranchNode();
        NibblePath rest = path.Slice(common + 1);
        fork.Children[path[common]] =
            rest.Length == 0 ? extension.Child : new ExtensionNode(rest, extension.Child!);
        TrieNode? updated = UpdateBranch(fork, depth + common, changes, source);
        return Prefix(path.Slice(0, common), updated);
    }

    private static TrieNode? UpdateLeaf(LeafNode leaf, int depth, ReadOnlySpan<TrieChange> changes)
    {
        int place = 0;
        foreach (ref readonly TrieChange change in changes)
        {
            int order = change.Key.Slice(depth).CompareTo(leaf.Path);
            if (order == 0)
            {
                return Build(depth, changes);
            }
            if (order > 0)
            {
                break;
            }
            place++;
        }
        NibblePath key = NibblePath.Concat(changes[0].Key.Slice(0, depth), leaf.Path);
        var all = new TrieChange[changes.Length + 1];
        changes[..place].CopyTo(all);
        all[place] = new TrieChange(key, leaf.Value, leaf.Account);
        changes[place..].CopyTo(all.AsSpan(place + 1));
        return Build(depth, all);
    }

    /// <summary>A trie of these keys only.</summary>
    private static TrieNode? Build(int depth, ReadOnlySpan<TrieChange> changes)
    {
        foreach (ref readonly TrieChange change in changes)
        {
            if (change.Value is null)
            {
                return BuildFrom(depth, WithoutRemovals(changes));
            }
        }
        return BuildFrom(depth, changes);
    }

    private static TrieChange[] WithoutRemovals(ReadOnlySpan<TrieChange> changes)
    {
        var kept = new List<TrieChange>(changes.Length);
        foreach (ref readonly TrieChange change in changes)
        {
            if (change.Value is not null)
            {
                kept.Add(change);
            }
        }
        return [.. kept];
    }

    private static TrieNode? BuildFrom(int depth, ReadOnlySpan<TrieChange> changes)
    {
        if (changes.IsEmpty)
        {
            return null;
        }
        TrieChange first = changes[0];
        NibblePath path = first.Key.Slice(depth);
        if (changes.Length == 1)
        {
            return new LeafNode(path, first.Value!, first.Account);
        }
        int common = path.CommonPrefix(changes[^1].Key.Slice(depth));
        BranchNode branch = BuildBranch(depth + common, changes);
        return common == 0 ? branch : new ExtensionNode(path.Slice(0, common), branch);
    }

    private static BranchNode BuildBranch(int depth, ReadOnlySpan<TrieChange> changes)
    {
        var branch = new BranchNode();
        if (changes[0].Key.Length == depth)
        {
            branch.Value = changes[0].Value;
            changes = changes[1..];
        }
        while (!changes.IsEmpty)
        {
            int nibble = changes[0].Key[depth];
            int count = CountAt(changes, depth, nibble);
            branch.Children[nibble] = BuildFrom(depth + 1, changes[..count]);
            changes = changes[count..];
        }
        return branch;
    }
}
