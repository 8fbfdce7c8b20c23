using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// ots_searchTransactionsBefore and After: transactions from, to, or creating an address, newest
/// first, whole blocks at a time. What only logs or inner calls name is not found.
/// </summary>
internal sealed class OtterscanSearch(RpcContext context)
{
    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.Add("ots_searchTransactionsBefore", SearchBefore);
        table.Add("ots_searchTransactionsAfter", SearchAfter);
    }

    private void SearchBefore(RpcParams arguments, Utf8JsonWriter result)
    {
        (Address address, ulong from, int size) = Read(arguments);
        ulong head = _chain.Head.Number;
        bool isFirst = from == 0 || from > head;
        ulong first = isFirst ? head : from - 1;
        var found = new List<(RpcBlock Block, int Index)>();
        ulong read = 0;
        for (; read <= first && read < context.Limits.SearchBlocks && found.Count < size; read++)
        {
            Collect(first - read, address, found);
        }
        Write(result, found, isFirst, isLast: read > first);
    }

    private void SearchAfter(RpcParams arguments, Utf8JsonWriter result)
    {
        (Address address, ulong from, int size) = Read(arguments);
        ulong head = _chain.Head.Number;
        var found = new List<(RpcBlock Block, int Index)>();
        ulong number = from == 0 ? 0 : from + 1;
        ulong end = Math.Min(head, number + context.Limits.SearchBlocks - 1);
        for (; number <= end && found.Count < size; number++)
        {
            var inBlock = new List<(RpcBlock, int)>();
            Collect(number, address, inBlock);
            found.InsertRange(0, inBlock);
        }
        Write(result, found, isFirst: number > head, isLast: from == 0);
    }

    private (Address Address, ulong From, int Size) Read(RpcParams arguments)
    {
        ulong from = JsonInput.UInt64OrNumber(arguments.Required(1), RpcParams.At(1));
        ulong size = JsonInput.UInt64OrNumber(arguments.Required(2), RpcParams.At(2));
        int most = context.Limits.SearchResults;
        return (arguments.Address(0), from, (int)Math.Clamp(size, 1, (ulong)most));
    }

    /// <summary>The block's matches, its last transaction first.</summary>
    private void Collect(ulong number, Address address, List<(RpcBlock, int)> found)
    {
        if (_chain.ByNumber(number) is not { } block)
        {
            return;
        }
        for (int i = block.Transactions.Count - 1; i >= 0; i--)
        {
            Transaction transaction = block.Transactions[i];
            if (transaction.To == address || block.SenderOf(i) == address
                || block.CreatedBy(i) == address)
            {
                found.Add((block, i));
            }
        }
    }

    private void Write(
        Utf8JsonWriter result, List<(RpcBlock Block, int Index)> found, bool isFirst, bool isLast)
    {
        result.WriteStartObject();
        result.WriteStartArray("txs"u8);
        foreach ((RpcBlock block, int index) in found)
        {
            EthJson.Transaction(result, block, index);
        }
        result.WriteEndArray();
        result.WriteStartArray("receipts"u8);
        foreach ((RpcBlock block, int index) in found)
        {
            EthJson.Receipt(
                result, block, index, context.BlobPriceIn(block), block.Header.Timestamp);
        }
        result.WriteEndArray();
        result.WriteBoolean("firstPage"u8, isFirst);
        result.WriteBoolean("lastPage"u8, isLast);
        result.WriteEndObject();
    }
}
