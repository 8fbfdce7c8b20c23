using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homeostat.Primitives;

// The multi-buffer form: eight (AVX-512) or four (AVX2) inputs are hashed in the lanes of one
// vector state. It pays where many independent inputs are at hand, as when a trie is committed.
// Inputs of equal block count share a state, since a state runs as long as its longest input.
public static partial class Keccak
{
    // Beyond this a lane's input is hashed alone: groups would rarely be of equal length.
    private const int MaxGroupedBlocks = 64;

    /// <summary>
    /// digests[i] := Hash(inputs[i]). The same results as hashing one by one.
    /// </summary>
    public static void HashMany(
        ReadOnlySpan<ReadOnlyMemory<byte>> inputs, Span<Hash256> digests)
    {
        int width = Vector512.IsHardwareAccelerated && KeccakPlanes.IsSupported ? 8
            : Vector256.IsHardwareAccelerated ? 4 : 1;
        HashMany(inputs, digests, width);
    }

    /// <summary>As the public form with a state width of 1, 4 or 8.</summary>
    internal static void HashMany(
        ReadOnlySpan<ReadOnlyMemory<byte>> inputs, Span<Hash256> digests, int width)
    {
        Invariant.Require(digests.Length >= inputs.Length);
        if (width == 1 || inputs.Length <= width / 4)
        {
            HashEach(inputs, digests);
            return;
        }
        int[] order = OrderByBlocks(inputs);
        int start = 0;
        while (start < order.Length)
        {
            int blocks = Blocks(inputs[order[start]].Span);
            int end = start + 1;
            while (end < order.Length && end - start < width
                && Blocks(inputs[order[end]].Span) == blocks)
            {
                end++;
            }
            ReadOnlySpan<int> group = order.AsSpan(start, end - start);
            if (group.Length <= width / 4 || blocks > MaxGroupedBlocks)
            {
                foreach (int index in group)
                {
                    digests[index] = Hash(inputs[index].Span);
                }
            }
            else
            {
                HashGroup(inputs, digests, group, blocks, width);
            }
            start = end;
        }
    }

    private static void HashEach(
        ReadOnlySpan<ReadOnlyMemory<byte>> inputs, Span<Hash256> digests)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            digests[i] = Hash(inputs[i].Span);
        }
    }

    private static int Blocks(ReadOnlySpan<byte> input) => (input.Length / Rate) + 1;

    private static int[] OrderByBlocks(ReadOnlySpan<ReadOnlyMemory<byte>> inputs)
    {
        long[] keys = new long[inputs.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = ((long)Blocks(inputs[i].Span) << 32) | (uint)i;
        }
        Array.Sort(keys);
        int[] order = new int[keys.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = (int)(keys[i] & int.MaxValue);
        }
        return order;
    }

    private static void HashGroup(
        ReadOnlySpan<ReadOnlyMemory<byte>> inputs, Span<Hash256> digests,
        ReadOnlySpan<int> group, int blocks, int width)
    {
        Span<ulong> state = stackalloc ulong[25 * 8];
        Span<ulong> lane = stackalloc ulong[RateWords];
        state.Clear();
        for (int block = 0; block < blocks; block++)
        {
            for (int i = 0; i < group.Length; i++)
            {
                ReadOnlySpan<byte> rest = inputs[group[i]].Span[(block * Rate)..];
                lane.Clear();
                if (block == blocks - 1)
                {
                    AbsorbLast(lane, rest);
                }
                else
                {
                    Absorb(lane, rest);
                }
                for (int word = 0; word < RateWords; word++)
                {
                    state[(word * width) + i] ^= lane[word];
                }
            }
            PermuteMany(state, width);
        }
        Span<ulong> digest = lane[..4];
        for (int i = 0; i < group.Length; i++)
        {
            for (int word = 0; word < 4; word++)
            {
                digest[word] = state[(word * width) + i];
            }
            digests[group[i]] = new Hash256(MemoryMarshal.AsBytes(digest));
        }
    }

    private static void PermuteMany(Span<ulong> state, int width)
    {
        if (width == 8)
        {
            KeccakPermutation.Run<Vector512<ulong>, KeccakPermutation.Lane512>(
                ref MemoryMarshal.Cast<ulong, Vector512<ulong>>(state)[0]);
        }
        else
        {
            KeccakPermutation.Run<Vector256<ulong>, KeccakPermutation.Lane256>(
                ref MemoryMarshal.Cast<ulong, Vector256<ulong>>(state)[0]);
        }
    }
}
