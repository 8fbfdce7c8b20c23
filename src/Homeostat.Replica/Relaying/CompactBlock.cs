using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A proposal without the transactions that its receivers probably have. What consensus carries
/// for a block is taken apart: header, transaction 0, what follows the transactions, and payload
/// stay; of each other transaction six bytes stay, SipHash of its hash under a key that nobody
/// knows before the block is made (the block's hash), so nobody can make two transactions that are
/// taken for each other. Put together, the bytes are the same as before, or the body does not fit
/// its header, and then it is fetched whole as any lost body.
/// </summary>
internal static class CompactBlock
{
    public const int ShortIdBytes = 6;

    /// <summary>Null when there is nothing to leave out.</summary>
    public static CompactProposalMessage? Shrink(ProposalMessage proposal)
    {
        if (!TryTakeApart(proposal.EncodedBlock, out Parts parts) || parts.Transactions.Count < 2)
        {
            return null;
        }
        var key = new SipHash(proposal.LeaderVote.BlockHash);
        byte[] ids = new byte[(parts.Transactions.Count - 1) * ShortIdBytes];
        for (int i = 1; i < parts.Transactions.Count; i++)
        {
            Write(IdOf(key, HashOf(parts.Transactions[i])), ids.AsSpan((i - 1) * ShortIdBytes));
        }
        return new CompactProposalMessage(
            parts.Header, parts.Transactions[0], ids, parts.Rest, parts.Payload,
            proposal.LeaderVote);
    }

    /// <summary>What consensus carries; transactions as items of a block's list.</summary>
    public static byte[] PutTogether(
        CompactProposalMessage compact, IReadOnlyList<byte[]> transactions)
    {
        var writer = new RlpWriter(compact.Payload.Length + 128 * transactions.Count + 2_048);
        int outer = writer.StartList();
        int body = writer.StartList();
        writer.WriteRaw(compact.Header);
        int list = writer.StartList();
        writer.WriteRaw(compact.First);
        foreach (byte[] transaction in transactions)
        {
            writer.WriteRaw(transaction);
        }
        writer.EndList(list);
        writer.WriteRaw(compact.Rest);
        writer.EndList(body);
        writer.WriteRaw(compact.Payload);
        writer.EndList(outer);
        return writer.ToArray();
    }

    /// <summary>Short ids in the order of the block, the first transaction's not among them.
    /// </summary>
    public static ulong[] IdsOf(CompactProposalMessage compact)
    {
        ulong[] ids = new ulong[compact.ShortIds.Length / ShortIdBytes];
        for (int i = 0; i < ids.Length; i++)
        {
            ReadOnlySpan<byte> bytes = compact.ShortIds.AsSpan(i * ShortIdBytes, ShortIdBytes);
            foreach (byte b in bytes)
            {
                ids[i] = (ids[i] << 8) | b;
            }
        }
        return ids;
    }

    public static ulong IdOf(in SipHash key, in Hash256 transaction) =>
        key.Hash(transaction.Bytes) & 0xffff_ffff_ffff;

    /// <summary>The transactions of a block but the first, as items of its list.</summary>
    public static IReadOnlyList<byte[]> TransactionsOf(byte[] encoded) =>
        TryTakeApart(encoded, out Parts parts) ? [.. parts.Transactions.Skip(1)] : [];

    /// <summary>An encoded transaction as an item of a block's list.</summary>
    public static byte[] ItemOf(ReadOnlySpan<byte> transaction)
    {
        if (transaction.Length > 0 && transaction[0] >= 0xc0)
        {
            return transaction.ToArray(); // A legacy transaction is a list itself.
        }
        var writer = new RlpWriter(transaction.Length + 8);
        writer.Write(transaction);
        return writer.ToArray();
    }

    /// <summary>Hash of an item that one of the lists holds.</summary>
    public static Hash256 HashOf(byte[] item)
    {
        var reader = new RlpReader(item);
        return reader.NextIsList ? Keccak.Hash(item) : Keccak.Hash(reader.ReadBytes());
    }

    private static void Write(ulong id, Span<byte> destination)
    {
        for (int i = ShortIdBytes - 1; i >= 0; i--)
        {
            destination[i] = (byte)(id & 0xff);
            id >>= 8;
        }
    }

    private static bool TryTakeApart(byte[] encoded, out Parts parts)
    {
        var reader = new RlpReader(encoded);
        RlpReader outer = reader.ReadList();
        RlpReader body = outer.ReadList();
        byte[] header = body.ReadRaw().ToArray();
        RlpReader list = body.ReadList();
        var transactions = new List<byte[]>();
        while (list.HasMore)
        {
            transactions.Add(list.ReadRaw().ToArray());
        }
        var rest = new RlpWriter(64);
        while (body.HasMore)
        {
            rest.WriteRaw(body.ReadRaw());
        }
        byte[] payload = outer.ReadRaw().ToArray();
        parts = new Parts(header, transactions, rest.ToArray(), payload);
        return !reader.Failed && !outer.Failed && !body.Failed && !list.Failed;
    }

    private readonly record struct Parts(
        byte[] Header, List<byte[]> Transactions, byte[] Rest, byte[] Payload);
}
