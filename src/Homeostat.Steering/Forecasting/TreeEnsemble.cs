using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// A node of a tree. Nodes stand in preorder: a split's left child follows it at once.
/// </summary>
/// <param name="Feature">The feature a split asks about; negative for a leaf.</param>
/// <param name="Threshold">At most this goes left.</param>
/// <param name="Value">What the tree would say if it ended here; a leaf's is what it says.</param>
/// <param name="Right">Index of the right child in the ensemble.</param>
public readonly record struct TreeNode(int Feature, Fixed Threshold, Fixed Value, int Right)
{
    public bool IsLeaf => Feature < 0;
}

/// <summary>
/// A sum of decision trees. On the way down a tree each split hands the change of value from node
/// to child to its feature (path attribution, Saabas 2014); base and root values are the bias. The
/// changes telescope, so attributions and bias sum exactly to the output.
/// </summary>
/// <remarks>
/// Canonical bytes: "HSTE", version 1, feature set, horizon (2 bytes), number of trees (2 bytes),
/// base (int64), then each tree in preorder: a split is its feature, threshold and value; a leaf is
/// 255 and its value; numbers are big-endian int64. Decoding proves that no sum can overflow:
/// |base| + Σ over trees of (2 · depth + 1) · max |value| ≤ 2^63 − 1, which bounds the output and
/// every attribution at every step of every path.
/// </remarks>
public sealed class TreeEnsemble : IForecaster
{
    public const byte Version = 1;

    /// <summary>A tree of depth 6 has 64 leaves; deeper ones fit noise.</summary>
    public const int MaximumDepth = 6;

    public const int MaximumTrees = 256;

    /// <summary>
    /// Longest encoding: 100 full trees of depth 6 take 164,718 bytes. The registry and a decision
    /// take less (docs/spec/steering.md, "Models").
    /// </summary>
    public const int MaximumBytes = 262_144;

    private const byte Leaf = 255;
    private const int HeaderSize = 18;
    private readonly TreeNode[] _nodes;
    private readonly int[] _roots;
    private readonly int _features;
    private readonly FlatTrees _flat;

    private TreeEnsemble(
        byte featureSet, int features, int horizonBlocks, Fixed bias, TreeNode[] nodes,
        int[] roots)
    {
        (FeatureSet, _features) = (featureSet, features);
        (HorizonBlocks, Base, _nodes, _roots) = (horizonBlocks, bias, nodes, roots);
        Invariant.Require(bias.Raw != long.MinValue);
        _flat = new FlatTrees(nodes, roots);
    }

    private static ReadOnlySpan<byte> Magic => "HSTE"u8;

    public byte FeatureSet { get; }

    public int FeatureCount => _features;

    public int HorizonBlocks { get; }

    /// <summary>Nodes visited, whatever the way: trees by the greatest depth.</summary>
    public int Steps => _roots.Length * _flat.Depth;

    public int Depth => _flat.Depth;

    public Fixed Base { get; }

    public int TreeCount => _roots.Length;

    public IReadOnlyList<TreeNode> Nodes => _nodes;

    public Hash256 Hash => Keccak.Hash(Encode());

    /// <summary>
    /// The ensemble, or null when it is over a cap or its sums could overflow. A tree is its nodes
    /// in preorder; right children are found from the shape, so <see cref="TreeNode.Right"/> is
    /// not read.
    /// </summary>
    public static TreeEnsemble? Create(
        int horizonBlocks, Fixed bias, IReadOnlyList<IReadOnlyList<TreeNode>> trees,
        byte featureSet = DemandFeatures.SetId)
    {
        byte[] bytes = Encode(
            featureSet, horizonBlocks, bias, trees.Count, [.. trees.SelectMany(tree => tree)]);
        return TryDecode(bytes, out TreeEnsemble? model) ? model : null;
    }

