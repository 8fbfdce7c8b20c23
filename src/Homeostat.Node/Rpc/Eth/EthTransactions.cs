using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Transactions and receipts, final or in the pool.</summary>
internal sealed class EthTransactions(RpcContext context)
{
    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_getTransactionByHash", GetByHash);
        table.Add("eth_getTransactionByBlockNumberAndIndex", GetByNumberAndIndex);
        table.Add("eth_getTransactionByBlockHashAndIndex", GetByHashAndIndex);
        table.Add("eth_getRawTransactionByHash", GetRaw);
        table.Add("eth_getRawTransactionByBlockNumberAndIndex", GetRawByNumberAndIndex);
        table.Add("eth_getRawTransactionByBlockHashAndIndex", GetRawByHashAndIndex);
        table.Add("eth_getTransactionReceipt", GetReceipt);
        table.Add("eth_pendingTransactions", (_, result) =>
        {
            result.WriteStartArray(); // Of the node's own accounts, of which there are none.
            result.WriteEndArray();
        });
    }

    private void GetByHash(RpcParams arguments, Utf8JsonWriter result)
    {
        Hash256 hash = arguments.Hash(0);
        if (_chain.FindTransaction(hash) is var (block, index))
        {
            EthJson.Transaction(result, block, index);
        }
        else if (FindPending(hash) is { } pending)
        {
            EthJson.Pending(result, pending);
        }
        else
        {
            result.WriteNullValue();
        }
    }

    /// <summary>In the pool, or in the notarized tip that is not final yet.</summary>
    private RecoveredTransaction? FindPending(Hash256 hash)
    {
        RpcView view = _chain.View;
        if (view.Pool.TryGet(hash, out PooledTransaction pooled))
        {
            return pooled.Transaction;
        }
        RpcBlock tip = view.Pending;
        for (int i = 0; i < tip.Transactions.Count && tip.Number > view.Finalized.Number; i++)
        {
            if (tip.Transactions[i].Hash == hash)
            {
                return tip.Recovered(i);
            }
        }
        return null;
    }

    private void GetByNumberAndIndex(RpcParams arguments, Utf8JsonWriter result)
    {
        arguments.Required(0);
        Write(_chain.Find(arguments.Block(0)), arguments.Quantity(1), result);
    }

    private void GetByHashAndIndex(RpcParams arguments, Utf8JsonWriter result) =>
        Write(_chain.ByHash(arguments.Hash(0)), arguments.Quantity(1), result);

    private static void Write(RpcBlock? block, ulong index, Utf8JsonWriter result)
    {
        if (block is null || index >= (ulong)block.Transactions.Count)
        {
            result.WriteNullValue();
            return;
        }
        EthJson.Transaction(result, block, (int)index);
    }

    private void GetRaw(RpcParams arguments, Utf8JsonWriter result)
    {
        Hash256 hash = arguments.Hash(0);
        Transaction? found = _chain.FindTransaction(hash) is var (block, index)
            ? block.Transactions[index]
            : FindPending(hash)?.Transaction;
        result.Data(found is null ? [] : found.Encoded);
    }

    private void GetRawByNumberAndIndex(RpcParams arguments, Utf8JsonWriter result)
    {
        arguments.Required(0);
        WriteRaw(_chain.Find(arguments.Block(0)), arguments.Quantity(1), result);
    }

    private void GetRawByHashAndIndex(RpcParams arguments, Utf8JsonWriter result) =>
        WriteRaw(_chain.ByHash(arguments.Hash(0)), arguments.Quantity(1), result);

    private static void WriteRaw(RpcBlock? block, ulong index, Utf8JsonWriter result)
    {
        bool exists = block is not null && index < (ulong)block.Transactions.Count;
        result.Data(exists ? block!.Transactions[(int)index].Encoded : []);
    }

    private void GetReceipt(RpcParams arguments, Utf8JsonWriter result)
    {
        if (_chain.FindTransaction(arguments.Hash(0)) is var (block, index))
        {
            EthJson.Receipt(result, block, index, context.BlobPriceIn(block));
        }
        else
        {
            result.WriteNullValue();
        }
    }
}
