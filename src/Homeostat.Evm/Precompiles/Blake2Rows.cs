using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homeostat.Evm;

/// <summary>
/// BLAKE2b's rounds with the four rows of the state as vectors: the four G of a step are one.
/// </summary>
/// <remarks>
/// A round's two steps work on columns, then on diagonals. Between them three rows turn by one,
/// two and three words. Each G is one chain of dependent operations, so the row that ends the
/// chain last, b, is the one that stays, and a, c and d turn while the chain still runs. The ten
/// rows of the schedule are laid out once, so that a step loads its four words as one vector.
/// </remarks>
internal static class Blake2Rows
{
    private const int ScheduleRows = 10;
    private const int VectorsInRound = 4;

    [SkipLocalsInit]
    public static void Mix(
        Span<ulong> v, ReadOnlySpan<ulong> m, ReadOnlySpan<byte> schedule, uint rounds)
    {
        Span<Vector256<ulong>> words = stackalloc Vector256<ulong>[ScheduleRows * VectorsInRound];
        LayOut(m, schedule, words);
        ref Vector256<ulong> first = ref MemoryMarshal.GetReference(words);
        Vector256<ulong> a = Vector256.Create<ulong>(v);
        Vector256<ulong> b = Vector256.Create<ulong>(v[4..]);
        Vector256<ulong> c = Vector256.Create<ulong>(v[8..]);
        Vector256<ulong> d = Vector256.Create<ulong>(v[12..]);
        nuint at = 0;
        for (uint round = 0; round < rounds; round++)
        {
            Step(ref a, ref b, ref c, ref d, Unsafe.Add(ref first, at),
                Unsafe.Add(ref first, at + 1));
            (a, c, d) = (Turn3(a), Turn1(c), Turn2(d));
            Step(ref a, ref b, ref c, ref d, Unsafe.Add(ref first, at + 2),
                Unsafe.Add(ref first, at + 3));
            (a, c, d) = (Turn1(a), Turn3(c), Turn2(d));
            at = at == (ScheduleRows - 1) * VectorsInRound ? 0 : at + VectorsInRound;
        }
        a.CopyTo(v);
        b.CopyTo(v[4..]);
        c.CopyTo(v[8..]);
        d.CopyTo(v[12..]);
    }

    /// <summary>
    /// Even places of the schedule feed a step's first half, odd ones its second. On diagonals
    /// b's word i+1 leads, so the place of its first lane is the last G.
    /// </summary>
    private static void LayOut(
        ReadOnlySpan<ulong> m, ReadOnlySpan<byte> schedule, Span<Vector256<ulong>> words)
    {
        for (int row = 0; row < ScheduleRows; row++)
        {
            ReadOnlySpan<byte> s = schedule[(16 * row)..];
            int at = VectorsInRound * row;
            words[at] = Vector256.Create(m[s[0]], m[s[2]], m[s[4]], m[s[6]]);
            words[at + 1] = Vector256.Create(m[s[1]], m[s[3]], m[s[5]], m[s[7]]);
            words[at + 2] = Vector256.Create(m[s[14]], m[s[8]], m[s[10]], m[s[12]]);
            words[at + 3] = Vector256.Create(m[s[15]], m[s[9]], m[s[11]], m[s[13]]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref Vector256<ulong> a, ref Vector256<ulong> b, ref Vector256<ulong> c,
        ref Vector256<ulong> d, Vector256<ulong> first, Vector256<ulong> second)
    {
        a = a + first + b;
        d = Rotate(d ^ a, 32);
        c += d;
        b = Rotate(b ^ c, 24);
        a = a + second + b;
        d = Rotate(d ^ a, 16);
        c += d;
        b = Rotate(b ^ c, 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Rotate(
        Vector256<ulong> value, [ConstantExpected] byte places) =>
        Avx512F.VL.IsSupported
            ? Avx512F.VL.RotateRight(value, places)
            : (value >>> places) | (value << (64 - places));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Turn1(Vector256<ulong> row) =>
        Vector256.Shuffle(row, Vector256.Create(1UL, 2, 3, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Turn2(Vector256<ulong> row) =>
        Vector256.Shuffle(row, Vector256.Create(2UL, 3, 0, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Turn3(Vector256<ulong> row) =>
        Vector256.Shuffle(row, Vector256.Create(3UL, 0, 1, 2));
}
