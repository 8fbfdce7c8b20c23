using Homeostat.Primitives;
using Homeostat.Primitives.Fields;

namespace Homeostat.Evm.Tests;

public class PairingTests
{
    private static readonly BnG1 BnGenerator = new(BnOne(1), BnOne(2));

    private static readonly BnG2 BnGenerator2 = new(
        new Fp2<Residue256<Bn254Prime>>(
            BnDecimal("1085704699902305713594457076223282948137"
                + "0756359578518086990519993285655852781"),
            BnDecimal("1155973203298638710799100402139228578392"
                + "5812861821192530917403151452391805634")),
        new Fp2<Residue256<Bn254Prime>>(
            BnDecimal("8495653923123431417604973247489272438418"
                + "190587263600148770280649306958101930"),
            BnDecimal("4082367875863433681332203403145435568316"
                + "851327593401208105741076214120093531")));

    private static Residue256<Bn254Prime> BnOne(ulong value) =>
        Residue256<Bn254Prime>.From(value);

    private static Residue256<Bn254Prime> BnDecimal(string digits) =>
        Residue256<Bn254Prime>.From(UInt256.Parse(digits));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(123456789)]
    public void Bn254_is_bilinear(ulong factor)
    {
        Assert.True(BnGenerator2.IsOnCurve);
        Assert.True(Bn254Pairing.IsInSubgroup(BnGenerator2));
        BnG1 p = Times(BnGenerator, factor);
        BnG2 q = Times(BnGenerator2, factor);
        // e(a·P, Q)·e(-P, a·Q) = 1, and not with another factor.
        Assert.True(Bn254Pairing.IsProductOne(
            [p, BnGenerator.Negate()], [BnGenerator2, q]));
        Assert.False(Bn254Pairing.IsProductOne([p, BnGenerator], [BnGenerator2, q]));
        Assert.False(Bn254Pairing.IsProductOne([p], [q]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(123456789)]
    public void Bls12_is_bilinear(ulong factor)
    {
        Assert.True(Bls12Groups.IsInSubgroup(Bls12Groups.G1Generator));
        Assert.True(Bls12Groups.IsInSubgroup(Bls12Groups.G2Generator));
        BlsG1 p = Times(Bls12Groups.G1Generator, factor);
        BlsG2 q = Times(Bls12Groups.G2Generator, factor);
        Assert.True(Bls12Pairing.IsProductOne(
            [p, Bls12Groups.G1Generator.Negate()], [Bls12Groups.G2Generator, q]));
        Assert.False(Bls12Pairing.IsProductOne(
            [p, Bls12Groups.G1Generator], [Bls12Groups.G2Generator, q]));
        Assert.False(Bls12Pairing.IsProductOne([p], [q]));
    }

    [Fact]
    public void Few_and_many_products_add_up_alike()
    {
        // 40 points take the bucket method; in two halves they take the shared doublings.
        var points = new BlsG1[40];
        var scalars = new UInt256[40];
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = Times(Bls12Groups.G1Generator, (ulong)(i % 7 * 5));
            scalars[i] = UInt256.FromHash256(Keccak.Hash([(byte)i]));
        }
        scalars[3] = UInt256.MaxValue;
        scalars[4] = UInt256.Zero;
        BlsG1Sum all = MultiScalar.Sum<BlsField, Bls12G1>(points, scalars);
        BlsG1Sum parts = MultiScalar
            .Sum<BlsField, Bls12G1>(points.AsSpan(0, 20), scalars.AsSpan(0, 20))
            .Add(MultiScalar.Sum<BlsField, Bls12G1>(points.AsSpan(20), scalars.AsSpan(20)));
        Assert.True(MultiScalar.AreEqual(all, parts));
        Assert.False(all.IsInfinity);
    }

    private static AffinePoint<TField, TCurve> Times<TField, TCurve>(
        AffinePoint<TField, TCurve> point, ulong factor)
        where TField : struct, IField<TField>
        where TCurve : struct, ICurve<TField> =>
        MultiScalar.Multiply(
            new JacobianPoint<TField, TCurve>(point), new UInt256(factor)).ToAffine();
}
