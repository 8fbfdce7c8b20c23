using System.Buffers.Binary;
using System.Numerics;

namespace Homeostat.Primitives;

/// <summary>
/// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012): 64 bits
/// nobody can foretell without the 128-bit key. Some twenty nanoseconds for an address, where
/// Keccak takes half a microsecond: it is asked for every sender of the pool at each block.
/// </summary>
public readonly struct SipHash
{
    private readonly ulong _k0;
    private readonly ulong _k1;

    /// <summary>The key is the first 16 bytes.</summary>
    public SipHash(in Hash256 key)
    {
        ReadOnlySpan<byte> bytes = key.ToArray();
        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
    }

    public ulong Hash(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            var state = new State(_k0, _k1);
            int at = 0;
            for (; at + 8 <= data.Length; at += 8)
            {
                state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(data[at..]));
            }
            ulong last = (ulong)data.Length << 56;
            for (int i = 0; at + i < data.Length; i++)
            {
                last |= (ulong)data[at + i] << (8 * i);
            }
            state.Absorb(last);
            return state.Finish();
        }
    }

    private struct State(ulong k0, ulong k1)
    {
        private ulong _v0 = k0 ^ 0x736f6d6570736575;
        private ulong _v1 = k1 ^ 0x646f72616e646f6d;
        private ulong _v2 = k0 ^ 0x6c7967656e657261;
        private ulong _v3 = k1 ^ 0x7465646279746573;

        public void Absorb(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public ulong Finish()
        {
            _v2 ^= 0xff;
            for (int i = 0; i < 4; i++)
            {
                Round();
            }
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Round()
        {
            unchecked
            {
                _v0 += _v1;
                _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
                _v0 = BitOperations.RotateLeft(_v0, 32);
                _v2 += _v3;
                _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
                _v0 += _v3;
                _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
                _v2 += _v1;
                _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
                _v2 = BitOperations.RotateLeft(_v2, 32);
            }
        }
    }
}
