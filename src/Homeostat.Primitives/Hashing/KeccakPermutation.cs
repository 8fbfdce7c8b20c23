using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homeostat.Primitives;

/// <summary>
/// Keccak-f[1600] (FIPS 202, section 3), written once over the type of a lane: a lane is one
/// 64-bit word, or the same word of four or eight independent states side by side in a vector.
/// Theta, rho and pi go from the a's to the b's and chi back, so no lane is ever moved; loops
/// are unrolled and indices constant, so no bounds are checked.
/// </summary>
internal static class KeccakPermutation
{
    internal static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    /// <summary>What the rounds do to a lane.</summary>
    internal interface ILane<T>
    {
        static abstract T Xor(T a, T b);

        static abstract T Xor5(T a, T b, T c, T d, T e);

        /// <summary>a ^ (~b &amp; c).</summary>
        static abstract T Chi(T a, T b, T c);

        static abstract T Rotate(T a, [ConstantExpected] byte bits);

        static abstract T Broadcast(ulong value);
    }

    /// <summary>Permutes 25 lanes that lie one after the other.</summary>
    public static void Run<T, TLane>(ref T state)
        where T : struct
        where TLane : struct, ILane<T>
    {
        // Generated text: several statements share a line so that a round fits a screen.
        T a0 = Unsafe.Add(ref state, 0); T a1 = Unsafe.Add(ref state, 1);
        T a2 = Unsafe.Add(ref state, 2); T a3 = Unsafe.Add(ref state, 3);
        T a4 = Unsafe.Add(ref state, 4); T a5 = Unsafe.Add(ref state, 5);
        T a6 = Unsafe.Add(ref state, 6); T a7 = Unsafe.Add(ref state, 7);
        T a8 = Unsafe.Add(ref state, 8); T a9 = Unsafe.Add(ref state, 9);
        T a10 = Unsafe.Add(ref state, 10); T a11 = Unsafe.Add(ref state, 11);
        T a12 = Unsafe.Add(ref state, 12); T a13 = Unsafe.Add(ref state, 13);
        T a14 = Unsafe.Add(ref state, 14); T a15 = Unsafe.Add(ref state, 15);
        T a16 = Unsafe.Add(ref state, 16); T a17 = Unsafe.Add(ref state, 17);
        T a18 = Unsafe.Add(ref state, 18); T a19 = Unsafe.Add(ref state, 19);
        T a20 = Unsafe.Add(ref state, 20); T a21 = Unsafe.Add(ref state, 21);
        T a22 = Unsafe.Add(ref state, 22); T a23 = Unsafe.Add(ref state, 23);
        T a24 = Unsafe.Add(ref state, 24);
        foreach (ulong constant in RoundConstants)
        {
            T c0 = TLane.Xor5(a0, a5, a10, a15, a20); T c1 = TLane.Xor5(a1, a6, a11, a16, a21);
            T c2 = TLane.Xor5(a2, a7, a12, a17, a22); T c3 = TLane.Xor5(a3, a8, a13, a18, a23);
            T c4 = TLane.Xor5(a4, a9, a14, a19, a24); T d4 = TLane.Xor(c3, TLane.Rotate(c0, 1));
            T d0 = TLane.Xor(c4, TLane.Rotate(c1, 1)); T d1 = TLane.Xor(c0, TLane.Rotate(c2, 1));
            T d2 = TLane.Xor(c1, TLane.Rotate(c3, 1)); T d3 = TLane.Xor(c2, TLane.Rotate(c4, 1));
            T b0 = TLane.Xor(a0, d0); T b1 = TLane.Rotate(TLane.Xor(a6, d1), 44);
            T b2 = TLane.Rotate(TLane.Xor(a12, d2), 43);
            T b3 = TLane.Rotate(TLane.Xor(a18, d3), 21);
            T b4 = TLane.Rotate(TLane.Xor(a24, d4), 14); T b5 = TLane.Rotate(TLane.Xor(a3, d3), 28);
            T b6 = TLane.Rotate(TLane.Xor(a9, d4), 20); T b7 = TLane.Rotate(TLane.Xor(a10, d0), 3);
            T b8 = TLane.Rotate(TLane.Xor(a16, d1), 45);
            T b9 = TLane.Rotate(TLane.Xor(a22, d2), 61); T b10 = TLane.Rotate(TLane.Xor(a1, d1), 1);
            T b11 = TLane.Rotate(TLane.Xor(a7, d2), 6); T b13 = TLane.Rotate(TLane.Xor(a19, d4), 8);
            T b12 = TLane.Rotate(TLane.Xor(a13, d3), 25);
            T b14 = TLane.Rotate(TLane.Xor(a20, d0), 18);
            T b15 = TLane.Rotate(TLane.Xor(a4, d4), 27);
            T b16 = TLane.Rotate(TLane.Xor(a5, d0), 36);
            T b17 = TLane.Rotate(TLane.Xor(a11, d1), 10);
            T b18 = TLane.Rotate(TLane.Xor(a17, d2), 15);
            T b19 = TLane.Rotate(TLane.Xor(a23, d3), 56);
            T b20 = TLane.Rotate(TLane.Xor(a2, d2), 62);
            T b21 = TLane.Rotate(TLane.Xor(a8, d3), 55);
            T b22 = TLane.Rotate(TLane.Xor(a14, d4), 39);
            T b23 = TLane.Rotate(TLane.Xor(a15, d0), 41);
            T b24 = TLane.Rotate(TLane.Xor(a21, d1), 2);
            a0 = TLane.Chi(b0, b1, b2); a1 = TLane.Chi(b1, b2, b3); a2 = TLane.Chi(b2, b3, b4);
            a3 = TLane.Chi(b3, b4, b0); a4 = TLane.Chi(b4, b0, b1); a5 = TLane.Chi(b5, b6, b7);
            a6 = TLane.Chi(b6, b7, b8); a7 = TLane.Chi(b7, b8, b9); a8 = TLane.Chi(b8, b9, b5);
            a9 = TLane.Chi(b9, b5, b6); a10 = TLane.Chi(b10, b11, b12);
            a11 = TLane.Chi(b11, b12, b13); a12 = TLane.Chi(b12, b13, b14);
            a13 = TLane.Chi(b13, b14, b10); a14 = TLane.Chi(b14, b10, b11);
            a15 = TLane.Chi(b15, b16, b17); a16 = TLane.Chi(b16, b17, b18);
            a17 = TLane.Chi(b17, b18, b19); a18 = TLane.Chi(b18, b19, b15);
            a19 = TLane.Chi(b19, b15, b16); a20 = TLane.Chi(b20, b21, b22);
            a21 = TLane.Chi(b21, b22, b23); a22 = TLane.Chi(b22, b23, b24);
            a23 = TLane.Chi(b23, b24, b20); a24 = TLane.Chi(b24, b20, b21);
            a0 = TLane.Xor(a0, TLane.Broadcast(constant));
        }
        Unsafe.Add(ref state, 0) = a0; Unsafe.Add(ref state, 1) = a1; Unsafe.Add(ref state, 2) = a2;
        Unsafe.Add(ref state, 3) = a3; Unsafe.Add(ref state, 4) = a4; Unsafe.Add(ref state, 5) = a5;
        Unsafe.Add(ref state, 6) = a6; Unsafe.Add(ref state, 7) = a7; Unsafe.Add(ref state, 8) = a8;
        Unsafe.Add(ref state, 9) = a9; Unsafe.Add(ref state, 10) = a10;
        Unsafe.Add(ref state, 11) = a11; Unsafe.Add(ref state, 12) = a12;
        Unsafe.Add(ref state, 13) = a13; Unsafe.Add(ref state, 14) = a14;
        Unsafe.Add(ref state, 15) = a15; Unsafe.Add(ref state, 16) = a16;
        Unsafe.Add(ref state, 17) = a17; Unsafe.Add(ref state, 18) = a18;
        Unsafe.Add(ref state, 19) = a19; Unsafe.Add(ref state, 20) = a20;
        Unsafe.Add(ref state, 21) = a21; Unsafe.Add(ref state, 22) = a22;
        Unsafe.Add(ref state, 23) = a23; Unsafe.Add(ref state, 24) = a24;
    }

