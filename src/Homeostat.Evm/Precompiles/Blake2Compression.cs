using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homeostat.Evm;

/// <summary>0x09: BLAKE2b's compression function F (RFC 7693) by EIP-152.</summary>
internal sealed class Blake2Compression : IPrecompile
{
    private const int InputSize = 213;

    private static ReadOnlySpan<ulong> Initial =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    internal static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        input.Length == InputSize ? BinaryPrimitives.ReadUInt32BigEndian(input) : 0;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != InputSize || input[212] > 1)
        {
            return false;
        }
        uint rounds = BinaryPrimitives.ReadUInt32BigEndian(input);
        Span<ulong> h = stackalloc ulong[8];
        Span<ulong> v = stackalloc ulong[16];
        Span<ulong> m = stackalloc ulong[16];
        ReadWords(input[4..], h);
        ReadWords(input[68..], m);
        h.CopyTo(v);
        Initial.CopyTo(v[8..]);
        v[12] ^= BinaryPrimitives.ReadUInt64LittleEndian(input[196..]);
        v[13] ^= BinaryPrimitives.ReadUInt64LittleEndian(input[204..]);
        v[14] = input[212] == 1 ? ~v[14] : v[14];
        Mix(v, m, rounds);
        output = new byte[64];
        for (int i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(
                output.AsSpan(8 * i), h[i] ^ v[i] ^ v[i + 8]);
        }
        return true;
    }

    private static void ReadWords(ReadOnlySpan<byte> bytes, Span<ulong> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..]);
        }
    }

    private static void Mix(Span<ulong> v, ReadOnlySpan<ulong> m, uint rounds)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Blake2Rows.Mix(v, m, Schedule, rounds);
        }
        else
        {
            MixWords(v, m, rounds);
        }
    }

    /// <summary>The rounds word by word, for processors without 256-bit vectors.</summary>
    internal static void MixWords(Span<ulong> v, ReadOnlySpan<ulong> m, uint rounds)
    {
        ulong v0 = v[0], v1 = v[1], v2 = v[2], v3 = v[3], v4 = v[4], v5 = v[5], v6 = v[6];
        ulong v7 = v[7], v8 = v[8], v9 = v[9], v10 = v[10], v11 = v[11], v12 = v[12];
        ulong v13 = v[13], v14 = v[14], v15 = v[15];
        ref ulong words = ref MemoryMarshal.GetReference(m);
        ref byte schedule = ref MemoryMarshal.GetReference(Schedule);
        int row = 0;
        for (uint round = 0; round < rounds; round++)
        {
            ref byte s = ref Unsafe.Add(ref schedule, row);
            G(ref v0, ref v4, ref v8, ref v12, ref words, ref s, 0);
            G(ref v1, ref v5, ref v9, ref v13, ref words, ref s, 2);
            G(ref v2, ref v6, ref v10, ref v14, ref words, ref s, 4);
            G(ref v3, ref v7, ref v11, ref v15, ref words, ref s, 6);
            G(ref v0, ref v5, ref v10, ref v15, ref words, ref s, 8);
            G(ref v1, ref v6, ref v11, ref v12, ref words, ref s, 10);
            G(ref v2, ref v7, ref v8, ref v13, ref words, ref s, 12);
            G(ref v3, ref v4, ref v9, ref v14, ref words, ref s, 14);
            row = row == 144 ? 0 : row + 16;
        }
        ReadOnlySpan<ulong> result =
            [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15];
        result.CopyTo(v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void G(
        ref ulong a, ref ulong b, ref ulong c, ref ulong d,
        ref ulong words, ref byte schedule, int index)
    {
        unchecked
        {
            a += b + Unsafe.Add(ref words, Unsafe.Add(ref schedule, index));
            d = BitOperations.RotateRight(d ^ a, 32);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 24);
            a += b + Unsafe.Add(ref words, Unsafe.Add(ref schedule, index + 1));
            d = BitOperations.RotateRight(d ^ a, 16);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 63);
        }
    }
}
