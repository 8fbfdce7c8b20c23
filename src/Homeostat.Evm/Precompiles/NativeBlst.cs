using System.Runtime.InteropServices;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// blst (https://github.com/supranational/blst), where the system has it as a shared library. It
/// changes the speed of the KZG and BLS12-381 precompiles, never a result: every function here
/// answers what the managed code answers, or that it does not serve this input.
/// </summary>
/// <remarks>
/// Values stay in blst's own layout, in Montgomery form, inside buffers of words; nothing but
/// serialized points crosses over. The library keeps no state, so any thread may call it.
/// </remarks>
public static unsafe class NativeBlst
{
    // Sizes in 64-bit words of blst_p1_affine, blst_p1, blst_p2_affine, blst_p2, blst_fp12.
    internal const int G1Words = 12;
    internal const int G1SumWords = 18;
    internal const int G2Words = 24;
    internal const int G2SumWords = 36;
    internal const int TargetWords = 72;

    private static readonly string[] Names =
        ["libblst.so", "libblst.so.0", "libblst.dylib", "blst.dll"];

    private static readonly Functions? Library = Load();

    private static bool _isAllowed = true;

    /// <summary>True when the library was found with all that is needed of it.</summary>
    public static bool IsAvailable => Library is not null;

    /// <summary>True when the precompiles use it.</summary>
    public static bool IsUsed => _isAllowed && IsAvailable;

    /// <summary>Allows (the default) or forbids the library for the whole process.</summary>
    public static void Allow(bool isAllowed) => _isAllowed = isAllowed;

    /// <summary>Only to be asked for where <see cref="IsAvailable"/>.</summary>
    internal static Functions Bound
    {
        get
        {
            Invariant.Require(Library is not null);
            return Library;
        }
    }

    /// <summary>blst's functions without the prefix of their names; error 0 is none.</summary>
    internal sealed class Functions
    {
        public delegate* unmanaged[Cdecl]<ulong*, byte*, int> UncompressG1;
        public delegate* unmanaged[Cdecl]<ulong*, byte*, int> ReadG1;
        public delegate* unmanaged[Cdecl]<ulong*, byte*, int> ReadG2;
        public delegate* unmanaged[Cdecl]<ulong*, byte> IsInG1;
        public delegate* unmanaged[Cdecl]<ulong*, byte> IsInG2;
        public delegate* unmanaged[Cdecl]<ulong*, byte> IsG1Infinity;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, void> FromAffineG1;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, void> FromAffineG2;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, byte*, nuint, void> MultiplyG1;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, byte*, nuint, void> MultiplyG2;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void> AddG1;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void> AddG2;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, void> ToAffineG1;
        public delegate* unmanaged[Cdecl]<byte*, ulong*, void> WriteG2Sum;
        public delegate* unmanaged[Cdecl]<byte*, ulong*, void> WriteG1Sum;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void> MillerLoop;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void> MultiplyTarget;
        public delegate* unmanaged[Cdecl]<ulong*, ulong*, void> FinalExponentiation;
        public delegate* unmanaged[Cdecl]<ulong*, byte> IsOne;
    }

    private static Functions? Load()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && TryBind(library) is { } bound)
            {
                return bound;
            }
        }
        return null;
    }

    private static Functions? TryBind(nint library)
    {
        bool isComplete = true;
        var functions = new Functions
        {
            UncompressG1 = (delegate* unmanaged[Cdecl]<ulong*, byte*, int>)Find("p1_uncompress"),
            ReadG1 = (delegate* unmanaged[Cdecl]<ulong*, byte*, int>)Find("p1_deserialize"),
            ReadG2 = (delegate* unmanaged[Cdecl]<ulong*, byte*, int>)Find("p2_deserialize"),
            IsInG1 = (delegate* unmanaged[Cdecl]<ulong*, byte>)Find("p1_affine_in_g1"),
            IsInG2 = (delegate* unmanaged[Cdecl]<ulong*, byte>)Find("p2_affine_in_g2"),
            IsG1Infinity = (delegate* unmanaged[Cdecl]<ulong*, byte>)Find("p1_affine_is_inf"),
            FromAffineG1 = Unary("p1_from_affine"),
            FromAffineG2 = Unary("p2_from_affine"),
            MultiplyG1 =
                (delegate* unmanaged[Cdecl]<ulong*, ulong*, byte*, nuint, void>)Find("p1_mult"),
            MultiplyG2 =
                (delegate* unmanaged[Cdecl]<ulong*, ulong*, byte*, nuint, void>)Find("p2_mult"),
            AddG1 = Binary("p1_add_or_double"),
            AddG2 = Binary("p2_add_or_double"),
            ToAffineG1 = Unary("p1_to_affine"),
            WriteG1Sum = (delegate* unmanaged[Cdecl]<byte*, ulong*, void>)Find("p1_serialize"),
            WriteG2Sum = (delegate* unmanaged[Cdecl]<byte*, ulong*, void>)Find("p2_serialize"),
            MillerLoop = Binary("miller_loop"),
            MultiplyTarget = Binary("fp12_mul"),
            FinalExponentiation = Unary("final_exp"),
            IsOne = (delegate* unmanaged[Cdecl]<ulong*, byte>)Find("fp12_is_one"),
        };
        return isComplete ? functions : null;

        nint Find(string name)
        {
            isComplete &= NativeLibrary.TryGetExport(library, "blst_" + name, out nint address);
            return address;
        }

        delegate* unmanaged[Cdecl]<ulong*, ulong*, void> Unary(string name) =>
            (delegate* unmanaged[Cdecl]<ulong*, ulong*, void>)Find(name);

        delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void> Binary(string name) =>
            (delegate* unmanaged[Cdecl]<ulong*, ulong*, ulong*, void>)Find(name);
    }
}
