using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>Messages to bytes and back: the kind's byte, then one RLP list of the fields.</summary>
internal static class WireCodec
{
    public static byte[] Encode(WireMessage message)
    {
        var writer = new RlpWriter();
        writer.WriteRaw([(byte)message.Kind]);
        int list = writer.StartList();
        Write(writer, message);
        writer.EndList(list);
        return writer.ToArray();
    }

    public static string? TryDecode(ReadOnlySpan<byte> bytes, out WireMessage? message)
    {
        message = null;
        if (bytes.IsEmpty)
        {
            return "empty message";
        }
        if (bytes.Length > WireLimits.MaxMessageBytes)
        {
            return $"message over {WireLimits.MaxMessageBytes} bytes";
        }
        var reader = new RlpReader(bytes[1..]);
        RlpReader list = reader.ReadList();
        WireMessage? read = Read((WireKind)bytes[0], ref list);
        if (read is null)
        {
            return $"unknown kind of message {bytes[0]}";
        }
        reader.Close(list);
        message = reader.Finished ? read : null;
        return reader.Finished ? null : reader.Error ?? "bytes after the message";
    }

    private static void Write(RlpWriter writer, WireMessage message)
    {
        switch (message)
        {
            case HelloMessage m:
                writer.Write((ulong)m.Version);
                writer.Write(m.ChainId.Value);
                writer.Write(m.GenesisHash);
                writer.Write(m.Node);
                writer.Write(m.Finalized.Value);
                break;
            case ProposalMessage m:
                writer.Write(m.EncodedBlock);
                ConsensusRlp.Write(writer, m.LeaderVote);
                break;
            case VoteMessage m:
                ConsensusRlp.Write(writer, m.Vote);
                break;
            case CertificatesMessage m:
                ConsensusRlp.WriteList(
                    writer, m.Certificates, static (w, item) => ConsensusRlp.Write(w, item));
                break;
            case RefusalMessage m:
                WriteRefusal(writer, m.Advisory);
                break;
            case BlockRequestMessage m:
                writer.Write(m.BlockHash);
                break;
            case BlockResponseMessage m:
                writer.Write(m.EncodedBlock);
                break;
            case CertificateRequestMessage m:
                writer.Write(m.From.Value);
                writer.Write(m.To.Value);
                break;
            case EvidenceMessage m:
                ConsensusRlp.Write(writer, m.Evidence.First);
                ConsensusRlp.Write(writer, m.Evidence.Second);
                break;
            case SnapshotMessage m:
                SnapshotCodec.Write(writer, m);
                break;
            default:
                WriteBulk(writer, message);
                break;
        }
    }

    private static void WriteBulk(RlpWriter writer, WireMessage message)
    {
        switch (message)
        {
            case StatusRequestMessage m:
                writer.Write(m.Nonce);
                break;
            case StatusResponseMessage m:
                writer.Write(m.Nonce);
                writer.Write((ulong)m.Signer.Value);
                ConsensusRlp.Write(writer, m.Entered);
                ConsensusRlp.Write(writer, m.Finalization);
                ConsensusRlp.Write(writer, m.Signature);
                break;
            case FarewellMessage m:
                writer.Write(m.Through.Value);
                break;
            case SyncRequestMessage m:
                writer.Write(m.RequestId);
                writer.Write(m.From.Value);
                writer.Write((ulong)m.MaxBlocks);
                break;
            case SyncResponseMessage m:
                writer.Write(m.RequestId);
                ConsensusRlp.WriteList(writer, m.Blocks, static (w, item) => w.Write(item));
                ConsensusRlp.Write(writer, m.Finalization);
                break;
            case TransactionsMessage m:
                ConsensusRlp.WriteList(writer, m.Transactions, static (w, item) => w.Write(item));
                break;
            case TransactionHashesMessage m:
                ConsensusRlp.WriteList(writer, m.Hashes, static (w, item) => w.Write(item));
                break;
            case TransactionRequestMessage m:
                ConsensusRlp.WriteList(writer, m.Hashes, static (w, item) => w.Write(item));
                break;
            case BlockBodyMessage m:
                writer.Write(m.BlockHash);
                writer.Write(m.Body);
                break;
            case CompactProposalMessage m:
                writer.Write(m.Header);
                writer.Write(m.First);
                writer.Write(m.ShortIds);
                writer.Write(m.Rest);
                writer.Write(m.Payload);
                ConsensusRlp.Write(writer, m.LeaderVote);
                break;
            case ProposalPartsRequestMessage m:
                writer.Write(m.BlockHash);
                ConsensusRlp.WriteList(
                    writer, m.Indexes, static (w, index) => w.Write((ulong)index));
                break;
            case ProposalPartsMessage m:
                writer.Write(m.BlockHash);
                ConsensusRlp.WriteList(writer, m.Transactions, static (w, item) => w.Write(item));
                break;
            default:
                Invariant.Require(false, "every message has an encoding");
                break;
        }
    }

