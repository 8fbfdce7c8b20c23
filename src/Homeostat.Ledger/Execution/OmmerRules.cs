using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>Blocks by hash, for what proof of work asks of a block's ancestors.</summary>
public interface IAncestors
{
    bool TryGet(in Hash256 hash, [NotNullWhen(true)] out Block? block);

    /// <summary>The difficulties of a known block and all before it, summed.</summary>
    UInt256 TotalDifficultyOf(in Hash256 hash);
}

/// <summary>
/// Ommers: blocks beside the chain that proof of work rewards (Yellow Paper, 11.1).
/// </summary>
internal static class OmmerRules
{
    private const int MostOmmers = 2;
    private const int Generations = 7;

    public static Hash256 HashOf(IReadOnlyList<BlockHeader> ommers)
    {
        if (ommers.Count == 0)
        {
            return Keccak.EmptyList;
        }
        var writer = new RlpWriter(1024);
        int list = writer.StartList();
        foreach (BlockHeader ommer in ommers)
        {
            ommer.WriteTo(writer);
        }
        writer.EndList(list);
        return writer.Hash();
    }

    /// <summary>Null when all ommers may be in the block; texts are geth's.</summary>
    public static string? Check(Block block, IAncestors? ancestors, ChainRules rules)
    {
        if (block.Ommers.Count == 0)
        {
            return null;
        }
        if (block.Ommers.Count > MostOmmers)
        {
            return "too many uncles";
        }
        var family = new LookupTable<Hash256, BlockHeader>();
        var taken = new LookupSet<Hash256>();
        Gather(block, ancestors, family, taken);
        foreach (BlockHeader ommer in block.Ommers)
        {
            if (!taken.Add(ommer.Hash))
            {
                return "duplicate uncle";
            }
            if (family.ContainsKey(ommer.Hash) || ommer.Hash == block.Hash)
            {
                return "uncle is ancestor";
            }
            if (ommer.ParentHash == block.Header.ParentHash
                || !family.TryGetValue(ommer.ParentHash, out BlockHeader? parent))
            {
                return "uncle's parent is not ancestor";
            }
            if (HeaderRules.Check(ommer, parent, rules.At(ommer), null) is { } error)
            {
                return error;
            }
        }
        return null;
    }

    private static void Gather(
        Block block, IAncestors? ancestors, LookupTable<Hash256, BlockHeader> family,
        LookupSet<Hash256> taken)
    {
        Hash256 hash = block.Header.ParentHash;
        for (int i = 0; i < Generations; i++)
        {
            if (ancestors is null || !ancestors.TryGet(hash, out Block? ancestor))
            {
                break;
            }
            family[hash] = ancestor.Header;
            foreach (BlockHeader ommer in ancestor.Ommers)
            {
                taken.Add(ommer.Hash);
            }
            hash = ancestor.Header.ParentHash;
        }
    }
}
