using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// The part of a block that consensus writes; its hash is the header's parentBeaconBlockRoot.
/// The parent's notarization carries the observations of its votes; it is null only when the
/// parent is genesis.
/// </summary>
public sealed record ConsensusPayload(
    Epoch Epoch,
    View View,
    View ParentView,
    long TimeMs,
    Hash256 ValidatorSetHash,
    Hash256 RandomnessReveal,
    Certificate? ParentNotarization)
{
    /// <summary>
    /// Two votes that no honest validator gives, for the block's transaction 0 to bring to the
    /// ValidatorSet; null for none, and then the encoding ends with the notarization.
    /// </summary>
    public Evidence? Evidence { get; init; }

    /// <summary>Keccak-256 of the RLP encoding.</summary>
    public Hash256 Hash => Keccak.Hash(Encode());

    public byte[] Encode()
    {
        var writer = new RlpWriter();
        int list = writer.StartList();
        writer.Write(Epoch.Value);
        writer.Write(View.Value);
        writer.Write(ParentView.Value);
        writer.Write((ulong)TimeMs);
        writer.Write(ValidatorSetHash);
        writer.Write(RandomnessReveal);
        ConsensusRlp.Write(writer, ParentNotarization);
        if (Evidence is { } evidence)
        {
            ConsensusRlp.Write(writer, evidence);
        }
        writer.EndList(list);
        return writer.ToArray();
    }

    /// <summary>Why the bytes are no payload, or null and the payload.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> encoded, out ConsensusPayload? payload)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        var read = new ConsensusPayload(
            new Epoch(list.ReadUInt64()), new View(list.ReadUInt64()),
            new View(list.ReadUInt64()), ConsensusRlp.ReadTimeMs(ref list), list.ReadHash256(),
            list.ReadHash256(), ConsensusRlp.ReadOptionalCertificate(ref list));
        if (list.HasMore)
        {
            read = read with { Evidence = ConsensusRlp.ReadEvidence(ref list) };
        }
        reader.Close(list);
        payload = reader.Finished ? read : null;
        return reader.Finished ? null : reader.Error ?? "bytes after the payload";
    }
}
