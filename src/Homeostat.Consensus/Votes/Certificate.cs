using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Votes of one kind for one thing by more than two thirds of the weight: a notarization, a
/// nullification or a finalization. Bit i of <see cref="Signers"/> (byte i / 8, bit i % 8) says
/// that validator i signed; signatures, and in a notarization the observations, stand in the
/// order of the indexes.
/// </summary>
public sealed record Certificate(
    VoteKind Kind,
    Epoch Epoch,
    View View,
    Hash256 BlockHash,
    byte[] Signers,
    IReadOnlyList<Signature> Signatures,
    IReadOnlyList<byte[]> Observations)
{
    /// <summary>The validator's vote in it, or null; the certificate must be a good one.</summary>
    internal Vote? VoteOf(ValidatorIndex signer)
    {
        if ((Signers[signer.Value / 8] >> (signer.Value % 8) & 1) == 0)
        {
            return null;
        }
        int position = SignerIndexes().TakeWhile(index => index != signer).Count();
        return CertificateVerifier.VoteAt(this, signer, position);
    }

    /// <summary>Indexes of the signers, ascending.</summary>
    public IEnumerable<ValidatorIndex> SignerIndexes()
    {
        for (int i = 0; i < Signers.Length * 8; i++)
        {
            if ((Signers[i / 8] >> (i % 8) & 1) != 0)
            {
                yield return new ValidatorIndex(i);
            }
        }
    }
}
