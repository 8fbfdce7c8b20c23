using System.Buffers.Binary;
using System.Numerics;

namespace Homeostat.Primitives;

/// <summary>Keccak-256 with the original padding (0x01), as Ethereum uses it; not SHA3-256.</summary>
public static class Keccak
{
    private const int Rate = 136;

    /// <summary>Hash of no bytes; the code hash of an account without code.</summary>
    public static readonly Hash256 Empty = Hash([]);

    /// <summary>Hash of the RLP empty string 0x80; the root of an empty trie.</summary>
    public static readonly Hash256 EmptyTrie = Hash([0x80]);

    /// <summary>Hash of the RLP empty list 0xc0; the ommers hash of a block without ommers.</summary>
    public static readonly Hash256 EmptyList = Hash([0xc0]);

    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    private static ReadOnlySpan<byte> Rotations =>
    [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ];

    private static ReadOnlySpan<byte> Lanes =>
    [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ];

    public static Hash256 Hash(ReadOnlySpan<byte> input)
    {
        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        while (input.Length >= Rate)
        {
            Absorb(state, input[..Rate]);
            input = input[Rate..];
        }
        Span<byte> last = stackalloc byte[Rate];
        last.Clear();
        input.CopyTo(last);
        last[input.Length] ^= 0x01;
        last[Rate - 1] ^= 0x80;
        Absorb(state, last);
        Span<byte> digest = stackalloc byte[32];
        for (int i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(digest[(8 * i)..], state[i]);
        }
        return new Hash256(digest);
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < Rate / 8; i++)
        {
            state[i] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
        }
        Permute(state);
    }

    private static void Permute(Span<ulong> s)
    {
        Span<ulong> c = stackalloc ulong[5];
        foreach (ulong constant in RoundConstants)
        {
            for (int x = 0; x < 5; x++)
            {
                c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
            }
            for (int x = 0; x < 5; x++)
            {
                ulong d = c[(x + 4) % 5] ^ BitOperations.RotateLeft(c[(x + 1) % 5], 1);
                for (int y = 0; y < 25; y += 5)
                {
                    s[y + x] ^= d;
                }
            }
            ulong carried = s[1];
            for (int i = 0; i < 24; i++)
            {
                ulong next = s[Lanes[i]];
                s[Lanes[i]] = BitOperations.RotateLeft(carried, Rotations[i]);
                carried = next;
            }
            for (int y = 0; y < 25; y += 5)
            {
                s.Slice(y, 5).CopyTo(c);
                for (int x = 0; x < 5; x++)
                {
                    s[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
                }
            }
            s[0] ^= constant;
        }
    }
}
