using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a state has in memory and its source has not. Every node knows whether it is stored, and
/// one that is has all below it stored too, so the walk ends there: its cost is that of what
/// changed since the last time.
/// </summary>
public sealed class UnstoredNodes
{
    private readonly RlpWriter _writer = new(1024);
    private readonly List<KeyValuePair<Hash256, byte[]>> _entries = [];
    private readonly List<TrieNode> _nodes = [];
    private readonly List<AccountNode> _codes = [];

    private UnstoredNodes()
    {
    }

    /// <summary>Bytes to store, each under its Keccak-256.</summary>
    public IReadOnlyList<KeyValuePair<Hash256, byte[]>> Entries => _entries;

    internal static UnstoredNodes Of(TrieNode? accounts)
    {
        var walk = new UnstoredNodes();
        walk.Walk(accounts, isRoot: true, isAccounts: true);
        return walk;
    }

    /// <summary>The source has the entries now, and will give them: once it is so.</summary>
    public void MarkStored()
    {
        foreach (TrieNode node in _nodes)
        {
            node.IsStored = true;
        }
        foreach (AccountNode account in _codes)
        {
            account.IsCodeStored = true;
        }
    }

    private void Walk(TrieNode? node, bool isRoot, bool isAccounts)
    {
        if (node is null or UnloadedNode or { IsStored: true })
        {
            return;
        }
        Invariant.Require(node.IsSealed);
        Emit(node, isRoot);
        switch (node)
        {
            case BranchNode branch:
                foreach (TrieNode? child in branch.Children)
                {
                    Walk(child, isRoot: false, isAccounts);
                }
                break;
            case ExtensionNode extension:
                Walk(extension.Child, isRoot: false, isAccounts);
                break;
            case LeafNode { Account: { } account } when isAccounts:
                EmitCode(account);
                Walk(account.Storage, isRoot: true, isAccounts: false);
                break;
        }
    }

    private void EmitCode(AccountNode account)
    {
        if (!account.IsCodeStored && account.Code is { IsEmpty: false } code)
        {
            _entries.Add(new(account.State.CodeHash, code.Bytes));
            _codes.Add(account);
        }
    }

    /// <summary>Inline nodes are part of their parents, but a root has none.</summary>
    private void Emit(TrieNode node, bool isRoot)
    {
        if (node.Inline is { } inline)
        {
            if (isRoot)
            {
                _entries.Add(new(Keccak.Hash(inline), inline));
            }
            return;
        }
        _writer.Clear();
        TrieNodeCoding.Write(_writer, node);
        _entries.Add(new(node.Hash, _writer.ToArray()));
        _nodes.Add(node);
    }
}
