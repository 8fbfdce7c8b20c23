namespace Homeostat.Steering;

/// <summary>
/// Trees laid out for asking: each is padded to the depth of the deepest and numbered as a heap, a
/// node's children at 2i + 1 and 2i + 2, so that a visit is one cache line and no branch: compare,
/// take the share of the side, go on. Padding below a leaf adds nothing to any share. The ways down
/// four trees run side by side, as each alone waits for its loads.
/// </summary>
internal sealed class FlatTrees
{
    private readonly Split[] _splits;
    private readonly int _trees;
    private readonly int _size;

    public FlatTrees(TreeNode[] nodes, int[] roots)
    {
        _trees = roots.Length;
        foreach (int root in roots)
        {
            Depth = Math.Max(Depth, DepthOf(nodes, root));
            RootValues += nodes[root].Value.Raw;
        }
        _size = (1 << Depth) - 1;
        _splits = new Split[_size * _trees];
        Array.Fill(_splits, new Split(long.MaxValue, 0, 0, 0));
        for (int t = 0; t < _trees; t++)
        {
            Lay(nodes, roots[t], t * _size, 0);
        }
    }

    /// <summary>Of the deepest tree; 0 when all are single leaves.</summary>
    public int Depth { get; }

    /// <summary>What the trees say before any split.</summary>
    public long RootValues { get; }

    /// <summary>Adds each split's share to its feature's.</summary>
    public void AddShares(ReadOnlySpan<long> features, Span<long> shares)
    {
        int tree = 0;
        for (; tree + 4 <= _trees; tree += 4)
        {
            AddFour(tree * _size, features, shares);
        }
        for (; tree < _trees; tree++)
        {
            ReadOnlySpan<Split> splits = _splits.AsSpan(tree * _size, _size);
            int at = 0;
            for (int level = 0; level < Depth; level++)
            {
                at = Visit(splits, at, features, shares);
            }
        }
    }

    private void AddFour(int start, ReadOnlySpan<long> features, Span<long> shares)
    {
        ReadOnlySpan<Split> first = _splits.AsSpan(start, _size);
        ReadOnlySpan<Split> second = _splits.AsSpan(start + _size, _size);
        ReadOnlySpan<Split> third = _splits.AsSpan(start + 2 * _size, _size);
        ReadOnlySpan<Split> fourth = _splits.AsSpan(start + 3 * _size, _size);
        (int a, int b, int c, int d) = (0, 0, 0, 0);
        for (int level = 0; level < Depth; level++)
        {
            a = Visit(first, a, features, shares);
            b = Visit(second, b, features, shares);
            c = Visit(third, c, features, shares);
            d = Visit(fourth, d, features, shares);
        }
    }

    // Decoding has proven that no sum of shares leaves 64 bits.
    private static int Visit(
        ReadOnlySpan<Split> splits, int at, ReadOnlySpan<long> features, Span<long> shares)
    {
        unchecked
        {
            ref readonly Split split = ref splits[at];
            int feature = (int)split.Feature;
            int right = features[feature] > split.Threshold ? 1 : 0;
            // All ones on the right: the share is chosen without a branch.
            shares[feature] += split.Left ^ ((split.Left ^ split.Right) & -(long)right);
            return 2 * at + 1 + right;
        }
    }

    private void Lay(TreeNode[] nodes, int node, int start, int place)
    {
        TreeNode split = nodes[node];
        if (split.IsLeaf)
        {
            return;
        }
        int left = node + 1;
        _splits[start + place] = new Split(
            split.Threshold.Raw, nodes[left].Value.Raw - split.Value.Raw,
            nodes[split.Right].Value.Raw - split.Value.Raw, split.Feature);
        Lay(nodes, left, start, 2 * place + 1);
        Lay(nodes, split.Right, start, 2 * place + 2);
    }

    private static int DepthOf(TreeNode[] nodes, int node) => nodes[node].IsLeaf
        ? 0
        : 1 + Math.Max(DepthOf(nodes, node + 1), DepthOf(nodes, nodes[node].Right));

    /// <summary>32 bytes: two to a cache line.</summary>
    private readonly record struct Split(long Threshold, long Left, long Right, long Feature);
}
