using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Evm.Tests;

/// <summary>
/// The managed BLS12-381 precompiles against blst, on valid and on damaged input. Says so and
/// passes where the library is not there.
/// </summary>
public class NativeBlstTests(ITestOutputHelper output)
{
    private const ulong Seed = 0x626c7374;
    private const int Rounds = 40;

    [Fact]
    public void Sums_in_both_groups_agree()
    {
        if (IsMissing())
        {
            return;
        }
        var random = new SeededRandom(Seed);
        for (int round = 0; round < Rounds; round++)
        {
            int pairs = 1 + (round % 4);
            byte[] first = [.. Enumerable.Range(0, pairs).SelectMany(
                _ => (byte[])[.. G1(random), .. Scalar(random)])];
            byte[] second = [.. Enumerable.Range(0, pairs).SelectMany(
                _ => (byte[])[.. G2(random), .. Scalar(random)])];
            Compare(new Bls12G1MultiScalar().TryRun, NativeBls12.TrySumG1, first);
            Compare(new Bls12G2MultiScalar().TryRun, NativeBls12.TrySumG2, second);
            Compare(new Bls12G1MultiScalar().TryRun, NativeBls12.TrySumG1, Damage(first, random));
            Compare(new Bls12G2MultiScalar().TryRun, NativeBls12.TrySumG2, Damage(second, random));
        }
    }

    [Fact]
    public void Pairings_agree()
    {
        if (IsMissing())
        {
            return;
        }
        var random = new SeededRandom(Seed + 1);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] g1 = G1(random);
            byte[] g2 = G2(random);
            // e(P, Q)·e(P, -Q) is one; without the second it is not, but where a point is zero.
            byte[] opposite = [.. g2[..128], .. Negate(g2.AsSpan(128, 64)),
                .. Negate(g2.AsSpan(192, 64))];
            byte[] input = [.. g1, .. g2, .. g1, .. opposite];
            Compare(new Bls12PairingCheck().TryRun, NativeBls12.TryPair, input);
            Compare(new Bls12PairingCheck().TryRun, NativeBls12.TryPair, input[..384]);
            Compare(new Bls12PairingCheck().TryRun, NativeBls12.TryPair, Damage(input, random));
        }
    }

    [Fact]
    public void Proofs_agree()
    {
        if (IsMissing())
        {
            return;
        }
        var random = new SeededRandom(Seed + 2);
        for (int round = 0; round < Rounds; round++)
        {
            // C = c·G and proof = 0 hold for y = c; anything else does not.
            UInt256 y = UInt256.FromBigEndian(Scalar(random)) >> 2;
            byte[] commitment = Compress(Multiple(y), random);
            byte[] proof = round % 2 == 0
                ? [0xc0, .. new byte[47]]
                : Compress(Multiple(UInt256.One), random);
            UInt256 z = UInt256.FromBigEndian(Scalar(random)) >> 2;
            bool native = NativeBls12.IsProven(commitment, z, y, proof);
            NativeBlst.Allow(false);
            bool managed = PointEvaluation.IsProven(
                commitment, z.ToBigEndian(), y.ToBigEndian(), proof);
            NativeBlst.Allow(true);
            Assert.Equal(managed, native);
        }
    }

    private delegate bool Contract(ReadOnlySpan<byte> input, out byte[] result);

    private static void Compare(Contract managed, Contract native, byte[] input)
    {
        NativeBlst.Allow(false);
        bool expected = managed(input, out byte[] wanted);
        NativeBlst.Allow(true);
        Assert.Equal(expected, native(input, out byte[] got));
        Assert.Equal(wanted, got);
    }

    private bool IsMissing()
    {
        if (!NativeBlst.IsAvailable)
        {
            output.WriteLine("skipped: there is no libblst on this machine");
        }
        return !NativeBlst.IsAvailable;
    }

    private static byte[] Scalar(SeededRandom random)
    {
        byte[] bytes = new byte[32];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(random.NextUInt64() & 0xff);
        }
        return bytes;
    }

    /// <summary>A multiple of the generator; every eighth is infinity.</summary>
    private static byte[] G1(SeededRandom random) => random.NextUInt64() % 8 == 0
        ? new byte[128]
        : Multiple(UInt256.FromBigEndian(Scalar(random)));

    private static byte[] Multiple(in UInt256 factor) => Bls12Codec.Write(
        MultiScalar.Sum<BlsField, Bls12G1>([Bls12Groups.G1Generator], [factor]));

    private static byte[] G2(SeededRandom random) => random.NextUInt64() % 8 == 0
        ? new byte[256]
        : Bls12Codec.Write(MultiScalar.Sum<BlsField2, Bls12G2>(
            [Bls12Groups.G2Generator], [UInt256.FromBigEndian(Scalar(random))]));

    private static byte[] Negate(ReadOnlySpan<byte> field)
    {
        byte[] result = new byte[64];
        Assert.True(Bls12Codec.TryReadField(field, out BlsField value));
        BlsField.Negate(value).Write(result.AsSpan(16));
        return result;
    }

    /// <summary>The sign is drawn, so that half of the points are the negated one.</summary>
    private static byte[] Compress(byte[] point, SeededRandom random)
    {
        byte[] bytes = point[16..64];
        bytes[0] |= (byte)(0x80 | (random.NextUInt64() % 2 == 0 ? 0x20 : 0));
        return bytes;
    }

    private static byte[] Damage(byte[] input, SeededRandom random)
    {
        byte[] damaged = [.. input];
        ulong at = random.NextUInt64() % (ulong)damaged.Length;
        damaged[at] ^= (byte)(1 + (random.NextUInt64() % 255));
        return damaged;
    }
}
