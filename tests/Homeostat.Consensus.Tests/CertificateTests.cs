using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

public class CertificateTests
{
    private static readonly VoteDigests Digests = new(FakeChain.Config);

    private static readonly ValidatorSet Four = ValidatorSet.Create(
        Enumerable.Range(0, 4).Select(i => new Validator(FakeSigner.AddressAt(i), 1)));

    private static readonly CertificateVerifier Verifier =
        new(Digests, default, Four, new FakeChain());

    [Fact]
    public void Three_of_four_make_a_certificate_and_two_do_not()
    {
        Assert.Null(Verifier.Check(Make(0, 1, 3)));
        Assert.Equal("weight of no quorum", Verifier.Check(Make(0, 1)));
    }

    [Fact]
    public void What_is_not_signed_is_refused()
    {
        Certificate good = Make(0, 1, 3);
        Assert.Contains("wrong signature", Verifier.Check(good with { View = new View(6) }));
        Assert.Contains("wrong signature", Verifier.Check(good with { Signers = [0b0111] }));
        Assert.Contains("wrong signature", Verifier.Check(
            good with { Observations = [[1], [1], [2]] }));
        Assert.Contains("bitmap", Verifier.Check(good with { Signers = [0b1011, 0] }));
        Assert.Contains("bitmap", Verifier.Check(good with { Signers = [0b11001] }));
        Assert.Contains("counts", Verifier.Check(good with { Observations = [] }));
        Assert.Contains("epoch", Verifier.Check(good with { Epoch = new Epoch(1) }));
    }

    [Fact]
    public void A_quorum_is_more_than_two_thirds_whatever_the_weights()
    {
        for (ulong total = 1; total < 40; total++)
        {
            ValidatorSet set = ValidatorSet.Create(new Validator(FakeSigner.AddressAt(0), total));
            for (ulong weight = 0; weight <= total; weight++)
            {
                Assert.Equal(weight * 3 > total * 2, set.IsQuorum(weight));
                Assert.Equal(weight * 3 > total, set.HasHonest(weight));
            }
        }
    }

    [Fact]
    public void A_set_that_is_none_is_refused()
    {
        Validator one = new(FakeSigner.AddressAt(0), 1);
        Assert.Contains("1 to", ValidatorSet.TryCreate([], out _));
        Assert.Contains("twice", ValidatorSet.TryCreate([one, one], out _));
        Assert.Contains("out of range", ValidatorSet.TryCreate([one with { Weight = 0 }], out _));
        Assert.Contains(
            "out of range", ValidatorSet.TryCreate([one with { Weight = ulong.MaxValue }], out _));
    }

    [Fact]
    public void Real_signatures_make_a_certificate()
    {
        LocalSigner[] signers = [.. Enumerable.Range(1, 4)
            .Select(i => new LocalSigner(Keccak.Hash([(byte)i])))];
        ValidatorSet set = ValidatorSet.Create(
            signers.Select(signer => new Validator(signer.Address, 1)));
        var verifier = new CertificateVerifier(Digests, default, set, new Secp256k1Verifier());
        List<Vote> votes = [.. signers.Take(3).Select(signer =>
        {
            Assert.True(set.TryIndexOf(signer.Address, out ValidatorIndex index));
            Vote vote = Unsigned(VoteKind.Notarize, index.Value);
            return vote with { Signature = signer.Sign(Digests.Of(vote)) };
        })];
        Assert.All(votes, vote => Assert.Null(verifier.Check(vote)));
        Assert.Null(verifier.Check(CertificateVerifier.Assemble(votes, 4)));
    }

    private static Vote Unsigned(VoteKind kind, int signer) => new(
        kind, default, new View(5), Keccak.Hash([1]), new ValidatorIndex(signer), [1], default);

    private static Certificate Make(params int[] signers) => CertificateVerifier.Assemble(
        [.. signers.Select(index =>
        {
            Vote vote = Unsigned(VoteKind.Notarize, index);
            var signer = new FakeSigner(FakeSigner.AddressAt(index));
            return vote with { Signature = signer.Sign(Digests.Of(vote)) };
        })],
        4);
}
