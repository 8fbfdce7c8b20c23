using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A block's receipts as the log keeps them: an RLP list of their EIP-2718 forms.
/// </summary>
public static class ReceiptList
{
    public static byte[] Encode(IReadOnlyList<Receipt> receipts)
    {
        var writer = new RlpWriter(512 * receipts.Count + 16);
        int list = writer.StartList();
        foreach (Receipt receipt in receipts)
        {
            if (receipt.Type == TransactionType.Legacy)
            {
                writer.WriteRaw(receipt.Encode()); // A list itself; a typed one is a string.
            }
            else
            {
                writer.Write(receipt.Encode());
            }
        }
        writer.EndList(list);
        return writer.ToArray();
    }

    /// <summary>Root of the receipts; false when the bytes are no such list.</summary>
    internal static bool TryRoot(byte[] encoded, out Hash256 root)
    {
        var items = new List<byte[]>();
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        while (list.HasMore)
        {
            items.Add(list.NextIsList ? list.ReadRaw().ToArray() : list.ReadBytes().ToArray());
        }
        reader.Close(list);
        root = reader.Finished ? ListRoot.Of(items) : default;
        return reader.Finished;
    }

    /// <summary>
    /// Logs of the first transaction, the protocol's own; empty where the bytes are no such list.
    /// </summary>
    internal static IReadOnlyList<Log> FirstLogs(byte[] encoded)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        ReadOnlySpan<byte> receipt = list.NextIsList ? list.ReadRaw() : list.ReadBytes();
        bool isTyped = receipt.Length > 0 && receipt[0] < 0x80;
        var inner = new RlpReader(isTyped ? receipt[1..] : receipt);
        RlpReader fields = inner.ReadList();
        fields.ReadBytes();
        fields.ReadUInt64();
        fields.ReadBytes();
        RlpReader items = fields.ReadList();
        var logs = new List<Log>();
        while (items.HasMore)
        {
            RlpReader item = items.ReadList();
            Address address = item.ReadAddress();
            RlpReader topics = item.ReadList();
            var read = new List<Hash256>();
            while (topics.HasMore)
            {
                read.Add(topics.ReadHash256());
            }
            logs.Add(new Log(address, [.. read], item.ReadBytes().ToArray()));
        }
        return logs;
    }

    /// <summary>Gas of the first transaction, the protocol's own; 0 when there is none.</summary>
    internal static ulong FirstGasUsed(byte[] encoded)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        if (!list.HasMore)
        {
            return 0;
        }
        ReadOnlySpan<byte> receipt = list.ReadBytes();
        bool isTyped = receipt.Length > 0 && receipt[0] < 0x80;
        var inner = new RlpReader(isTyped ? receipt[1..] : receipt);
        RlpReader fields = inner.ReadList();
        fields.ReadBytes();
        return fields.ReadUInt64();
    }
}
