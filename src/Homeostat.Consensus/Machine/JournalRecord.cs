using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>What a validator must find again after a crash. The order of records is kept.</summary>
public abstract record JournalRecord
{
    private JournalRecord()
    {
    }

    public abstract View View { get; }

    private protected abstract ulong Tag { get; }

    /// <summary>An own vote; on disk before it leaves.</summary>
    public sealed record OwnVote(Vote Vote) : JournalRecord
    {
        public override View View => Vote.View;
        private protected override ulong Tag => 1;
        private protected override void Write(RlpWriter writer) => ConsensusRlp.Write(writer, Vote);
    }

    /// <summary>The body of a block proposed or voted for.</summary>
    public sealed record Body(BlockReference Block, byte[] Encoded) : JournalRecord
    {
        public override View View => Block.View;
        private protected override ulong Tag => 2;

        private protected override void Write(RlpWriter writer)
        {
            ConsensusRlp.Write(writer, Block);
            writer.Write(Encoded);
        }
    }

    /// <summary>A certificate seen; saves asking for it again, nothing waits for it.</summary>
    public sealed record Seen(Certificate Certificate) : JournalRecord
    {
        public override View View => Certificate.View;
        private protected override ulong Tag => 3;

        private protected override void Write(RlpWriter writer) =>
            ConsensusRlp.Write(writer, Certificate);
    }

    /// <summary>
    /// After a lost journal: no vote in any view of the epoch up to this one;
    /// <see cref="Unknown"/> while the others have not said yet where they are.
    /// <paramref name="Again"/> says that they are to be asked once more in the next epoch.
    /// </summary>
    public sealed record AbstainThrough(View Last, Epoch Epoch = default, bool Again = true)
        : JournalRecord
    {
        public static readonly View Unknown = new(ulong.MaxValue);

        /// <summary>Never below a final view: the last such record must stay the last.</summary>
        public override View View => Unknown;

        private protected override ulong Tag => 4;
        private protected override void Write(RlpWriter writer)
        {
            writer.Write(Last.Value);
            writer.Write(Epoch.Value);
            writer.Write(Again ? 1UL : 0UL);
        }
    }

    public byte[] Encode()
    {
        var writer = new RlpWriter();
        int list = writer.StartList();
        writer.Write(Tag);
        Write(writer);
        writer.EndList(list);
        return writer.ToArray();
    }

    /// <summary>Why the bytes are no record, or null and the record.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> encoded, out JournalRecord? record)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        ulong tag = list.ReadUInt64();
        JournalRecord? read = tag switch
        {
            1 => new OwnVote(ConsensusRlp.ReadVote(ref list)),
            2 => new Body(
                ConsensusRlp.ReadBlockReference(ref list),
                ConsensusRlp.ReadBounded(ref list, WireLimits.MaxBlockBytes, "block")),
            3 => new Seen(ConsensusRlp.ReadCertificate(ref list)),
            4 => new AbstainThrough(
                new View(list.ReadUInt64()), new Epoch(list.ReadUInt64()),
                ConsensusRlp.ReadInt32(ref list, 1) == 1),
            _ => null,
        };
        reader.Close(list);
        record = reader.Finished ? read : null;
        return record is not null ? null : reader.Error ?? "not a journal record";
    }

    private protected abstract void Write(RlpWriter writer);
}