    private static WireMessage? Read(WireKind kind, ref RlpReader list) => kind switch
    {
        WireKind.Hello => new HelloMessage(
            (uint)ConsensusRlp.ReadInt32(ref list, int.MaxValue), new ChainId(list.ReadUInt64()),
            list.ReadHash256(), list.ReadAddress(), new Height(list.ReadUInt64())),
        WireKind.Proposal => new ProposalMessage(
            ReadBlock(ref list), ConsensusRlp.ReadVote(ref list)),
        WireKind.Vote => new VoteMessage(ConsensusRlp.ReadVote(ref list)),
        WireKind.Certificates => new CertificatesMessage(ConsensusRlp.ReadList(
            ref list, WireLimits.MaxCertificates,
            static (ref r) => ConsensusRlp.ReadCertificate(ref r))),
        WireKind.Refusal => new RefusalMessage(ReadRefusal(ref list)),
        WireKind.BlockRequest => new BlockRequestMessage(list.ReadHash256()),
        WireKind.BlockResponse => new BlockResponseMessage(ReadBlock(ref list)),
        WireKind.CertificateRequest => new CertificateRequestMessage(
            new View(list.ReadUInt64()), new View(list.ReadUInt64())),
        WireKind.StatusRequest => new StatusRequestMessage(list.ReadHash256()),
        WireKind.StatusResponse => new StatusResponseMessage(
            list.ReadHash256(), ConsensusRlp.ReadIndex(ref list),
            ConsensusRlp.ReadOptionalCertificate(ref list),
            ConsensusRlp.ReadOptionalCertificate(ref list), ConsensusRlp.ReadSignature(ref list)),
        WireKind.Farewell => new FarewellMessage(new View(list.ReadUInt64())),
        WireKind.SyncRequest => new SyncRequestMessage(
            list.ReadUInt64(), new Height(list.ReadUInt64()),
            ConsensusRlp.ReadInt32(ref list, WireLimits.MaxSyncBlocks)),
        WireKind.SyncResponse => new SyncResponseMessage(
            list.ReadUInt64(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxSyncBlocks, static (ref r) => ReadBlock(ref r)),
            ConsensusRlp.ReadOptionalCertificate(ref list)),
        WireKind.Transactions => new TransactionsMessage(ConsensusRlp.ReadList(
            ref list, WireLimits.MaxTransactions, static (ref r) => r.ReadBytes().ToArray())),
        WireKind.TransactionHashes => new TransactionHashesMessage(ReadHashes(ref list)),
        WireKind.TransactionRequest => new TransactionRequestMessage(ReadHashes(ref list)),
        WireKind.BlockBody => new BlockBodyMessage(list.ReadHash256(), ReadBlock(ref list)),
        WireKind.CompactProposal => new CompactProposalMessage(
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxHeaderBytes, "header"),
            ReadBlock(ref list),
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxShortIdBytes, "short ids"),
            ReadBlock(ref list), ReadBlock(ref list), ConsensusRlp.ReadVote(ref list)),
        WireKind.ProposalPartsRequest => new ProposalPartsRequestMessage(
            list.ReadHash256(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxCompactTransactions,
                static (ref r) => ConsensusRlp.ReadInt32(
                    ref r, WireLimits.MaxCompactTransactions))),
        WireKind.ProposalParts => new ProposalPartsMessage(
            list.ReadHash256(),
            ConsensusRlp.ReadList(
                ref list, WireLimits.MaxCompactTransactions, static (ref r) => ReadBlock(ref r))),
        WireKind.Evidence => new EvidenceMessage(new Evidence(
            ConsensusRlp.ReadVote(ref list), ConsensusRlp.ReadVote(ref list))),
        _ => SnapshotCodec.Read(kind, ref list),
    };

    private static byte[] ReadBlock(ref RlpReader list) =>
        ConsensusRlp.ReadBounded(ref list, WireLimits.MaxBlockBytes, "block");

    private static List<Hash256> ReadHashes(ref RlpReader list) => ConsensusRlp.ReadList(
        ref list, WireLimits.MaxTransactions, static (ref r) => r.ReadHash256());

    private static void WriteRefusal(RlpWriter writer, RefusalAdvisory advisory)
    {
        writer.Write(advisory.Epoch.Value);
        writer.Write(advisory.View.Value);
        writer.Write(advisory.BlockHash);
        writer.Write(advisory.OwnStateRoot);
        writer.Write(Encoding.UTF8.GetBytes(advisory.Reason));
        writer.Write((ulong)advisory.Signer.Value);
        ConsensusRlp.Write(writer, advisory.Signature);
    }

    private static RefusalAdvisory ReadRefusal(ref RlpReader list) => new(
        new Epoch(list.ReadUInt64()), new View(list.ReadUInt64()), list.ReadHash256(),
        list.ReadHash256(),
        Encoding.UTF8.GetString(
            ConsensusRlp.ReadBounded(ref list, WireLimits.MaxReasonBytes, "reason")),
        ConsensusRlp.ReadIndex(ref list), ConsensusRlp.ReadSignature(ref list));
}