    /// <summary>The output; the attributions are the features', then the bias.</summary>
    public Forecast Evaluate(IReadOnlyList<Fixed> features)
    {
        Invariant.Require(features.Count == _features);
        Span<long> values = stackalloc long[_features];
        Span<long> shares = stackalloc long[_features + 1];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = features[i].Raw;
        }
        long output = Evaluate(values, shares);
        var attributions = new Fixed[shares.Length];
        for (int i = 0; i < shares.Length; i++)
        {
            attributions[i] = Fixed.FromRaw(shares[i]);
        }
        return new Forecast(Fixed.FromRaw(output), attributions);
    }

    /// <summary>The same without allocation.</summary>
    /// <param name="features">As many as the set has.</param>
    /// <param name="shares">Receives the attributions: one more than features, the bias last.
    /// </param>
    public long Evaluate(ReadOnlySpan<long> features, Span<long> shares)
    {
        Invariant.Require(features.Length == _features && shares.Length == _features + 1);
        shares.Clear();
        _flat.AddShares(features, shares);
        shares[^1] = Base.Raw + _flat.RootValues;
        long output = 0;
        foreach (long share in shares)
        {
            output += share;
        }
        return output;
    }

    public byte[] Encode() => Encode(FeatureSet, HorizonBlocks, Base, _roots.Length, _nodes);

    /// <summary>
    /// The model of these bytes, or false when they are not the canonical ones of one that can't
    /// overflow.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out TreeEnsemble? model)
    {
        model = null;
        if (bytes.Length < HeaderSize || bytes.Length > MaximumBytes || !bytes.StartsWith(Magic) ||
            bytes[4] != Version || !FeatureSets.TryGetCount(bytes[5], out int features))
        {
            return false;
        }
        int horizon = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        int count = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]);
        Fixed bias = ReadFixed(bytes[10..]);
        if (horizon == 0 || count is 0 or > MaximumTrees || bias.Raw == long.MinValue)
        {
            return false;
        }
        var reader = new TreeReader(bytes[HeaderSize..], features);
        int[] roots = new int[count];
        Int128 bound = Int128.Abs(bias.Raw);
        for (int t = 0; t < count; t++)
        {
            roots[t] = reader.Nodes.Count;
            if (!reader.TryReadTree(out Int128 most))
            {
                return false;
            }
            bound += most;
        }
        if (!reader.IsAtEnd || bound > long.MaxValue)
        {
            return false;
        }
        model = new TreeEnsemble(bytes[5], features, horizon, bias, [.. reader.Nodes], roots);
        return true;
    }

    private static byte[] Encode(
        byte featureSet, int horizonBlocks, Fixed bias, int trees, TreeNode[] nodes)
    {
        var bytes = new List<byte>(HeaderSize + 17 * nodes.Length);
        bytes.AddRange(Magic);
        bytes.AddRange([Version, featureSet]);
        bytes.AddRange([(byte)(horizonBlocks >> 8), (byte)(horizonBlocks & 0xff)]);
        bytes.AddRange([(byte)(trees >> 8), (byte)(trees & 0xff)]);
        Append(bytes, bias);
        foreach (TreeNode node in nodes)
        {
            bytes.Add(node.IsLeaf ? Leaf : (byte)node.Feature);
            if (!node.IsLeaf)
            {
                Append(bytes, node.Threshold);
            }
            Append(bytes, node.Value);
        }
        return [.. bytes];
    }

    private static void Append(List<byte> bytes, Fixed value)
    {
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(word, value.Raw);
        bytes.AddRange(word);
    }

    private static Fixed ReadFixed(ReadOnlySpan<byte> bytes) =>
        Fixed.FromRaw(BinaryPrimitives.ReadInt64BigEndian(bytes));

    private ref struct TreeReader(ReadOnlySpan<byte> bytes, int features)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public List<TreeNode> Nodes { get; } = [];

        public readonly bool IsAtEnd => _rest.IsEmpty;

        /// <summary>
        /// One tree; <paramref name="most"/> bounds what it adds to any sum on any path.
        /// </summary>
        public bool TryReadTree(out Int128 most)
        {
            Int128 largest = 0;
            int deepest = 0;
            bool isRead = TryReadNode(0, ref largest, ref deepest);
            most = (2 * deepest + 1) * largest;
            return isRead;
        }

        private bool TryReadNode(int depth, ref Int128 largest, ref int deepest)
        {
            bool isLeaf = !_rest.IsEmpty && _rest[0] == Leaf;
            int size = isLeaf ? 9 : 17;
            if (_rest.Length < size || (!isLeaf && _rest[0] >= features) ||
                (!isLeaf && depth == MaximumDepth))
            {
                return false;
            }
            int feature = isLeaf ? -1 : _rest[0];
            Fixed threshold = isLeaf ? Fixed.Zero : ReadFixed(_rest[1..]);
            Fixed value = ReadFixed(_rest[(size - 8)..]);
            _rest = _rest[size..];
            largest = Int128.Max(largest, Int128.Abs(value.Raw));
            deepest = Math.Max(deepest, depth);
            int place = Nodes.Count;
            Nodes.Add(new TreeNode(feature, threshold, value, 0));
            if (isLeaf)
            {
                return true;
            }
            if (!TryReadNode(depth + 1, ref largest, ref deepest))
            {
                return false;
            }
            Nodes[place] = Nodes[place] with { Right = Nodes.Count };
            return TryReadNode(depth + 1, ref largest, ref deepest);
        }
    }
}
