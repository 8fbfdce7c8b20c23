using Homeostat.Primitives;

namespace Homeostat.Node.Store;

/// <summary>
/// A log query as bits to look for in a block's bloom (yellow paper, section 4.3.1).
/// </summary>
internal sealed class BloomQuery
{
    private readonly List<List<int[]>> _alternatives = [];

    public BloomQuery(LogQuery query)
    {
        Add([.. query.Addresses.Select(x => Bits(x.Bytes))]);
        foreach (IReadOnlyList<Hash256> topics in query.Topics)
        {
            Add([.. topics.Select(x => Bits(x.Bytes))]);
        }
    }

    /// <summary>Everything matches.</summary>
    public bool IsTrivial => _alternatives.Count == 0;

    /// <summary>False only if no log of the block can match.</summary>
    public bool MayMatch(ReadOnlySpan<byte> bloom)
    {
        foreach (List<int[]> alternatives in _alternatives)
        {
            bool any = false;
            foreach (int[] bits in alternatives)
            {
                any |= Holds(bloom, bits);
            }
            if (!any)
            {
                return false;
            }
        }
        return true;
    }

    private static bool Holds(ReadOnlySpan<byte> bloom, int[] bits)
    {
        foreach (int bit in bits)
        {
            if ((bloom[255 - (bit / 8)] & (1 << (bit % 8))) == 0)
            {
                return false;
            }
        }
        return true;
    }

    private void Add(List<int[]> alternatives)
    {
        if (alternatives.Count > 0)
        {
            _alternatives.Add(alternatives);
        }
    }

    private static int[] Bits(ReadOnlySpan<byte> value)
    {
        Hash256 hash = Keccak.Hash(value);
        ReadOnlySpan<byte> bytes = hash.Bytes;
        int[] bits = new int[3];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = ((bytes[2 * i] << 8) | bytes[(2 * i) + 1]) & 2047;
        }
        return bits;
    }
}
