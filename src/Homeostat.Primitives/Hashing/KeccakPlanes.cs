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

    /// <summary>The state must have room for 28 words: the last plane is read in full.</summary>
    public static void Run(Span<ulong> state)
    {
        Invariant.Require(state.Length >= 28);
        ref ulong first = ref MemoryMarshal.GetReference(state);
        Vector512<ulong> p0 = Vector512.LoadUnsafe(ref first, 0);
        Vector512<ulong> p1 = Vector512.LoadUnsafe(ref first, 5);
        Vector512<ulong> p2 = Vector512.LoadUnsafe(ref first, 10);
        Vector512<ulong> p3 = Vector512.LoadUnsafe(ref first, 15);
        Vector512<ulong> p4 = Vector512.LoadUnsafe(ref first, 20);
        foreach (ulong constant in KeccakPermutation.RoundConstants)
        {
            ThetaRho(ref p0, ref p1, ref p2, ref p3, ref p4);
            PiChi(ref p0, ref p1, ref p2, ref p3, ref p4);
            Transpose(ref p0, ref p1, ref p2, ref p3, ref p4);
            p0 ^= Vector512.CreateScalar(constant);
        }
        // Each store's upper three words are overwritten by the next plane.
        p0.StoreUnsafe(ref first, 0);
        p1.StoreUnsafe(ref first, 5);
        p2.StoreUnsafe(ref first, 10);
        p3.StoreUnsafe(ref first, 15);
        p4.StoreUnsafe(ref first, 20);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThetaRho(
        ref Vector512<ulong> p0, ref Vector512<ulong> p1, ref Vector512<ulong> p2,
        ref Vector512<ulong> p3, ref Vector512<ulong> p4)
    {
        Vector512<ulong> c = KeccakPermutation.Lane512.Xor5(p0, p1, p2, p3, p4);
        Vector512<ulong> left = Permute(c, Vector512.Create(4UL, 0, 1, 2, 3, 5, 6, 7));
        Vector512<ulong> right = Permute(c, Vector512.Create(1UL, 2, 3, 4, 0, 5, 6, 7));
        right = Avx512F.RotateLeft(right, 1);
        p0 = Rotate(p0, left, right, Vector512.Create(0UL, 1, 62, 28, 27, 0, 0, 0));
        p1 = Rotate(p1, left, right, Vector512.Create(36UL, 44, 6, 55, 20, 0, 0, 0));
        p2 = Rotate(p2, left, right, Vector512.Create(3UL, 10, 43, 25, 39, 0, 0, 0));
        p3 = Rotate(p3, left, right, Vector512.Create(41UL, 45, 15, 21, 8, 0, 0, 0));
        p4 = Rotate(p4, left, right, Vector512.Create(18UL, 2, 61, 56, 14, 0, 0, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Rotate(
        Vector512<ulong> plane, Vector512<ulong> left, Vector512<ulong> right,
        Vector512<ulong> counts) =>
        Avx512F.RotateLeftVariable(KeccakPermutation.Lane512.Xor3(plane, left, right), counts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PiChi(
        ref Vector512<ulong> p0, ref Vector512<ulong> p1, ref Vector512<ulong> p2,
        ref Vector512<ulong> p3, ref Vector512<ulong> p4)
    {
        Vector512<ulong> b0 = Permute(p0, Vector512.Create(0UL, 3, 1, 4, 2, 5, 6, 7));
        Vector512<ulong> b1 = Permute(p1, Vector512.Create(1UL, 4, 2, 0, 3, 5, 6, 7));
        Vector512<ulong> b2 = Permute(p2, Vector512.Create(2UL, 0, 3, 1, 4, 5, 6, 7));
        Vector512<ulong> b3 = Permute(p3, Vector512.Create(3UL, 1, 4, 2, 0, 5, 6, 7));
        Vector512<ulong> b4 = Permute(p4, Vector512.Create(4UL, 2, 0, 3, 1, 5, 6, 7));
        p0 = KeccakPermutation.Lane512.Chi(b0, b1, b2);
        p1 = KeccakPermutation.Lane512.Chi(b1, b2, b3);
        p2 = KeccakPermutation.Lane512.Chi(b2, b3, b4);
        p3 = KeccakPermutation.Lane512.Chi(b3, b4, b0);
        p4 = KeccakPermutation.Lane512.Chi(b4, b0, b1);
    }

    /// <summary>Columns to planes; words 5 to 7 of each register are left arbitrary.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector512<ulong> p0, ref Vector512<ulong> p1, ref Vector512<ulong> p2,
        ref Vector512<ulong> p3, ref Vector512<ulong> p4)
    {
        Vector512<ulong> low01 = Avx512F.UnpackLow(p0, p1);
        Vector512<ulong> high01 = Avx512F.UnpackHigh(p0, p1);
        Vector512<ulong> low23 = Avx512F.UnpackLow(p2, p3);
        Vector512<ulong> high23 = Avx512F.UnpackHigh(p2, p3);
        Vector512<ulong> c4 = p4;
        p0 = Gather(low01, low23, c4, Vector512.Create(0UL, 1, 8, 9, 0, 0, 0, 0), 0);
        p1 = Gather(high01, high23, c4, Vector512.Create(0UL, 1, 8, 9, 0, 0, 0, 0), 1);
        p2 = Gather(low01, low23, c4, Vector512.Create(2UL, 3, 10, 11, 0, 0, 0, 0), 2);
        p3 = Gather(high01, high23, c4, Vector512.Create(2UL, 3, 10, 11, 0, 0, 0, 0), 3);
        p4 = Gather(low01, low23, c4, Vector512.Create(4UL, 5, 12, 13, 0, 0, 0, 0), 4);
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
