using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// All executed blocks from the last final one on. Unfinalized state is a tree of overlays by
/// block hash: any block here may yet become final, until one of its height does.
/// </summary>
internal sealed class BlockTree
{
    private readonly LookupTable<Hash256, TreeBlock> _blocks = new();

    public BlockTree(TreeBlock root)
    {
        Finalized = root;
        _blocks.Add(root.Hash, root);
    }

    /// <summary>The last final block: the root.</summary>
    public TreeBlock Finalized { get; private set; }

    public int Count => _blocks.Count;

    public bool TryGet(in Hash256 hash, out TreeBlock block) =>
        _blocks.TryGetValue(hash, out block!);

    /// <summary>
    /// Adds an executed block. False, with nothing changed, when its parent is not (or no longer)
    /// in the tree: it can never become final.
    /// </summary>
    public bool TryAdd(TreeBlock block)
    {
        if (_blocks.ContainsKey(block.Hash))
        {
            return true;
        }
        if (!_blocks.TryGetValue(block.Reference.ParentHash, out TreeBlock? parent))
        {
            return false;
        }
        Invariant.Require(block.Reference.Height == parent.Reference.Height.Next);
        block.Parent = parent;
        block.UnfinalizedTransactions =
            parent.UnfinalizedTransactions + (block.Executed?.Transactions.Count - 1 ?? 0);
        parent.Children.Add(block);
        _blocks.Add(block.Hash, block);
        return true;
    }

    /// <summary>
    /// Makes a child of the root the new root. Returns the blocks that can no longer become final,
    /// parents first.
    /// </summary>
    public IReadOnlyList<TreeBlock> Finalize(TreeBlock block)
    {
        Invariant.Require(ReferenceEquals(block.Parent, Finalized));
        var losers = new List<TreeBlock>();
        foreach (TreeBlock sibling in Finalized.Children)
        {
            if (!ReferenceEquals(sibling, block))
            {
                Drop(sibling, losers);
            }
        }
        _blocks.Remove(Finalized.Hash);
        Finalized.Children.Clear();
        block.Parent = null;
        Finalized = block;
        Subtract(block, block.UnfinalizedTransactions);
        return losers;
    }

    private void Drop(TreeBlock block, List<TreeBlock> losers)
    {
        _blocks.Remove(block.Hash);
        losers.Add(block);
        foreach (TreeBlock child in block.Children)
        {
            Drop(child, losers);
        }
    }

    /// <summary>
    /// The branch above the root is as deep as consensus lets it run ahead: a few.
    /// </summary>
    private static void Subtract(TreeBlock block, int finalized)
    {
        block.UnfinalizedTransactions -= finalized;
        foreach (TreeBlock child in block.Children)
        {
            Subtract(child, finalized);
        }
    }
}
