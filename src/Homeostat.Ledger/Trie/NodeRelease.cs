namespace Homeostat.Ledger;

/// <summary>What a state holds in memory.</summary>
public readonly record struct LoadedState(int Nodes, long CodeBytes);

/// <summary>
/// Keeps what a state has in memory below a bound, by putting unloaded nodes in the place of ones
/// that the source has.
///
/// Nodes come into memory by being read and by being made, and nothing that shares structure with
/// newer states ever goes by itself: after a week a node would hold all accounts that were touched
/// in it. The naive way, to open the state anew at its root, drops the hot paths with the cold and
/// leaves the next blocks to read every branch from disk.
///
/// So a sweep gives each node a second chance (the clock algorithm): whoever passes a node marks
/// it; a sweep that finds too many loaded drops subtrees without a mark, and takes the marks from
/// the rest. When marked nodes alone are too many, those deepest in the tree go, for the few at
/// the top are on the way to everything.
///
/// It is safe beside readers and writers on other threads, and for states that share the nodes:
/// a place changes from a node to an unloaded one of the same hash, in one write of a reference,
/// and never says anything else. A reader that has the old node goes on with it. Only what is
/// marked as stored goes, so whatever is dropped can be loaded. Inline nodes stay: they are bytes
/// of their parents and can't be loaded by themselves.
/// </summary>
internal sealed class NodeRelease(int nodeLimit, long codeBytesLimit)
{
    /// <summary>Loaded nodes that were used or can't go, by their distance from the root.</summary>
    private readonly List<int> _keptByLevel = [];
    private int _nodes;
    private long _codeBytes;
    private bool _dropsUnused;
    private bool _dropsCodes;
    private int _keptLevels = int.MaxValue;

    public LoadedState Release(TrieNode? root)
    {
        Count(root, 0);
        _dropsUnused = _nodes > nodeLimit;
        _dropsCodes = _codeBytes > codeBytesLimit;
        if (_dropsUnused)
        {
            _keptLevels = LevelsWithin(nodeLimit);
        }
        Sweep(root, 0);
        _nodes = 0;
        _codeBytes = 0;
        Count(root, 0);
        return new LoadedState(_nodes, _codeBytes);
    }

    /// <summary>
    /// How many levels fit. When not all do, half the limit is aimed at: so that the next
    /// checkpoints need not drop again.
    /// </summary>
    private int LevelsWithin(int limit)
    {
        if (_keptByLevel.Sum() <= limit)
        {
            return int.MaxValue;
        }
        int levels = 0;
        int nodes = 0;
        while (nodes + _keptByLevel[levels] <= limit / 2)
        {
            nodes += _keptByLevel[levels++];
        }
        return Math.Max(1, levels);
    }

    private void Count(TrieNode? node, int level)
    {
        if (node is null or UnloadedNode)
        {
            return;
        }
        _nodes++;
        while (_keptByLevel.Count <= level)
        {
            _keptByLevel.Add(0);
        }
        _keptByLevel[level] += node.IsUsed || !node.IsStored ? 1 : 0;
        switch (node)
        {
            case BranchNode branch:
                foreach (TrieNode? child in branch.Children)
                {
                    Count(child, level + 1);
                }
                break;
            case ExtensionNode extension:
                Count(extension.Child, level + 1);
                break;
            case LeafNode { Account: { } account }:
                _codeBytes += account.Code?.Length ?? 0;
                Count(account.Storage, level + 1);
                break;
        }
    }

    private void Sweep(TrieNode? node, int level)
    {
        switch (node)
        {
            case BranchNode branch:
                for (int i = 0; i < BranchChildren.Size; i++)
                {
                    SweepPlace(ref branch.Children[i], level + 1);
                }
                break;
            case ExtensionNode extension:
                SweepPlace(ref extension.Child, level + 1);
                break;
            case LeafNode { Account: { } account }:
                DropCode(account);
                SweepPlace(ref account.Storage, level + 1);
                break;
        }
    }

    private void SweepPlace(ref TrieNode? place, int level)
    {
        TrieNode? node = place;
        if (node is null or UnloadedNode)
        {
            return;
        }
        bool isCold = _dropsUnused && (!node.IsUsed || level >= _keptLevels);
        if (isCold && node.IsStored && node.Inline is null)
        {
            place = new UnloadedNode(node.Hash);
            return;
        }
        node.IsUsed = false;
        Sweep(node, level);
    }

    private void DropCode(AccountNode account)
    {
        if (_dropsCodes && account.IsCodeStored && account.State.HasCode)
        {
            account.Code = null;
        }
    }
}
