using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>The fields of <see cref="SnapshotMessage"/>s in RLP.</summary>
internal static class SnapshotCodec
{
    public static void Write(RlpWriter writer, SnapshotMessage message)
    {
        writer.Write(message.RequestId);
        switch (message)
        {
            case SnapshotRequestMessage m:
                writer.Write(m.From.Value);
                writer.Write(m.Checkpoint.Value);
                break;
            case SnapshotResponseMessage m:
                writer.Write(m.EncodedBlock);
                writer.Write(m.Receipts);
                WriteBytes(writer, m.Headers);
                ConsensusRlp.Write(writer, m.Finalization);
                WriteValidators(writer, m.Validators);
                writer.Write(m.CheckpointPayload);
                WriteValidators(writer, m.FirstValidators);
                ConsensusRlp.WriteList(writer, m.Epochs, static (w, end) =>
                {
                    w.Write(end.Header);
                    w.Write(end.Receipts);
                    ConsensusRlp.Write(w, end.Finalization);
                });
                break;
            case HeadersRequestMessage m:
                writer.Write(m.Last.Value);
                writer.Write((ulong)m.Count);
                break;
            case HeadersResponseMessage m:
                WriteBytes(writer, m.Headers);
                break;
            case RangesRequestMessage m:
                ConsensusRlp.WriteList(writer, m.Queries, static (w, query) => Write(w, query));
                break;
            case RangesResponseMessage m:
                ConsensusRlp.WriteList(writer, m.Ranges, static (w, range) => Write(w, range));
                break;
            case CodesRequestMessage m:
                ConsensusRlp.WriteList(writer, m.Hashes, static (w, hash) => w.Write(hash));
                break;
            case CodesResponseMessage m:
                WriteBytes(writer, m.Codes);
                break;
            default:
                Invariant.Require(false, "every message has an encoding");
                break;
        }
    }

    private static void WriteValidators(RlpWriter writer, IReadOnlyList<Validator> validators) =>
        ConsensusRlp.WriteList(writer, validators, static (w, validator) =>
        {
            w.Write(validator.Address);
            w.Write(validator.Weight);
        });

    private static List<Validator> ReadValidators(ref RlpReader list) => ConsensusRlp.ReadList(
        ref list, ValidatorSet.MaxValidators,
        static (ref r) => new Validator(r.ReadAddress(), r.ReadUInt64()));

    public static WireMessage? Read(WireKind kind, ref RlpReader list) => kind switch
    {
        WireKind.SnapshotRequest => new SnapshotRequestMessage(
            list.ReadUInt64(), new Height(list.ReadUInt64()), new Height(list.ReadUInt64())),
        WireKind.SnapshotResponse => new SnapshotResponseMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxBlockBytes, "block"),
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxBlockBytes, "receipts"),
            ReadHeaders(ref list), ConsensusRlp.ReadOptionalCertificate(ref list),
            ReadValidators(ref list),
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxBlockBytes, "payload"))
        {
            FirstValidators = ReadValidators(ref list),
            Epochs = ConsensusRlp.ReadList(
                ref list, WireLimits.MaxEpochEnds, static (ref r) => new EpochEnd(
                    ConsensusRlp.ReadBounded(ref r, WireLimits.MaxHeaderBytes, "header"),
                    ConsensusRlp.ReadBounded(ref r, WireLimits.MaxBlockBytes, "receipts"),
                    ConsensusRlp.ReadCertificate(ref r))),
        },
        WireKind.HeadersRequest => new HeadersRequestMessage(
            list.ReadUInt64(), new Height(list.ReadUInt64()),
            ConsensusRlp.ReadInt32(ref list, WireLimits.MaxHeaders)),
        WireKind.HeadersResponse => new HeadersResponseMessage(
            list.ReadUInt64(), ReadHeaders(ref list)),
        WireKind.RangesRequest => new RangesRequestMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxRanges, static (ref r) => ReadQuery(ref r))),
        WireKind.RangesResponse => new RangesResponseMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxRanges, static (ref r) => ReadRange(ref r))),
        WireKind.CodesRequest => new CodesRequestMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxCodes, static (ref r) => r.ReadHash256())),
        WireKind.CodesResponse => new CodesResponseMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxCodes,
                static (ref r) => ConsensusRlp.ReadBounded(
                    ref r, WireLimits.MaxCodeBytes, "code"))),
        _ => null,
    };

    private static List<byte[]> ReadHeaders(ref RlpReader list) => ConsensusRlp.ReadList(
        ref list, WireLimits.MaxHeaders,
        static (ref r) => ConsensusRlp.ReadBounded(ref r, WireLimits.MaxHeaderBytes, "header"));

    private static void WriteBytes(RlpWriter writer, IReadOnlyList<byte[]> items) =>
        ConsensusRlp.WriteList(writer, items, static (w, item) => w.Write(item));

    private static void Write(RlpWriter writer, RangeQuery query)
    {
        int list = writer.StartList();
        writer.Write(query.Root);
        writer.Write(query.Start);
        writer.Write(query.End);
        writer.EndList(list);
    }

    private static RangeQuery ReadQuery(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var query = new RangeQuery(list.ReadHash256(), list.ReadHash256(), list.ReadHash256());
        reader.Close(list);
        return query;
    }

    private static void Write(RlpWriter writer, StateRange range)
    {
        int list = writer.StartList();
        ConsensusRlp.WriteList(writer, range.Entries, static (w, entry) =>
        {
            w.Write(entry.Key);
            w.Write(entry.Value);
        });
        WriteBytes(writer, range.Proof);
        writer.EndList(list);
    }

    private static StateRange ReadRange(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var entries = ConsensusRlp.ReadList(
            ref list, WireLimits.MaxRangeEntries, static (ref r) => KeyValuePair.Create(
                r.ReadHash256(),
                ConsensusRlp.ReadBounded(ref r, WireLimits.MaxEntryBytes, "entry")));
        var proof = ConsensusRlp.ReadList(
            ref list, WireLimits.MaxProofNodes,
            static (ref r) => ConsensusRlp.ReadBounded(
                ref r, WireLimits.MaxNodeBytes, "trie node"));
        reader.Close(list);
        return new StateRange(entries, proof);
    }
}
