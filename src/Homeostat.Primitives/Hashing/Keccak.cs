using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

/// <summary>
/// Keccak-256 with the original padding (0x01), as Ethereum uses it; not SHA3-256.
/// </summary>
public static partial class Keccak
{
    private const int Rate = 136;
    private const int RateWords = Rate / 8;

    // The plane permutation reads and writes three words past the 25 of the state.
    private const int StateWords = 28;

    /// <summary>Hash of no bytes; the code hash of an account without code.</summary>
    public static readonly Hash256 Empty = Hash([]);

    /// <summary>Hash of the RLP empty string 0x80; the root of an empty trie.</summary>
    public static readonly Hash256 EmptyTrie = Hash([0x80]);

    /// <summary>
    /// Hash of the RLP empty list 0xc0; the ommers hash of a block without ommers.
    /// </summary>
    public static readonly Hash256 EmptyList = Hash([0xc0]);

    public static Hash256 Hash(ReadOnlySpan<byte> input) =>
        HashWith(input, KeccakPlanes.IsSupported);

    /// <summary>As <see cref="Hash"/>, by the plane or the scalar permutation.</summary>
    internal static Hash256 HashWith(ReadOnlySpan<byte> input, bool usePlanes)
    {
        Span<ulong> state = stackalloc ulong[StateWords];
        state.Clear();
        while (input.Length >= Rate)
        {
            Absorb(state, input);
            Permute(state, usePlanes);
            input = input[Rate..];
        }
        AbsorbLast(state, input);
        Permute(state, usePlanes);
        return new Hash256(MemoryMarshal.AsBytes(state[..4]));
    }

    private static void Permute(Span<ulong> state, bool usePlanes)
    {
        if (usePlanes)
        {
            KeccakPlanes.Run(state);
        }
        else
        {
            KeccakPermutation.Run<ulong, KeccakPermutation.ScalarLane>(
                ref MemoryMarshal.GetReference(state));
        }
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(block[..Rate]);
        for (int i = 0; i < words.Length; i++)
        {
            state[i] ^= words[i];
        }
    }

    private static void AbsorbLast(Span<ulong> state, ReadOnlySpan<byte> rest)
    {
        int whole = rest.Length / 8;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(rest[..(8 * whole)]);
        for (int i = 0; i < words.Length; i++)
        {
            state[i] ^= words[i];
        }
        ulong last = 1UL << (8 * (rest.Length % 8));
        for (int i = 8 * whole; i < rest.Length; i++)
        {
            last ^= (ulong)rest[i] << (8 * (i % 8));
        }
        state[whole] ^= last;
        state[RateWords - 1] ^= 1UL << 63;
    }
}
