using System.Security.Cryptography;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// 0x0a: proves that the polynomial committed to by a blob's versioned hash has value y at z
/// (EIP-4844). Of the trusted setup only [τ]G2 is needed.
/// </summary>
internal sealed class PointEvaluation : IPrecompile
{
    private const int InputSize = 192;
    private const int FieldElementsPerBlob = 4096;
    private const byte VersionedHashVersion = 0x01;

    private static readonly UInt256 ScalarModulus = UInt256.Parse(
        "0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");

    // The KZG ceremony's result: consensus-specs, trusted_setup_4096.json, g2_monomial[1].
    internal static readonly BlsG2 TauG2 = new(
        new BlsField2(
            Bls12Groups.Parse("185cbfee53492714734429b7b38608e23926c911cceceac9"
                + "a36851477ba4c60b087041de621000edc98edada20c1def2"),
            Bls12Groups.Parse("15bfd7dd8cdeb128843bc287230af38926187075cbfbefa8"
                + "1009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72")),
        new BlsField2(
            Bls12Groups.Parse("014353bdb96b626dd7d5ee8599d1fca2131569490e28de18"
                + "e82451a496a9c9794ce26d105941f383ee689bfbbb832a99"),
            Bls12Groups.Parse("1666c54b0a32529503432fcae0181b4bef79de09fc63671f"
                + "da5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f")));

    private static readonly Bls12FixedLines[] Lines =
        [new(Bls12Groups.G2Generator.Negate()), new(TauG2)];

    private static readonly byte[] Result =
        [.. new UInt256(FieldElementsPerBlob).ToBigEndian(), .. ScalarModulus.ToBigEndian()];

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 50000;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != InputSize)
        {
            return false;
        }
        ReadOnlySpan<byte> commitment = input[96..144];
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(commitment, hash);
        hash[0] = VersionedHashVersion;
        if (!hash.SequenceEqual(input[..32])
            || !IsProven(commitment, input[32..64], input[64..96], input[144..]))
        {
            return false;
        }
        output = [.. Result];
        return true;
    }

    /// <summary>e(C - y·G1 + z·proof, -G2)·e(proof, [τ]G2) = 1.</summary>
    internal static bool IsProven(
        ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> point, ReadOnlySpan<byte> value,
        ReadOnlySpan<byte> proof)
    {
        UInt256 z = UInt256.FromBigEndian(point);
        UInt256 y = UInt256.FromBigEndian(value);
        if (z >= ScalarModulus || y >= ScalarModulus)
        {
            return false;
        }
        if (NativeBlst.IsUsed)
        {
            return NativeBls12.IsProven(commitment, z, y, proof);
        }
        if (!Bls12Codec.TryDecompressG1(commitment, out BlsG1 c)
            || !Bls12Codec.TryDecompressG1(proof, out BlsG1 pi))
        {
            return false;
        }
        BlsG1 quotient = MultiScalar
            .Sum<BlsField, Bls12G1>([Bls12Groups.G1Generator.Negate(), pi], [y, z])
            .Add(c).ToAffine();
        // A pair with infinity is one and is left out.
        if (pi.IsInfinity || quotient.IsInfinity)
        {
            return pi.IsInfinity && quotient.IsInfinity;
        }
        return Bls12Pairing.IsProductOne([quotient, pi], Lines);
    }
}
