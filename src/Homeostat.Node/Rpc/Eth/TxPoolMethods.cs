using System.Globalization;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>txpool_*: what waits, by sender and nonce.</summary>
internal sealed class TxPoolMethods(RpcContext context)
{
    private delegate void EntryWriter(Utf8JsonWriter result, PooledTransaction entry);

    private PoolView Pool => context.Chain.View.Pool;

    public void Register(RpcTable.Builder table)
    {
        table.Add("txpool_status", GetStatus);
        table.Add("txpool_content", (_, result) => Write(result, WriteFull));
        table.Add("txpool_inspect", (_, result) => Write(result, WriteSummary));
        table.Add("txpool_contentFrom", GetContentFrom);
    }

    private void GetStatus(RpcParams arguments, Utf8JsonWriter result)
    {
        PoolView pool = Pool;
        result.WriteStartObject();
        result.Quantity("pending"u8, (ulong)pool.ExecutableCount);
        result.Quantity("queued"u8, (ulong)pool.QueuedCount);
        result.WriteEndObject();
    }

    private void Write(Utf8JsonWriter result, EntryWriter write)
    {
        IReadOnlyList<PooledSender> senders = Pool.Senders();
        result.WriteStartObject();
        result.WriteStartObject("pending"u8);
        foreach (PooledSender sender in senders.Where(s => s.ExecutableCount > 0))
        {
            result.WriteStartObject(sender.Address.ToChecksum());
            WriteEntries(result, sender.Transactions.Take(sender.ExecutableCount), write);
            result.WriteEndObject();
        }
        result.WriteEndObject();
        result.WriteStartObject("queued"u8);
        foreach (PooledSender sender in
            senders.Where(s => s.ExecutableCount < s.Transactions.Count))
        {
            result.WriteStartObject(sender.Address.ToChecksum());
            WriteEntries(result, sender.Transactions.Skip(sender.ExecutableCount), write);
            result.WriteEndObject();
        }
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private void GetContentFrom(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        PooledSender sender = Pool.Sender(address) ?? new PooledSender(address, 0, 0, []);
        result.WriteStartObject();
        result.WriteStartObject("pending"u8);
        WriteEntries(result, sender.Transactions.Take(sender.ExecutableCount), WriteFull);
        result.WriteEndObject();
        result.WriteStartObject("queued"u8);
        WriteEntries(result, sender.Transactions.Skip(sender.ExecutableCount), WriteFull);
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private static void WriteEntries(
        Utf8JsonWriter result, IEnumerable<PooledTransaction> entries, EntryWriter write)
    {
        foreach (PooledTransaction entry in entries)
        {
            result.WritePropertyName(entry.Nonce.ToString(CultureInfo.InvariantCulture));
            write(result, entry);
        }
    }

    private static void WriteFull(Utf8JsonWriter result, PooledTransaction entry) =>
        EthJson.Pending(result, entry.Transaction);

    private static void WriteSummary(Utf8JsonWriter result, PooledTransaction entry)
    {
        Transaction transaction = entry.Transaction.Transaction;
        string to = transaction.To is { } address
            ? address.ToChecksum()
            : "contract creation";
        result.WriteStringValue(
            $"{to}: {transaction.Value} wei + {entry.GasLimit} gas × {entry.MaxFeePerGas} wei");
    }
}
