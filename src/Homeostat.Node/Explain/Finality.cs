using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Explain;

/// <summary>
/// What shows that a block is final: the headers from it to one that has a finalization
/// certificate, and the certificate. Checked against the validators of the block's own proven
/// state, so that what is taken on trust is the genesis hash alone, and who the validators were.
/// </summary>
internal static class Finality
{
    /// <summary>Why the block is not shown to be final, or null when it is.</summary>
    public static string? Check(
        DecisionEvidence evidence, BlockHeader header, ConsensusPayload payload,
        ValidatorSet? validators)
    {
        Hash256 last = header.Hash;
        foreach (byte[] encoded in evidence.Descendants)
        {
            if (!BlockHeader.TryDecode(encoded, out BlockHeader next, out string error))
            {
                return $"a descendant's header: {error}";
            }
            if (next.ParentHash != last)
            {
                return $"the headers to the certified block: {next.Hash} does not follow {last}";
            }
            last = next.Hash;
        }
        if (JournalRecord.TryDecode(evidence.Certificate, out JournalRecord? record) is not null
            || record is not JournalRecord.Seen { Certificate: { } certificate })
        {
            return "the finalization certificate: it does not decode";
        }
        if (certificate.Kind != VoteKind.Finalize || certificate.BlockHash != last)
        {
            return "the finalization certificate: it is not one of finalize votes for the block "
                + last;
        }
        if (validators is null || certificate.Epoch != payload.Epoch)
        {
            return "the finalization certificate: of another epoch than the block's";
        }
        var digests = new VoteDigests(
            new ConsensusConfig(evidence.ChainId, evidence.GenesisHash));
        var verifier = new CertificateVerifier(
            digests, certificate.Epoch, validators, new Secp256k1Verifier());
        return verifier.Check(certificate) is { } reason
            ? $"the finalization certificate: {reason}"
            : null;
    }
}
