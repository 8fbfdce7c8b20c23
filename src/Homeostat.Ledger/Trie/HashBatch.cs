using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>Hashes of many inputs at once.</summary>
internal static class HashBatch
{
    public static void Hash(ReadOnlySpan<ReadOnlyMemory<byte>> inputs, Span<Hash256> digests)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            digests[i] = Keccak.Hash(inputs[i].Span);
        }
    }
}
