using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homeostat.Primitives;

/// <summary>
/// Keccak-f[1600] on one state with AVX-512: a register holds a plane, the five lanes of one y.
/// Theta sums planes and rotates lanes; rho is one variable rotation a plane. Pi sends plane y to
/// column y — new (X, Y) is old (X + 3·Y, X) — so after one permutation of each register chi works
/// register by register on columns, and a 5×5 transposition gives planes again (the layout of
/// XKCP's KeccakP-1600-AVX512).
/// </summary>
internal static class KeccakPlanes
{
    public static bool IsSupported => Avx512F.IsSupported;

    private struct Planes
    {
        public Vector512<ulong> P0, P1, P2, P3, P4;
    }

    /// <summary>The state must have room for 28 words: the last plane is read in full.</summary>
    public static void Run(Span<ulong> state)
    {
        Invariant.Require(state.Length >= 28);
        ref ulong first = ref MemoryMarshal.GetReference(state);
        Planes planes;
        planes.P0 = Vector512.LoadUnsafe(ref first, 0);
        planes.P1 = Vector512.LoadUnsafe(ref first, 5);
        planes.P2 = Vector512.LoadUnsafe(ref first, 10);
        planes.P3 = Vector512.LoadUnsafe(ref first, 15);
        planes.P4 = Vector512.LoadUnsafe(ref first, 20);
        foreach (ulong constant in KeccakPermutation.RoundConstants)
        {
            ThetaRho(ref planes);
            PiChi(ref planes);
            Transpose(ref planes);
            planes.P0 ^= Vector512.CreateScalar(constant);
        }
        // Each store's upper three words are overwritten by the next plane.
        planes.P0.StoreUnsafe(ref first, 0);
        planes.P1.StoreUnsafe(ref first, 5);
        planes.P2.StoreUnsafe(ref first, 10);
        planes.P3.StoreUnsafe(ref first, 15);
        planes.P4.StoreUnsafe(ref first, 20);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThetaRho(ref Planes p)
    {
        Vector512<ulong> c = KeccakPermutation.Lane512.Xor5(p.P0, p.P1, p.P2, p.P3, p.P4);
        Vector512<ulong> left = Permute(c, Vector512.Create(4UL, 0, 1, 2, 3, 5, 6, 7));
        Vector512<ulong> right = Permute(c, Vector512.Create(1UL, 2, 3, 4, 0, 5, 6, 7));
        right = Avx512F.RotateLeft(right, 1);
        p.P0 = Rotate(p.P0, left, right, Vector512.Create(0UL, 1, 62, 28, 27, 0, 0, 0));
        p.P1 = Rotate(p.P1, left, right, Vector512.Create(36UL, 44, 6, 55, 20, 0, 0, 0));
        p.P2 = Rotate(p.P2, left, right, Vector512.Create(3UL, 10, 43, 25, 39, 0, 0, 0));
        p.P3 = Rotate(p.P3, left, right, Vector512.Create(41UL, 45, 15, 21, 8, 0, 0, 0));
        p.P4 = Rotate(p.P4, left, right, Vector512.Create(18UL, 2, 61, 56, 14, 0, 0, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Rotate(
        Vector512<ulong> plane, Vector512<ulong> left, Vector512<ulong> right,
        Vector512<ulong> counts) =>
        Avx512F.RotateLeftVariable(KeccakPermutation.Lane512.Xor3(plane, left, right), counts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PiChi(ref Planes p)
    {
        Vector512<ulong> b0 = Permute(p.P0, Vector512.Create(0UL, 3, 1, 4, 2, 5, 6, 7));
        Vector512<ulong> b1 = Permute(p.P1, Vector512.Create(1UL, 4, 2, 0, 3, 5, 6, 7));
        Vector512<ulong> b2 = Permute(p.P2, Vector512.Create(2UL, 0, 3, 1, 4, 5, 6, 7));
        Vector512<ulong> b3 = Permute(p.P3, Vector512.Create(3UL, 1, 4, 2, 0, 5, 6, 7));
        Vector512<ulong> b4 = Permute(p.P4, Vector512.Create(4UL, 2, 0, 3, 1, 5, 6, 7));
        p.P0 = KeccakPermutation.Lane512.Chi(b0, b1, b2);
        p.P1 = KeccakPermutation.Lane512.Chi(b1, b2, b3);
        p.P2 = KeccakPermutation.Lane512.Chi(b2, b3, b4);
        p.P3 = KeccakPermutation.Lane512.Chi(b3, b4, b0);
        p.P4 = KeccakPermutation.Lane512.Chi(b4, b0, b1);
    }

    /// <summary>Columns to planes; words 5 to 7 of each register are left arbitrary.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Planes p)
    {
        Vector512<ulong> low01 = Avx512F.UnpackLow(p.P0, p.P1);
        Vector512<ulong> high01 = Avx512F.UnpackHigh(p.P0, p.P1);
        Vector512<ulong> low23 = Avx512F.UnpackLow(p.P2, p.P3);
        Vector512<ulong> high23 = Avx512F.UnpackHigh(p.P2, p.P3);
        Vector512<ulong> c4 = p.P4;
        p.P0 = Gather(low01, low23, c4, Vector512.Create(0UL, 1, 8, 9, 0, 0, 0, 0), 0);
        p.P1 = Gather(high01, high23, c4, Vector512.Create(0UL, 1, 8, 9, 0, 0, 0, 0), 1);
        p.P2 = Gather(low01, low23, c4, Vector512.Create(2UL, 3, 10, 11, 0, 0, 0, 0), 2);
        p.P3 = Gather(high01, high23, c4, Vector512.Create(2UL, 3, 10, 11, 0, 0, 0, 0), 3);
        p.P4 = Gather(low01, low23, c4, Vector512.Create(4UL, 5, 12, 13, 0, 0, 0, 0), 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Gather(
        Vector512<ulong> first, Vector512<ulong> second, Vector512<ulong> last,
        Vector512<ulong> indices, ulong lastIndex)
    {
        Vector512<ulong> four = Avx512F.PermuteVar8x64x2(first, indices, second);
        return Avx512F.PermuteVar8x64x2(
            four, Vector512.Create(0UL, 1, 2, 3, 8 + lastIndex, 5, 6, 7), last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Permute(Vector512<ulong> value, Vector512<ulong> indices) =>
        Avx512F.PermuteVar8x64(value, indices);
}
