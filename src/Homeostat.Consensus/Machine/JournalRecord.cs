using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>What a validator must find again after a crash. The order of records is kept.</summary>
public abstract record JournalRecord
{
    private JournalRecord()
    {
    }

    public abstract View View { get; }

    /// <summary>An own vote; on disk before it leaves.</summary>
    public sealed record OwnVote(Vote Vote) : JournalRecord
    {
        public override View View => Vote.View;
    }

    /// <summary>The body of a block proposed or voted for.</summary>
    public sealed record Body(BlockReference Block, byte[] Encoded) : JournalRecord
    {
        public override View View => Block.View;
    }

    /// <summary>A certificate seen; saves asking for it again, nothing waits for it.</summary>
    public sealed record Seen(Certificate Certificate) : JournalRecord
    {
        public override View View => Certificate.View;
    }

    /// <summary>After a lost journal: no vote in any view up to this one.</summary>
    public sealed record AbstainThrough(View Last) : JournalRecord
    {
        public override View View => Last;
    }

    public byte[] Encode() => throw new NotSupportedException();

    /// <summary>Why the bytes are no record, or null and the record.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> encoded, out JournalRecord? record) =>
        throw new NotSupportedException();
}
