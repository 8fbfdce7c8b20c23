using System.Numerics;

namespace Homeostat.Primitives;

/// <summary>
/// xoshiro256** (Blackman, Vigna 2018) seeded by SplitMix64: the same seed gives the same numbers
/// on every machine. Not for keys.
/// </summary>
public sealed class SeededRandom
{
    private ulong _s0, _s1, _s2, _s3;

    public SeededRandom(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    public ulong NextUInt64()
    {
        unchecked
        {
            ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
            ulong t = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= t;
            _s3 = BitOperations.RotateLeft(_s3, 45);
            return result;
        }
    }

    /// <summary>Uniform in [0, bound); bias below 2^-64 · bound.</summary>
    public ulong NextBelow(ulong bound)
    {
        Invariant.Require(bound > 0);
        return Math.BigMul(NextUInt64(), bound, out _);
    }

    public int NextBelow(int bound) => (int)NextBelow((ulong)bound);

    /// <summary>Uniform in [low, high).</summary>
    public long NextBetween(long low, long high) => low + (long)NextBelow((ulong)(high - low));

    /// <summary>True with probability numerator / denominator.</summary>
    public bool Chance(int numerator, int denominator) => NextBelow(denominator) < numerator;

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        for (int i = 0; i < destination.Length; i += 8)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(word, NextUInt64());
            word[..Math.Min(8, destination.Length - i)].CopyTo(destination[i..]);
        }
    }

    /// <summary>A generator of its own, whose numbers do not shift this one's later ones.</summary>
    public SeededRandom Fork() => new(NextUInt64());

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            ulong z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
