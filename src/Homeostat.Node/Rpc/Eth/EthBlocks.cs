using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>Blocks and what they hold, by number, tag or hash.</summary>
internal sealed class EthBlocks(RpcContext context)
{
    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_blockNumber", (_, result) => result.Quantity(_chain.Head.Number));
        table.Add("eth_getBlockByNumber", GetBlock);
        table.Add("eth_getBlockByHash", GetBlockByHash);
        table.Add("eth_getHeaderByNumber", GetHeader);
        table.Add("eth_getHeaderByHash", GetHeaderByHash);
        table.Add("erigon_getHeaderByNumber", (arguments, result) =>
            WriteHeader(_chain.Find(OtterscanMethods.NumberOf(arguments, 0)), result));
        table.Add("eth_getBlockReceipts", GetReceipts);
        table.Add("eth_getBlockTransactionCountByNumber", CountByNumber);
        table.Add("eth_getBlockTransactionCountByHash", CountByHash);
        table.Add("eth_getUncleCountByBlockNumber", UncleCountByNumber);
        table.Add("eth_getUncleCountByBlockHash", UncleCountByHash);
        table.Add("eth_getUncleByBlockNumberAndIndex", UncleByNumber);
        table.Add("eth_getUncleByBlockHashAndIndex", UncleByHash);
    }

    /// <summary>The block of a required number or tag argument.</summary>
    private RpcBlock? ByNumber(RpcParams arguments)
    {
        arguments.Required(0);
        return _chain.Find(arguments.Block(0));
    }

    private void GetBlock(RpcParams arguments, Utf8JsonWriter result) =>
        Write(ByNumber(arguments), arguments.Flag(1), result);

    private void GetBlockByHash(RpcParams arguments, Utf8JsonWriter result) =>
        Write(_chain.ByHash(arguments.Hash(0)), arguments.Flag(1), result);

    private static void Write(RpcBlock? block, bool full, Utf8JsonWriter result)
    {
        if (block is null)
        {
            result.WriteNullValue();
            return;
        }
        EthJson.Block(result, block, full);
    }

    private void GetHeader(RpcParams arguments, Utf8JsonWriter result) =>
        WriteHeader(ByNumber(arguments), result);

    private void GetHeaderByHash(RpcParams arguments, Utf8JsonWriter result) =>
        WriteHeader(_chain.ByHash(arguments.Hash(0)), result);

    private static void WriteHeader(RpcBlock? block, Utf8JsonWriter result)
    {
        if (block is null)
        {
            result.WriteNullValue();
            return;
        }
        EthJson.Header(result, block.Header);
    }

    private void GetReceipts(RpcParams arguments, Utf8JsonWriter result)
    {
        if (ByNumber(arguments) is not { } block)
        {
            result.WriteNullValue();
            return;
        }
        result.WriteStartArray();
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            EthJson.Receipt(result, block, i, context.BlobPriceIn(block));
        }
        result.WriteEndArray();
    }

    private void CountByNumber(RpcParams arguments, Utf8JsonWriter result) =>
        WriteCount(ByNumber(arguments)?.Transactions.Count, result);

    private void CountByHash(RpcParams arguments, Utf8JsonWriter result) =>
        WriteCount(_chain.ByHash(arguments.Hash(0))?.Transactions.Count, result);

    private void UncleCountByNumber(RpcParams arguments, Utf8JsonWriter result) =>
        WriteCount(ByNumber(arguments)?.Block.Ommers.Count, result);

    private void UncleCountByHash(RpcParams arguments, Utf8JsonWriter result) =>
        WriteCount(_chain.ByHash(arguments.Hash(0))?.Block.Ommers.Count, result);

    private void UncleByNumber(RpcParams arguments, Utf8JsonWriter result) =>
        WriteUncle(ByNumber(arguments), arguments, result);

    private void UncleByHash(RpcParams arguments, Utf8JsonWriter result) =>
        WriteUncle(_chain.ByHash(arguments.Hash(0)), arguments, result);

    private static void WriteUncle(RpcBlock? block, RpcParams arguments, Utf8JsonWriter result)
    {
        ulong index = arguments.Quantity(1);
        if (block is null || index >= (ulong)block.Block.Ommers.Count)
        {
            result.WriteNullValue();
            return;
        }
        EthJson.Header(result, block.Block.Ommers[(int)index]);
    }

    private static void WriteCount(int? count, Utf8JsonWriter result)
    {
        if (count is { } known)
        {
            result.Quantity((ulong)known);
        }
        else
        {
            result.WriteNullValue();
        }
    }
}
