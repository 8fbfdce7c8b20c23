using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Walks two states side by side and lists what is in the newer one only. It goes down only where
/// the two differ, so its cost is that of what changed; and never below an unloaded node, since
/// what is not loaded came from the store.
/// </summary>
internal sealed class NodeDifference
{
    private readonly RlpWriter _writer = new(1024);

    public List<KeyValuePair<Hash256, byte[]>> Nodes { get; } = [];

    public void Accounts(TrieNode? newer, TrieNode? older) => Walk(newer, older, isAccounts: true);

    private void Walk(TrieNode? newer, TrieNode? older, bool isAccounts)
    {
        if (newer is null or UnloadedNode || TrieNode.Same(newer, older))
        {
            return;
        }
        Invariant.Require(newer.IsSealed);
        Emit(newer, isRoot: false);
        switch (newer)
        {
            case BranchNode branch:
                for (int i = 0; i < BranchChildren.Size; i++)
                {
                    Walk(branch.Children[i], ChildOf(older, i), isAccounts);
                }
                break;
            case ExtensionNode extension:
                Walk(extension.Child, (older as ExtensionNode)?.Child, isAccounts);
                break;
            case LeafNode { Account: { } account } when isAccounts:
                WalkAccount(account, (older as LeafNode)?.Account);
                break;
        }
    }

    private static TrieNode? ChildOf(TrieNode? node, int nibble) =>
        node is BranchNode branch ? branch.Children[nibble] : null;

    private void WalkAccount(AccountNode newer, AccountNode? older)
    {
        if (newer.Code is { IsEmpty: false } code && older?.State.CodeHash != newer.State.CodeHash)
        {
            Nodes.Add(new(newer.State.CodeHash, code.Bytes));
        }
        if (newer.Storage is { Inline: not null } root && !TrieNode.Same(root, older?.Storage))
        {
            Emit(root, isRoot: true);
        }
        Walk(newer.Storage, older?.Storage, isAccounts: false);
    }

    /// <summary>Inline nodes are part of their parents, but a root has none.</summary>
    private void Emit(TrieNode node, bool isRoot)
    {
        if (node.Inline is { } inline)
        {
            if (isRoot)
            {
                Nodes.Add(new(Keccak.Hash(inline), inline));
            }
            return;
        }
        _writer.Clear();
        TrieNodeCoding.Write(_writer, node);
        Nodes.Add(new(node.Hash, _writer.ToArray()));
    }
}
