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
