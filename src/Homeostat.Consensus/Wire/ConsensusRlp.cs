using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// RLP of the parts that several messages, the payload and the journal share. Readers follow
/// <see cref="RlpReader"/>: after a failure they give defaults, and the caller checks at the end.
/// </summary>
internal static class ConsensusRlp
{
    private const int SignatureBytes = 65;
    private const int MaxSignerBytes = (ValidatorSet.MaxValidators + 7) / 8;

    public static void Write(RlpWriter writer, in Signature signature)
    {
        Span<byte> bytes = stackalloc byte[SignatureBytes];
        signature.R.WriteBigEndian(bytes[..32]);
        signature.S.WriteBigEndian(bytes[32..64]);
        bytes[64] = signature.YParity ? (byte)1 : (byte)0;
        writer.Write(bytes);
    }

    public static Signature ReadSignature(ref RlpReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadExactly(SignatureBytes);
        if (bytes[64] > 1)
        {
            reader.Fail("signature parity is neither 0 nor 1");
        }
        return new Signature(
            UInt256.FromBigEndian(bytes[..32]), UInt256.FromBigEndian(bytes[32..64]),
            bytes[64] == 1);
    }

    public static void Write(RlpWriter writer, Vote vote)
    {
        int list = writer.StartList();
        writer.Write((ulong)vote.Kind);
        writer.Write(vote.Epoch.Value);
        writer.Write(vote.View.Value);
        writer.Write(vote.BlockHash);
        writer.Write((ulong)vote.Signer.Value);
        writer.Write(vote.Observation);
        Write(writer, vote.Signature);
        writer.EndList(list);
    }

    public static Vote ReadVote(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        VoteKind kind = ReadKind(ref list);
        var epoch = new Epoch(list.ReadUInt64());
        var view = new View(list.ReadUInt64());
        Hash256 block = list.ReadHash256();
        ValidatorIndex signer = ReadIndex(ref list);
        byte[] observation = ReadBounded(ref list, WireLimits.MaxObservationBytes, "observation");
        Signature signature = ReadSignature(ref list);
        reader.Close(list);
        return new Vote(kind, epoch, view, block, signer, observation, signature);
    }

    public static void Write(RlpWriter writer, Evidence evidence)
    {
        int list = writer.StartList();
        Write(writer, evidence.First);
        Write(writer, evidence.Second);
        writer.EndList(list);
    }

    public static Evidence ReadEvidence(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var evidence = new Evidence(ReadVote(ref list), ReadVote(ref list));
        reader.Close(list);
        return evidence;
    }

    public static void Write(RlpWriter writer, Certificate? certificate)
    {
        int list = writer.StartList();
        if (certificate is not null)
        {
            writer.Write((ulong)certificate.Kind);
            writer.Write(certificate.Epoch.Value);
            writer.Write(certificate.View.Value);
            writer.Write(certificate.BlockHash);
            writer.Write(certificate.Signers);
            WriteList(writer, certificate.Signatures, static (w, item) => Write(w, item));
            WriteList(writer, certificate.Observations, static (w, item) => w.Write(item));
        }
        writer.EndList(list);
    }

    /// <summary>A certificate, or null for the empty list.</summary>
    public static Certificate? ReadOptionalCertificate(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        if (list.Finished)
        {
            return null;
        }
        VoteKind kind = ReadKind(ref list);
        var epoch = new Epoch(list.ReadUInt64());
        var view = new View(list.ReadUInt64());
        Hash256 block = list.ReadHash256();
        byte[] signers = ReadBounded(ref list, MaxSignerBytes, "signer bitmap");
        List<Signature> signatures = ReadList(
            ref list, ValidatorSet.MaxValidators, static (ref r) => ReadSignature(ref r));
        List<byte[]> observations = ReadList(
            ref list, ValidatorSet.MaxValidators,
            static (ref r) => ReadBounded(ref r, WireLimits.MaxObservationBytes, "observation"));
        reader.Close(list);
        return new Certificate(kind, epoch, view, block, signers, signatures, observations);
    }

    public static Certificate ReadCertificate(ref RlpReader reader)
    {
        Certificate? certificate = ReadOptionalCertificate(ref reader);
        if (certificate is null)
        {
            reader.Fail("certificate missing");
        }
        return certificate
            ?? new Certificate(VoteKind.Nullify, default, default, default, [], [], []);
    }

    public static void Write(RlpWriter writer, BlockReference block)
    {
        int list = writer.StartList();
        writer.Write(block.Height.Value);
        writer.Write(block.View.Value);
        writer.Write(block.ParentView.Value);
        writer.Write(block.Hash);
        writer.Write(block.ParentHash);
        writer.Write((ulong)block.TimeMs);
        writer.EndList(list);
    }

    public static BlockReference ReadBlockReference(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var block = new BlockReference(
            new Height(list.ReadUInt64()), new View(list.ReadUInt64()),
            new View(list.ReadUInt64()), list.ReadHash256(), list.ReadHash256(),
            ReadTimeMs(ref list));
        reader.Close(list);
        return block;
    }

    public static long ReadTimeMs(ref RlpReader reader)
    {
        ulong value = reader.ReadUInt64();
        if (value > long.MaxValue / 2)
        {
            reader.Fail("time out of range");
            return 0;
        }
        return (long)value;
    }

    public static int ReadInt32(ref RlpReader reader, int max)
    {
        ulong value = reader.ReadUInt64();
        if (value > (ulong)max)
        {
            reader.Fail($"number over {max}");
            return 0;
        }
        return (int)value;
    }

    public static ValidatorIndex ReadIndex(ref RlpReader reader) =>
        new(ReadInt32(ref reader, ValidatorSet.MaxValidators - 1));

    public static byte[] ReadBounded(ref RlpReader reader, int maxBytes, string what)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        if (bytes.Length > maxBytes)
        {
            reader.Fail($"{what} over {maxBytes} bytes");
            return [];
        }
        return bytes.ToArray();
    }

    public delegate T ItemReader<T>(ref RlpReader reader);

    public static void WriteList<T>(
        RlpWriter writer, IReadOnlyList<T> items, Action<RlpWriter, T> write)
    {
        int list = writer.StartList();
        foreach (T item in items)
        {
            write(writer, item);
        }
        writer.EndList(list);
    }

    public static List<T> ReadList<T>(ref RlpReader reader, int maxItems, ItemReader<T> read)
    {
        RlpReader list = reader.ReadList();
        var items = new List<T>();
        while (list.HasMore)
        {
            if (items.Count == maxItems)
            {
                list.Fail($"list over {maxItems} items");
                break;
            }
            items.Add(read(ref list));
        }
        reader.Close(list);
        return items;
    }

    private static VoteKind ReadKind(ref RlpReader reader)
    {
        ulong kind = reader.ReadUInt64();
        if (kind is < 1 or > 3)
        {
            reader.Fail("unknown kind of vote");
            return VoteKind.Nullify;
        }
        return (VoteKind)kind;
    }
}
