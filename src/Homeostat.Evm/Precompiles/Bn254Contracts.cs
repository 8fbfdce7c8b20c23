using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>Points of BN254 as EIP-196 and EIP-197 encode them.</summary>
internal static class Bn254Codec
{
    public const int G1Size = 64;
    public const int G2Size = 128;

    /// <summary>False unless both coordinates are reduced and on the curve, or both zero.</summary>
    public static bool TryReadG1(ReadOnlySpan<byte> bytes, out BnG1 point)
    {
        bool isReduced = BnField.TryRead(bytes[..32], out BnField x)
            & BnField.TryRead(bytes[32..64], out BnField y);
        point = new BnG1(x, y);
        return isReduced && point.IsOnCurve;
    }

    /// <summary>As for G1, and of prime order; imaginary parts come first.</summary>
    public static bool TryReadG2(ReadOnlySpan<byte> bytes, out BnG2 point)
    {
        bool isReduced = BnField.TryRead(bytes[..32], out BnField x1)
            & BnField.TryRead(bytes[32..64], out BnField x0)
            & BnField.TryRead(bytes[64..96], out BnField y1)
            & BnField.TryRead(bytes[96..128], out BnField y0);
        point = new BnG2(new BnField2(x0, x1), new BnField2(y0, y1));
        return isReduced && point.IsOnCurve
            && (point.IsInfinity || Bn254Pairing.IsInSubgroup(point));
    }

    public static byte[] WriteG1(in BnG1Sum sum)
    {
        byte[] bytes = new byte[G1Size];
        if (!sum.IsInfinity)
        {
            BnG1 point = sum.ToAffine();
            point.X.ToUInt256().WriteBigEndian(bytes);
            point.Y.ToUInt256().WriteBigEndian(bytes.AsSpan(32));
        }
        return bytes;
    }
}

/// <summary>0x06: the sum of two points (EIP-196; price EIP-1108).</summary>
internal sealed class Bn254Add : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        fork >= Fork.Istanbul ? 150UL : 500;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        Span<byte> padded = stackalloc byte[2 * Bn254Codec.G1Size];
        InputReader.Read(input, 0, padded);
        output = [];
        if (!Bn254Codec.TryReadG1(padded, out BnG1 left)
            || !Bn254Codec.TryReadG1(padded[Bn254Codec.G1Size..], out BnG1 right))
        {
            return false;
        }
        output = Bn254Codec.WriteG1(new BnG1Sum(left).Add(right));
        return true;
    }
}

/// <summary>0x07: a point times any 256-bit scalar (EIP-196; price EIP-1108).</summary>
internal sealed class Bn254Multiply : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        fork >= Fork.Istanbul ? 6000UL : 40000;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        Span<byte> padded = stackalloc byte[Bn254Codec.G1Size + 32];
        InputReader.Read(input, 0, padded);
        output = [];
        if (!Bn254Codec.TryReadG1(padded, out BnG1 point))
        {
            return false;
        }
        UInt256 scalar = UInt256.FromBigEndian(padded[Bn254Codec.G1Size..]);
        output = Bn254Codec.WriteG1(
            MultiScalar.Sum<BnField, Bn254G1>([point], [scalar]));
        return true;
    }
}

/// <summary>0x08: whether a product of pairings is one (EIP-197; price EIP-1108).</summary>
internal sealed class Bn254PairingCheck : IPrecompile
{
    private const int PairSize = Bn254Codec.G1Size + Bn254Codec.G2Size;

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork)
    {
        ulong pairs = (ulong)(input.Length / PairSize);
        return fork >= Fork.Istanbul ? 45000 + (34000 * pairs) : 100000 + (80000 * pairs);
    }

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length % PairSize != 0)
        {
            return false;
        }
        var left = new List<BnG1>();
        var right = new List<BnG2>();
        for (; !input.IsEmpty; input = input[PairSize..])
        {
            if (!Bn254Codec.TryReadG1(input, out BnG1 p)
                || !Bn254Codec.TryReadG2(input[Bn254Codec.G1Size..], out BnG2 q))
            {
                return false;
            }
            if (!p.IsInfinity && !q.IsInfinity)
            {
                left.Add(p);
                right.Add(q);
            }
        }
        output = new byte[32];
        bool isOne = left.Count == 0
            || Bn254Pairing.IsProductOne([.. left], [.. right]);
        output[31] = isOne ? (byte)1 : (byte)0;
        return true;
    }
}
