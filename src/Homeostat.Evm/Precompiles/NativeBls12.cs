using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// The expensive BLS12-381 precompiles over <see cref="NativeBlst"/>. Inputs have the sizes their
/// contracts checked; what they accept, refuse and return is what the managed code does.
/// </summary>
internal static unsafe class NativeBls12
{
    private const int G1PairSize = Bls12Codec.G1Size + 32;
    private const int G2PairSize = Bls12Codec.G2Size + 32;
    private const int PairingSize = Bls12Codec.G1Size + Bls12Codec.G2Size;
    private const int Padding = Bls12Codec.FieldSize - BlsField.Size;
    private const int ScalarBits = 256;

    // blst marks infinity in the top three bits; in EIP-2537 it is all zeros.
    private const byte NoFlags = 0x1f;

    private enum Read
    {
        Invalid,
        Infinity,
        Point,
    }

    /// <summary>k1·P1 + k2·P2 + … in G1, as precompile 0x0c.</summary>
    public static bool TrySumG1(ReadOnlySpan<byte> input, out byte[] output)
    {
        NativeBlst.Functions blst = NativeBlst.Bound;
        ulong* sum = stackalloc ulong[NativeBlst.G1SumWords];
        ulong* point = stackalloc ulong[NativeBlst.G1Words];
        ulong* product = stackalloc ulong[NativeBlst.G1SumWords];
        byte* scalar = stackalloc byte[32];
        new Span<ulong>(sum, NativeBlst.G1SumWords).Clear();
        output = [];
        for (; !input.IsEmpty; input = input[G1PairSize..])
        {
            Read read = ReadG1(blst, input, point);
            if (read == Read.Invalid)
            {
                return false;
            }
            if (read == Read.Point)
            {
                ReadScalar(input.Slice(Bls12Codec.G1Size, 32), scalar);
                blst.FromAffineG1(product, point);
                blst.MultiplyG1(product, product, scalar, ScalarBits);
                blst.AddG1(sum, sum, product);
            }
        }
        output = new byte[Bls12Codec.G1Size];
        byte* bytes = stackalloc byte[2 * BlsField.Size];
        blst.WriteG1Sum(bytes, sum);
        bytes[0] &= NoFlags;
        WriteFields(bytes, output);
        return true;
    }

    /// <summary>The same in G2, as precompile 0x0e.</summary>
    public static bool TrySumG2(ReadOnlySpan<byte> input, out byte[] output)
    {
        NativeBlst.Functions blst = NativeBlst.Bound;
        ulong* sum = stackalloc ulong[NativeBlst.G2SumWords];
        ulong* point = stackalloc ulong[NativeBlst.G2Words];
        ulong* product = stackalloc ulong[NativeBlst.G2SumWords];
        byte* scalar = stackalloc byte[32];
        new Span<ulong>(sum, NativeBlst.G2SumWords).Clear();
        output = [];
        for (; !input.IsEmpty; input = input[G2PairSize..])
        {
            Read read = ReadG2(blst, input, point);
            if (read == Read.Invalid)
            {
                return false;
            }
            if (read == Read.Point)
            {
                ReadScalar(input.Slice(Bls12Codec.G2Size, 32), scalar);
                blst.FromAffineG2(product, point);
                blst.MultiplyG2(product, product, scalar, ScalarBits);
                blst.AddG2(sum, sum, product);
            }
        }
        output = new byte[Bls12Codec.G2Size];
        byte* bytes = stackalloc byte[4 * BlsField.Size];
        blst.WriteG2Sum(bytes, sum);
        bytes[0] &= NoFlags;
        SwapHalves(bytes);
        WriteFields(bytes, output);
        return true;
    }

    /// <summary>Whether a product of pairings is one, as precompile 0x0f.</summary>
    public static bool TryPair(ReadOnlySpan<byte> input, out byte[] output)
    {
        NativeBlst.Functions blst = NativeBlst.Bound;
        ulong* p = stackalloc ulong[NativeBlst.G1Words];
        ulong* q = stackalloc ulong[NativeBlst.G2Words];
        ulong* product = stackalloc ulong[NativeBlst.TargetWords];
        bool isEmpty = true;
        output = [];
        for (; !input.IsEmpty; input = input[PairingSize..])
        {
            Read left = ReadG1(blst, input, p);
            Read right = ReadG2(blst, input[Bls12Codec.G1Size..], q);
            if (left == Read.Invalid || right == Read.Invalid)
            {
                return false;
            }
            if (left == Read.Point && right == Read.Point)
            {
                Include(blst, product, q, p, isEmpty);
                isEmpty = false;
            }
        }
        output = new byte[32];
        output[31] = isEmpty || IsOne(blst, product) ? (byte)1 : (byte)0;
        return true;
    }

    /// <summary>
    /// e(C - y·G1 + z·proof, -G2)·e(proof, [τ]G2) = 1 for z and y below the order.
    /// </summary>
    public static bool IsProven(
        ReadOnlySpan<byte> commitment, in UInt256 z, in UInt256 y, ReadOnlySpan<byte> proof)
    {
        NativeBlst.Functions blst = NativeBlst.Bound;
        ulong* c = stackalloc ulong[NativeBlst.G1Words];
        ulong* pi = stackalloc ulong[NativeBlst.G1Words];
        if (!TryDecompress(blst, commitment, c) || !TryDecompress(blst, proof, pi))
        {
            return false;
        }
        ulong* sum = stackalloc ulong[NativeBlst.G1SumWords];
        ulong* product = stackalloc ulong[NativeBlst.G1SumWords];
        ulong* quotient = stackalloc ulong[NativeBlst.G1Words];
        ulong* constant = stackalloc ulong[NativeBlst.G2Words];
        ulong* target = stackalloc ulong[NativeBlst.TargetWords];
        blst.FromAffineG1(sum, c);
        AddMultiple(blst, sum, product, pi, z);
        Load(blst, Bls12Groups.G1Generator.Negate(), quotient);
        AddMultiple(blst, sum, product, quotient, y);
        blst.ToAffineG1(quotient, sum);
        bool isZero = blst.IsG1Infinity(quotient) != 0;
        if (isZero || blst.IsG1Infinity(pi) != 0)
        {
            return isZero && blst.IsG1Infinity(pi) != 0;
        }
        Load(blst, Bls12Groups.G2Generator.Negate(), constant);
        Include(blst, target, constant, quotient, isFirst: true);
        Load(blst, PointEvaluation.TauG2, constant);
        Include(blst, target, constant, pi, isFirst: false);
        return IsOne(blst, target);
    }

