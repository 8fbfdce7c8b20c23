using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homeostat.Primitives.Fields;

/// <summary>
/// Inversion modulo an odd number by the divsteps of Bernstein and Yang ("Fast constant-time gcd
/// computation and modular inversion", 2019), in the variable-time form that libsecp256k1 uses
/// (doc/safegcd_implementation.md).
/// <para>
/// The naive way, x^(p-2), costs some 300 multiplications. A divstep looks only at the lowest
/// bits of f and g, so 62 of them are first run on machine words, collected in a 2×2 matrix, and
/// then applied at once to the long numbers: about ten rounds for 256 bits. f starts as the
/// modulus and g as x; f ends as ±1 with d·x ≡ f mod p the invariant kept by d.
/// </para>
/// Numbers are signed, in limbs of 62 bits, so that sums of two products fit 128 bits.
/// </summary>
internal static class ModularInverse
{
    private const ulong Mask = ulong.MaxValue >> 2;

    private struct Matrix
    {
        public long U, V, Q, R;
    }

    /// <summary>A signed 128-bit sum of products.</summary>
    private struct Accumulator
    {
        private ulong _low;
        private long _high;

        public readonly ulong Low => _low;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(long left, long right)
        {
            unchecked
            {
                ulong low = (ulong)left * (ulong)right;
                long high = (long)MultiplyAdd.High((ulong)left, (ulong)right)
                    - ((left >> 63) & right) - ((right >> 63) & left);
                _low += low;
                _high += high + (_low < low ? 1 : 0);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Shift()
        {
            unchecked
            {
                _low = (_low >> 62) | ((ulong)_high << 2);
                _high >>= 62;
            }
        }
    }

    /// <summary>Replaces x (below the modulus) by its inverse; zero stays zero.</summary>
    public static void Invert(Span<ulong> x, ReadOnlySpan<ulong> modulus, ulong negativeInverse)
    {
        int length = ((64 * modulus.Length) + 61) / 62;
        Span<long> m = stackalloc long[length];
        Span<long> d = stackalloc long[length];
        Span<long> e = stackalloc long[length];
        Span<long> f = stackalloc long[length];
        Span<long> g = stackalloc long[length];
        d.Clear();
        e.Clear();
        e[0] = 1;
        ToLimbs62(modulus, m);
        ToLimbs62(x, g);
        m.CopyTo(f);
        ulong inverse62 = unchecked(0 - negativeInverse) & Mask;
        long eta = -1;
        int live = length;
        while (true)
        {
            eta = DivSteps(eta, unchecked((ulong)f[0]), unchecked((ulong)g[0]), out Matrix t);
            UpdateDE(d, e, t, m, inverse62);
            UpdateFG(f[..live], g[..live], t);
            if (g[0] == 0 && g[..live].IndexOfAnyExcept(0) < 0)
            {
                break;
            }
            live = Shorten(f, g, live);
        }
        Normalize(d, m, f[live - 1]);
        FromLimbs62(d, x);
    }

    private static int Shorten(Span<long> f, Span<long> g, int live)
    {
        unchecked
        {
            long fTop = f[live - 1], gTop = g[live - 1];
            if (live < 2 || ((fTop ^ (fTop >> 63)) | (gTop ^ (gTop >> 63))) != 0)
            {
                return live;
            }
            f[live - 2] |= fTop << 62;
            g[live - 2] |= gTop << 62;
            return live - 1;
        }
    }

    /// <summary>
    /// Runs 62 divsteps on the low words, cancelling up to six bits of g at a time.
    /// </summary>
    private static long DivSteps(long eta, ulong f, ulong g, out Matrix matrix)
    {
        unchecked
        {
            ulong u = 1, v = 0, q = 0, r = 1;
            int left = 62;
            while (true)
            {
                int zeros = BitOperations.TrailingZeroCount(g | (ulong.MaxValue << left));
                g >>= zeros;
                u <<= zeros;
                v <<= zeros;
                eta -= zeros;
                left -= zeros;
                if (left == 0)
                {
                    break;
                }
                ulong w;
                if (eta < 0)
                {
                    eta = -eta;
                    (f, g) = (g, 0 - f);
                    (u, q) = (q, 0 - u);
                    (v, r) = (r, 0 - v);
                    int limit = (int)Math.Min(eta + 1, left);
                    w = (f * g * ((f * f) - 2)) & (ulong.MaxValue >> (64 - limit)) & 63;
                }
                else
                {
                    int limit = (int)Math.Min(eta + 1, left);
                    w = f + (((f + 1) & 4) << 1);
                    w = ((0 - w) * g) & (ulong.MaxValue >> (64 - limit)) & 15;
                }
                g += f * w;
                q += u * w;
                r += v * w;
            }
            matrix.U = (long)u;
            matrix.V = (long)v;
            matrix.Q = (long)q;
            matrix.R = (long)r;
            return eta;
        }
    }

    /// <summary>(d, e) := matrix·(d, e) / 2^62 mod m, in (-2m, m).</summary>
    private static void UpdateDE(
        Span<long> d, Span<long> e, in Matrix t, ReadOnlySpan<long> m, ulong inverse62)
    {
        unchecked
        {
            int last = m.Length - 1;
            long signD = d[last] >> 63, signE = e[last] >> 63;
            long md = (t.U & signD) + (t.V & signE);
            long me = (t.Q & signD) + (t.R & signE);
            Accumulator cd = default, ce = default;
            cd.Add(t.U, d[0]);
            cd.Add(t.V, e[0]);
            ce.Add(t.Q, d[0]);
            ce.Add(t.R, e[0]);
            md -= (long)(((inverse62 * cd.Low) + (ulong)md) & Mask);
            me -= (long)(((inverse62 * ce.Low) + (ulong)me) & Mask);
            cd.Add(m[0], md);
            ce.Add(m[0], me);
            cd.Shift();
            ce.Shift();
            for (int i = 1; i <= last; i++)
            {
                cd.Add(t.U, d[i]);
                cd.Add(t.V, e[i]);
                cd.Add(m[i], md);
                ce.Add(t.Q, d[i]);
                ce.Add(t.R, e[i]);
                ce.Add(m[i], me);
                d[i - 1] = (long)(cd.Low & Mask);
                e[i - 1] = (long)(ce.Low & Mask);
                cd.Shift();
                ce.Shift();
            }
            d[last] = (long)cd.Low;
            e[last] = (long)ce.Low;
        }
    }

    /// <summary>(f, g) := matrix·(f, g) / 2^62, exactly.</summary>
    private static void UpdateFG(Span<long> f, Span<long> g, in Matrix t)
    {
        unchecked
        {
            Accumulator cf = default, cg = default;
            cf.Add(t.U, f[0]);
            cf.Add(t.V, g[0]);
            cg.Add(t.Q, f[0]);
            cg.Add(t.R, g[0]);
            cf.Shift();
            cg.Shift();
            for (int i = 1; i < f.Length; i++)
            {
                cf.Add(t.U, f[i]);
                cf.Add(t.V, g[i]);
                cg.Add(t.Q, f[i]);
                cg.Add(t.R, g[i]);
                f[i - 1] = (long)(cf.Low & Mask);
                g[i - 1] = (long)(cg.Low & Mask);
                cf.Shift();
                cg.Shift();
            }
            f[^1] = (long)cf.Low;
            g[^1] = (long)cg.Low;
        }
    }

    /// <summary>Brings d from (-2m, m) to [0, m), negated first where f ended as -1.</summary>
    private static void Normalize(Span<long> d, ReadOnlySpan<long> m, long sign)
    {
        unchecked
        {
            AddIfNegative(d, m);
            if (sign < 0)
            {
                for (int i = 0; i < d.Length; i++)
                {
                    d[i] = -d[i];
                }
            }
            Propagate(d);
            AddIfNegative(d, m);
            Propagate(d);
        }
    }

    private static void AddIfNegative(Span<long> d, ReadOnlySpan<long> m)
    {
        if (d[^1] < 0)
        {
            for (int i = 0; i < d.Length; i++)
            {
                d[i] = unchecked(d[i] + m[i]);
            }
        }
    }

    private static void Propagate(Span<long> d)
    {
        unchecked
        {
            for (int i = 0; i + 1 < d.Length; i++)
            {
                d[i + 1] += d[i] >> 62;
                d[i] &= (long)Mask;
            }
        }
    }

    private static void ToLimbs62(ReadOnlySpan<ulong> from, Span<long> to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            int bit = 62 * i;
            int word = bit / 64, shift = bit % 64;
            ulong value = word < from.Length ? from[word] >> shift : 0;
            if (shift > 2 && word + 1 < from.Length)
            {
                value |= from[word + 1] << (64 - shift);
            }
            to[i] = (long)(value & Mask);
        }
    }

    private static void FromLimbs62(ReadOnlySpan<long> from, Span<ulong> to)
    {
        to.Clear();
        for (int i = 0; i < from.Length; i++)
        {
            int bit = 62 * i;
            int word = bit / 64, shift = bit % 64;
            ulong value = unchecked((ulong)from[i]);
            if (word < to.Length)
            {
                to[word] |= value << shift;
            }
            if (shift > 2 && word + 1 < to.Length)
            {
                to[word + 1] |= value >> (64 - shift);
            }
        }
    }
}
