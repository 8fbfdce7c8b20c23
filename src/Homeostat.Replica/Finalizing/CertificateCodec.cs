using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>Certificates as the block log keeps them: in consensus' own encoding.</summary>
internal static class CertificateCodec
{
    public static byte[] Encode(Certificate certificate) =>
        new JournalRecord.Seen(certificate).Encode();

    public static Certificate? TryDecode(byte[] encoded) =>
        JournalRecord.TryDecode(encoded, out JournalRecord? record) is null
        && record is JournalRecord.Seen seen
            ? seen.Certificate
            : null;
}