    internal readonly struct ScalarLane : ILane<ulong>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Xor(ulong a, ulong b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Xor5(ulong a, ulong b, ulong c, ulong d, ulong e) =>
            a ^ b ^ c ^ d ^ e;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Chi(ulong a, ulong b, ulong c) => a ^ (~b & c);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Rotate(ulong a, [ConstantExpected] byte bits) =>
            BitOperations.RotateLeft(a, bits);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Broadcast(ulong value) => value;
    }

    internal readonly struct Lane256 : ILane<Vector256<ulong>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<ulong> Xor(Vector256<ulong> a, Vector256<ulong> b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<ulong> Xor5(
            Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c,
            Vector256<ulong> d, Vector256<ulong> e) => a ^ b ^ c ^ d ^ e;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<ulong> Chi(
            Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) =>
            a ^ Vector256.AndNot(c, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<ulong> Rotate(
            Vector256<ulong> a, [ConstantExpected] byte bits) =>
            (a << bits) | (a >>> (64 - bits));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<ulong> Broadcast(ulong value) => Vector256.Create(value);
    }

    internal readonly struct Lane512 : ILane<Vector512<ulong>>
    {
        private const byte Xor3Table = 0x96;
        private const byte ChiTable = 0xD2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Xor(Vector512<ulong> a, Vector512<ulong> b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Xor3(
            Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) =>
            Avx512F.TernaryLogic(a, b, c, Xor3Table);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Xor5(
            Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c,
            Vector512<ulong> d, Vector512<ulong> e) => Xor3(Xor3(a, b, c), d, e);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Chi(
            Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) =>
            Avx512F.TernaryLogic(a, b, c, ChiTable);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Rotate(
            Vector512<ulong> a, [ConstantExpected] byte bits) =>
            Avx512F.RotateLeft(a, bits);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ulong> Broadcast(ulong value) => Vector512.Create(value);
    }
}
