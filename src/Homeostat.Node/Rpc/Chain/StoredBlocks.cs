using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>Turns what the archive holds into blocks to be served.</summary>
internal static class StoredBlocks
{
    /// <summary>
    /// Throws when the archive holds something that is not a block: local damage.
    /// </summary>
    public static RpcBlock Decode(FinalizedBlock stored)
    {
        Invariant.Require(BlockCodec.TryReadBlock(stored.Encoded, out Block block, out _));
        Invariant.Require(block.Hash == stored.Hash);
        return new RpcBlock(
            block, DecodeReceipts(stored.Receipts), null, (ulong)stored.TimeMs);
    }

    internal static List<Receipt> DecodeReceipts(ReadOnlySpan<byte> encoded)
    {
        var receipts = new List<Receipt>();
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        while (list.HasMore)
        {
            receipts.Add(ReadReceipt(ref list));
        }
        reader.Close(list);
        Invariant.Require(reader.Finished);
        return receipts;
    }

    /// <summary>One receipt as the receipts trie holds it; throws when it is none.</summary>
    internal static Receipt DecodeReceipt(byte[] encoded)
    {
        var writer = new RlpWriter(encoded.Length + 16);
        int list = writer.StartList();
        if (encoded.Length != 0 && encoded[0] >= 0xc0)
        {
            writer.WriteRaw(encoded); // A legacy receipt stands in the list as a list.
        }
        else
        {
            writer.Write(encoded);
        }
        writer.EndList(list);
        return DecodeReceipts(writer.WrittenSpan)[0];
    }

    private static Receipt ReadReceipt(ref RlpReader list)
    {
        if (list.NextIsList)
        {
            return ReadFields(TransactionType.Legacy, ref list);
        }
        ReadOnlySpan<byte> typed = list.ReadBytes();
        Invariant.Require(typed.Length > 1);
        var inner = new RlpReader(typed[1..]);
        return ReadFields((TransactionType)typed[0], ref inner);
    }

    private static Receipt ReadFields(TransactionType type, ref RlpReader reader)
    {
        RlpReader fields = reader.ReadList();
        ReadOnlySpan<byte> status = fields.ReadBytes();
        ulong cumulative = fields.ReadUInt64();
        ReadOnlySpan<byte> bloom = fields.ReadExactly(Bloom.Size);
        RlpReader logList = fields.ReadList();
        var logs = new List<Log>();
        while (logList.HasMore)
        {
            logs.Add(ReadLog(ref logList));
        }
        fields.Close(logList);
        reader.Close(fields);
        return new Receipt
        {
            Type = type,
            Succeeded = status.Length == 1 && status[0] == 1,
            PostState = status.Length == Hash256.Size ? new Hash256(status) : null,
            CumulativeGasUsed = cumulative,
            Bloom = new Bloom(bloom),
            Logs = logs,
        };
    }

    private static Log ReadLog(ref RlpReader list)
    {
        RlpReader fields = list.ReadList();
        Address address = fields.ReadAddress();
        RlpReader topicList = fields.ReadList();
        var topics = new List<Hash256>();
        while (topicList.HasMore)
        {
            topics.Add(topicList.ReadHash256());
        }
        fields.Close(topicList);
        byte[] data = fields.ReadBytes().ToArray();
        list.Close(fields);
        return new Log(address, [.. topics], data);
    }
}
