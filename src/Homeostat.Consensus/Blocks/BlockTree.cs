using Homeostat.Primitives;

namespace Homeostat.Consensus;

internal enum BlockStatus
{
    Unverified,
    Verifying,
    Valid,
    Invalid,
}

/// <summary>A block above the last final one whose bytes are here.</summary>
internal sealed class BlockEntry(BlockReference reference, ConsensusPayload payload, byte[] encoded)
{
    public BlockReference Reference { get; } = reference;
    public ConsensusPayload Payload { get; } = payload;
    public byte[] Encoded { get; } = encoded;
    public BlockStatus Status { get; set; }

    /// <summary>Valid, and yet not to be voted for by this node.</summary>
    public bool IsUnwanted { get; set; }

    /// <summary>True once its body record was given to the journal.</summary>
    public bool IsStored { get; set; }

    /// <summary>The observation its executor gave for a vote.</summary>
    public byte[] Observation { get; set; } = [];
}

/// <summary>
/// Bodies of unfinalized blocks by hash. Bounded by who may add: the first proposal of each view
/// in a short window, and blocks wanted because a quorum (or a third) voted for them.
/// </summary>
internal sealed class BlockTree
{
    private readonly LookupTable<Hash256, BlockEntry> _byHash = new();
    private readonly SortedDictionary<(View View, Hash256 Hash), BlockEntry> _byView = [];

    public IEnumerable<BlockEntry> Ascending => _byView.Values;

    public BlockEntry? Find(in Hash256 hash) => _byHash.GetValueOrDefault(hash);

    public void Add(BlockEntry entry)
    {
        if (_byHash.TryAdd(entry.Reference.Hash, entry))
        {
            _byView.Add((entry.Reference.View, entry.Reference.Hash), entry);
        }
    }

    public void Remove(BlockEntry entry)
    {
        _byHash.Remove(entry.Reference.Hash);
        _byView.Remove((entry.Reference.View, entry.Reference.Hash));
    }

    /// <summary>Drops all blocks of views below this one.</summary>
    public void Prune(View keepFrom)
    {
        foreach (BlockEntry entry in _byView.Values
            .TakeWhile(entry => entry.Reference.View < keepFrom).ToArray())
        {
            Remove(entry);
        }
    }
}