    private static void AddMultiple(
        NativeBlst.Functions blst, ulong* sum, ulong* product, ulong* point, in UInt256 factor)
    {
        byte* scalar = stackalloc byte[32];
        ReadScalar(factor.ToBigEndian(), scalar);
        blst.FromAffineG1(product, point);
        blst.MultiplyG1(product, product, scalar, ScalarBits);
        blst.AddG1(sum, sum, product);
    }

    private static void Include(
        NativeBlst.Functions blst, ulong* product, ulong* q, ulong* p, bool isFirst)
    {
        ulong* value = stackalloc ulong[NativeBlst.TargetWords];
        blst.MillerLoop(isFirst ? product : value, q, p);
        if (!isFirst)
        {
            blst.MultiplyTarget(product, product, value);
        }
    }

    private static bool IsOne(NativeBlst.Functions blst, ulong* product)
    {
        ulong* value = stackalloc ulong[NativeBlst.TargetWords];
        blst.FinalExponentiation(value, product);
        return blst.IsOne(value) != 0;
    }

    private static bool TryDecompress(
        NativeBlst.Functions blst, ReadOnlySpan<byte> bytes, ulong* point)
    {
        fixed (byte* compressed = bytes)
        {
            return blst.UncompressG1(point, compressed) == 0
                && (blst.IsG1Infinity(point) != 0 || blst.IsInG1(point) != 0);
        }
    }

    private static void Load(NativeBlst.Functions blst, in BlsG1 value, ulong* point) =>
        Invariant.Require(ReadG1(blst, Bls12Codec.Write(new BlsG1Sum(value)), point) == Read.Point);

    private static void Load(NativeBlst.Functions blst, in BlsG2 value, ulong* point) =>
        Invariant.Require(ReadG2(blst, Bls12Codec.Write(new BlsG2Sum(value)), point) == Read.Point);

    private static Read ReadG1(
        NativeBlst.Functions blst, ReadOnlySpan<byte> input, ulong* point)
    {
        byte* bytes = stackalloc byte[2 * BlsField.Size];
        if (!TryReadFields(input[..Bls12Codec.G1Size], bytes, out bool isZero))
        {
            return Read.Invalid;
        }
        return isZero ? Read.Infinity
            : blst.ReadG1(point, bytes) == 0 && blst.IsInG1(point) != 0 ? Read.Point
            : Read.Invalid;
    }

    private static Read ReadG2(
        NativeBlst.Functions blst, ReadOnlySpan<byte> input, ulong* point)
    {
        byte* bytes = stackalloc byte[4 * BlsField.Size];
        if (!TryReadFields(input[..Bls12Codec.G2Size], bytes, out bool isZero))
        {
            return Read.Invalid;
        }
        SwapHalves(bytes);
        return isZero ? Read.Infinity
            : blst.ReadG2(point, bytes) == 0 && blst.IsInG2(point) != 0 ? Read.Point
            : Read.Invalid;
    }

    /// <summary>
    /// Fields of 64 bytes to 48; false where the padding is not zero, or where the bits that
    /// blst takes for flags are set, which no number below the prime has.
    /// </summary>
    private static bool TryReadFields(ReadOnlySpan<byte> input, byte* bytes, out bool isZero)
    {
        isZero = !input.ContainsAnyExcept((byte)0);
        for (int at = 0; at < input.Length; at += Bls12Codec.FieldSize)
        {
            ReadOnlySpan<byte> field = input.Slice(at, Bls12Codec.FieldSize);
            if (field[..Padding].ContainsAnyExcept((byte)0) || field[Padding] > NoFlags)
            {
                return false;
            }
            field[Padding..].CopyTo(new Span<byte>(
                bytes + (at / Bls12Codec.FieldSize * BlsField.Size), BlsField.Size));
        }
        return true;
    }

    private static void WriteFields(byte* bytes, Span<byte> output)
    {
        for (int at = 0; at < output.Length; at += Bls12Codec.FieldSize)
        {
            new ReadOnlySpan<byte>(
                bytes + (at / Bls12Codec.FieldSize * BlsField.Size), BlsField.Size)
                .CopyTo(output[(at + Padding)..]);
        }
    }

    /// <summary>EIP-2537 writes c0 of an element of Fp2 first, blst c1.</summary>
    private static void SwapHalves(byte* bytes)
    {
        for (int i = 0; i < BlsField.Size; i++)
        {
            (bytes[i], bytes[i + BlsField.Size]) = (bytes[i + BlsField.Size], bytes[i]);
            byte* y = bytes + (2 * BlsField.Size);
            (y[i], y[i + BlsField.Size]) = (y[i + BlsField.Size], y[i]);
        }
    }

    private static void ReadScalar(ReadOnlySpan<byte> bigEndian, byte* scalar)
    {
        for (int i = 0; i < 32; i++)
        {
            scalar[i] = bigEndian[31 - i];
        }
    }
}
