using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Store;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>A filter object of eth_getLogs, eth_newFilter or a logs subscription.</summary>
internal sealed record LogFilter(
    LogQuery Query, BlockSelector? From, BlockSelector? To, Hash256? BlockHash)
{
    private const int MostTopics = 4;

    // Hashing what is looked for costs more than looking, so it is done once.
    private readonly BloomQuery _bits = new(Query);

    public static LogFilter Read(JsonElement value, string place, RpcLimits limits)
    {
        JsonInput.Object(value, place);
        Hash256? blockHash = JsonInput.TryMember(value, "blockHash"u8, out JsonElement hash)
            ? JsonInput.Hash(hash, place)
            : null;
        BlockSelector? from = JsonInput.TryMember(value, "fromBlock"u8, out JsonElement first)
            ? BlockSelector.Read(first, place)
            : null;
        BlockSelector? to = JsonInput.TryMember(value, "toBlock"u8, out JsonElement last)
            ? BlockSelector.Read(last, place)
            : null;
        if (blockHash is not null && (from ?? to) is not null)
        {
            throw RpcException.InvalidParams(
                $"{place}: cannot specify both BlockHash and FromBlock/ToBlock, "
                + "choose one or the other");
        }
        var query = new LogQuery(
            ReadAddresses(value, place, limits), ReadTopics(value, place, limits));
        return new LogFilter(query, from, to, blockHash);
    }

    public bool Matches(Log log)
    {
        if (Query.Addresses.Count > 0 && !Query.Addresses.Contains(log.Address))
        {
            return false;
        }
        if (Query.Topics.Count > log.Topics.Length)
        {
            return false;
        }
        for (int i = 0; i < Query.Topics.Count; i++)
        {
            if (Query.Topics[i].Count > 0 && !Query.Topics[i].Contains(log.Topics[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>False only when no log of a block or receipt with this bloom matches.</summary>
    public bool MayMatch(Bloom bloom) => _bits.MayMatch(bloom.Bytes);

    /// <summary>Writes the block's matching logs into an open array; returns how many.</summary>
    public int WriteMatches(Utf8JsonWriter writer, RpcBlock block)
    {
        if (!MayMatch(block.Header.LogsBloom))
        {
            return 0;
        }
        int count = 0;
        for (int i = 0; i < block.Receipts.Count; i++)
        {
            IReadOnlyList<Log> logs = block.Receipts[i].Logs;
            for (int j = 0; j < logs.Count; j++)
            {
                if (Matches(logs[j]))
                {
                    EthJson.Log(writer, block, i, j);
                    count++;
                }
            }
        }
        return count;
    }

    private static List<Address> ReadAddresses(JsonElement value, string place, RpcLimits limits)
    {
        if (!JsonInput.TryMember(value, "address"u8, out JsonElement given))
        {
            return [];
        }
        if (given.ValueKind != JsonValueKind.Array)
        {
            return [JsonInput.Address(given, place)];
        }
        if (given.GetArrayLength() > limits.LogAddresses)
        {
            throw RpcException.InvalidParams("exceed max addresses");
        }
        return [.. given.EnumerateArray().Select(item => JsonInput.Address(item, place))];
    }

    private static List<IReadOnlyList<Hash256>> ReadTopics(
        JsonElement value, string place, RpcLimits limits)
    {
        var topics = new List<IReadOnlyList<Hash256>>();
        if (!JsonInput.TryMember(value, "topics"u8, out JsonElement given))
        {
            return topics;
        }
        if (JsonInput.Array(given, place).GetArrayLength() > MostTopics)
        {
            throw RpcException.InvalidParams("exceed max topics");
        }
        foreach (JsonElement position in given.EnumerateArray())
        {
            topics.Add(ReadPosition(position, place, limits));
        }
        return topics;
    }

    private static List<Hash256> ReadPosition(
        JsonElement position, string place, RpcLimits limits)
    {
        if (position.ValueKind == JsonValueKind.Null)
        {
            return [];
        }
        if (position.ValueKind != JsonValueKind.Array)
        {
            return [JsonInput.Hash(position, place)];
        }
        if (position.GetArrayLength() > limits.LogTopics)
        {
            throw RpcException.InvalidParams("exceed max topics");
        }
        // A null among alternatives is "anything", as in geth.
        return position.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Null)
            ? []
            : [.. position.EnumerateArray().Select(item => JsonInput.Hash(item, place))];
    }
}
