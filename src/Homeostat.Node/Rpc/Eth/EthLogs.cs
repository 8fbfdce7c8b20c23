using System.Text.Json;
using Homeostat.Ledger;

namespace Homeostat.Node.Rpc;

/// <summary>Logs by range or block, and filters that are asked for what is new.</summary>
internal sealed class EthLogs(RpcContext context, FilterRegistry filters)
{
    private readonly ChainReader _chain = context.Chain;
    private readonly RpcLimits _limits = context.Limits;

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_getLogs", (arguments, result) =>
            WriteLogs(LogFilter.Read(arguments.Required(0), RpcParams.At(0), _limits), result));
        table.Add("eth_newFilter", NewFilter);
        table.Add("eth_newBlockFilter", (_, result) =>
            result.WriteStringValue(filters.Open(FilterKind.Blocks, null, _chain.Head.Number)));
        table.Add("eth_newPendingTransactionFilter", NewPendingFilter);
        table.Add("eth_getFilterChanges", GetChanges);
        table.Add("eth_getFilterLogs", GetFilterLogs);
        table.Add("eth_uninstallFilter", (arguments, result) =>
            result.WriteBooleanValue(filters.Close(arguments.Text(0))));
    }

    private void NewFilter(RpcParams arguments, Utf8JsonWriter result)
    {
        LogFilter filter = LogFilter.Read(arguments.Required(0), RpcParams.At(0), _limits);
        result.WriteStringValue(filters.Open(FilterKind.Logs, filter, _chain.Head.Number));
    }

    private void NewPendingFilter(RpcParams arguments, Utf8JsonWriter result)
    {
        bool full = arguments.Flag(0);
        result.WriteStringValue(filters.Open(
            full ? FilterKind.FullPending : FilterKind.Pending, null,
            _chain.View.Pool.NextArrival));
    }

    private void GetChanges(RpcParams arguments, Utf8JsonWriter result)
    {
        OpenFilter filter = filters.Get(arguments.Text(0));
        lock (filter)
        {
            if (filter.Kind is FilterKind.Pending or FilterKind.FullPending)
            {
                WriteArrivals(filter, result);
                return;
            }
            ulong head = _chain.Head.Number;
            if (filter.Kind == FilterKind.Blocks)
            {
                WriteHashes(filter.Cursor + 1, head, result);
            }
            else
            {
                WriteRange(filter.Logs!, filter.Cursor + 1, head, result);
            }
            filter.Cursor = Math.Max(filter.Cursor, head);
        }
    }

    private void WriteArrivals(OpenFilter filter, Utf8JsonWriter result)
    {
        PoolView pool = _chain.View.Pool;
        result.WriteStartArray();
        foreach (PooledTransaction arrival in pool.ArrivalsSince(filter.Cursor))
        {
            if (filter.Kind == FilterKind.FullPending)
            {
                EthJson.Pending(result, arrival.Transaction);
            }
            else
            {
                result.Data(arrival.Hash.Bytes);
            }
        }
        result.WriteEndArray();
        filter.Cursor = pool.NextArrival;
    }

    private void WriteHashes(ulong first, ulong last, Utf8JsonWriter result)
    {
        CheckRange(first, last);
        result.WriteStartArray();
        for (ulong number = first; number <= last; number++)
        {
            if (_chain.ByNumber(number) is { } block)
            {
                result.Data(block.Hash.Bytes);
            }
        }
        result.WriteEndArray();
    }

    private void GetFilterLogs(RpcParams arguments, Utf8JsonWriter result)
    {
        OpenFilter filter = filters.Get(arguments.Text(0));
        if (filter.Logs is null)
        {
            throw RpcException.Server("filter not found");
        }
        WriteLogs(filter.Logs, result);
    }

    private void WriteLogs(LogFilter filter, Utf8JsonWriter result)
    {
        if (filter.BlockHash is { } hash)
        {
            RpcBlock block = _chain.ByHash(hash) ?? throw RpcException.Server("unknown block");
            result.WriteStartArray();
            filter.WriteMatches(result, block);
            result.WriteEndArray();
            return;
        }
        ulong first = NumberOf(filter.From);
        ulong last = NumberOf(filter.To);
        if (first > last)
        {
            throw RpcException.InvalidParams("invalid block range params");
        }
        if (filter.To is { Tag: BlockTag.Number } && last > _chain.Head.Number)
        {
            throw RpcException.InvalidParams("block range extends beyond current head block");
        }
        WriteRange(filter, first, Math.Min(last, _chain.Head.Number), result);
    }

    private ulong NumberOf(BlockSelector? selector) => selector switch
    {
        null or { Tag: BlockTag.Latest or BlockTag.Pending } => _chain.Head.Number,
        { Tag: BlockTag.Number } given => given.Number,
        { } given => (_chain.ByHash(given.Hash)
            ?? throw RpcException.Server("unknown block")).Number,
    };

    private void WriteRange(LogFilter filter, ulong first, ulong last, Utf8JsonWriter result)
    {
        result.WriteStartArray();
        if (first <= last)
        {
            CheckRange(first, last);
            int count = 0;
            foreach (ulong number in Candidates(filter, first, last))
            {
                if (_chain.ByNumber(number) is { } block)
                {
                    count += filter.WriteMatches(result, block);
                }
                if (count > _limits.LogResults)
                {
                    throw new RpcException(
                        -32005, $"query returned more than {_limits.LogResults} results");
                }
            }
        }
        result.WriteEndArray();
    }

    /// <summary>
    /// A short range and what is in memory are looked through; the rest asks the archive's index.
    /// </summary>
    private IEnumerable<ulong> Candidates(LogFilter filter, ulong first, ulong last)
    {
        if (last - first >= 4 && !_chain.IsRecent(first))
        {
            return _chain.FindLogBlocks(first, last, filter.Query);
        }
        return Enumerable.Range(0, (int)(last - first) + 1).Select(i => first + (ulong)i);
    }

    private void CheckRange(ulong first, ulong last)
    {
        if (last >= first && last - first >= _limits.LogBlocks)
        {
            throw new RpcException(-32005, $"query exceeds max block range {_limits.LogBlocks}");
        }
    }
}
