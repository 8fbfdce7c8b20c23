using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>Checks votes and certificates of one epoch.</summary>
public sealed class CertificateVerifier(
    VoteDigests digests, Epoch epoch, ValidatorSet validators, IVoteVerifier verifier)
{
    internal PlantedBugs Bugs { get; init; } = PlantedBugs.None;

    /// <summary>Why the vote does not count, or null when it is its signer's.</summary>
    public string? Check(Vote vote)
    {
        if (vote.Epoch != epoch || !validators.Contains(vote.Signer))
        {
            return "vote of another epoch or of no validator";
        }
        if (vote.Kind == VoteKind.Nullify && !vote.BlockHash.IsZero)
        {
            return "nullify vote names a block";
        }
        if (vote.Kind != VoteKind.Notarize && vote.Observation.Length > 0)
        {
            return "only notarize votes carry observations";
        }
        return Signed(digests.Of(vote), vote.Signature, vote.Signer) ? null : "wrong signature";
    }

    /// <summary>
    /// Why the certificate proves nothing, or null when more than 2/3 of the weight signed.
    /// Signatures that <paramref name="isKnown"/> has already checked are not recovered again.
    /// </summary>
    public string? Check(Certificate certificate, Func<Vote, bool>? isKnown = null)
    {
        if (Bugs.UncheckedCertificate)
        {
            return null;
        }
        if (CheckShape(certificate) is { } error)
        {
            return error;
        }
        ulong weight = 0;
        int position = 0;
        foreach (ValidatorIndex signer in certificate.SignerIndexes())
        {
            Vote vote = VoteAt(certificate, signer, position++);
            if (isKnown?.Invoke(vote) != true
                && !Signed(digests.Of(vote), vote.Signature, signer))
            {
                return $"wrong signature of validator {signer}";
            }
            weight += validators[signer].Weight;
        }
        return IsQuorum(weight) ? null : "weight of no quorum";
    }

    public bool Signed(in Hash256 digest, in Signature signature, ValidatorIndex signer) =>
        validators.Contains(signer)
        && verifier.TryRecover(digest, signature, out Address address)
        && address == validators[signer].Address;

    internal bool IsQuorum(ulong weight) =>
        validators.IsQuorum(Bugs.QuorumOffByOne ? weight + 1 : weight);

    /// <summary>The certificate of these votes, which agree in kind, view and block.</summary>
    internal static Certificate Assemble(IReadOnlyList<Vote> votes, int validatorCount)
    {
        Vote first = votes[0];
        byte[] signers = new byte[(validatorCount + 7) / 8];
        var signatures = new List<Signature>(votes.Count);
        var observations = new List<byte[]>();
        foreach (Vote vote in votes.OrderBy(vote => vote.Signer))
        {
            signers[vote.Signer.Value / 8] |= (byte)(1 << (vote.Signer.Value % 8));
            signatures.Add(vote.Signature);
            if (first.Kind == VoteKind.Notarize)
            {
                observations.Add(vote.Observation);
            }
        }
        return new Certificate(
            first.Kind, first.Epoch, first.View, first.BlockHash, signers, signatures,
            observations);
    }

    /// <summary>One of the votes a well-shaped certificate is made of.</summary>
    internal static Vote VoteAt(Certificate certificate, ValidatorIndex signer, int position) =>
        new(
            certificate.Kind, certificate.Epoch, certificate.View, certificate.BlockHash, signer,
            certificate.Kind == VoteKind.Notarize ? certificate.Observations[position] : [],
            certificate.Signatures[position]);

    private string? CheckShape(Certificate certificate)
    {
        int signers = certificate.SignerIndexes().Count();
        if (certificate.Epoch != epoch)
        {
            return "certificate of another epoch";
        }
        if (certificate.Signers.Length != (validators.Count + 7) / 8
            || certificate.SignerIndexes().Any(index => !validators.Contains(index)))
        {
            return "signer bitmap does not fit the validator set";
        }
        int observations = certificate.Kind == VoteKind.Notarize ? signers : 0;
        if (certificate.Signatures.Count != signers
            || certificate.Observations.Count != observations)
        {
            return "counts of signers, signatures and observations differ";
        }
        return certificate.Kind == VoteKind.Nullify && !certificate.BlockHash.IsZero
            ? "nullification names a block"
            : null;
    }
}
