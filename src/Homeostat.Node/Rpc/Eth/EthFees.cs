using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// What a transaction should offer. All three answers come from the same numbers: the base fee of
/// the newest block and the posted price of the fast class (docs/spec/ordering.md), or, on an
/// Ethereum chain, the tips that recent blocks took.
/// </summary>
internal sealed class EthFees(RpcContext context, ClassMethods classes)
{
    /// <summary>
    /// Recent blocks the tip is read from, and which of their tips: as geth's oracle.
    /// </summary>
    private const int TipBlocks = 20;

    private const int TipPercentile = 60;

    private readonly ChainReader _chain = context.Chain;
    private readonly RpcLimits _limits = context.Limits;
    private volatile CachedTip? _tip;

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_gasPrice", (_, result) => result.Quantity(GasPrice));
        table.Add("eth_maxPriorityFeePerGas", (_, result) => result.Quantity(SuggestedTip));
        table.Add("eth_blobBaseFee", (_, result) =>
            result.Quantity(context.BlobPriceIn(_chain.Head)));
        table.Add("eth_baseFee", (_, result) => result.Quantity(BaseFeeAfter(_chain.Head)));
        table.Add("eth_feeHistory", GetFeeHistory);
    }

    /// <summary>For legacy transactions: the base fee with the tip.</summary>
    public UInt256 GasPrice => _chain.Head.BaseFee + SuggestedTip;

    /// <summary>
    /// The fast class with headroom. On an Ethereum chain the 60th percentile of the tips of the
    /// last 20 blocks; where nobody bids, the default, but never more than the base fee.
    /// </summary>
    public UInt256 SuggestedTip
    {
        get
        {
            RpcBlock head = _chain.Head;
            if (_tip is { } cached && ReferenceEquals(cached.Head, head))
            {
                return cached.Tip;
            }
            UInt256 tip = classes.PricesAfter(head) is { } prices
                ? ClassMethods.Suggest(prices, FeeClass.Fast)
                : ComputeTip(head);
            _tip = new CachedTip(head, tip);
            return tip;
        }
    }

    private UInt256 BaseFeeAfter(RpcBlock block) =>
        context.Rules.At(block.Header).EstimateBaseFee(block.Header);

    private UInt256 ComputeTip(RpcBlock head)
    {
        var tips = new List<UInt256>();
        for (ulong back = 0; back < TipBlocks && back <= head.Number; back++)
        {
            if (_chain.ByNumber(head.Number - back) is { } block)
            {
                tips.AddRange(TipsOf(block).Select(tip => tip.Tip));
            }
        }
        if (tips.Count == 0)
        {
            return UInt256.Min(_limits.DefaultTip, head.BaseFee);
        }
        tips.Sort();
        return tips[(tips.Count - 1) * TipPercentile / 100];
    }

    private void GetFeeHistory(RpcParams arguments, Utf8JsonWriter result)
    {
        ulong count = JsonInput.UInt64OrNumber(arguments.Required(0), RpcParams.At(0));
        arguments.Required(1);
        RpcBlock newest = _chain.Get(arguments.Block(1));
        decimal[] percentiles = ReadPercentiles(arguments.Optional(2));
        count = Math.Min(Math.Min(count, _limits.FeeHistoryBlocks), newest.Number + 1);
        var blocks = new List<RpcBlock>();
        for (ulong number = newest.Number + 1 - count; number <= newest.Number; number++)
        {
            RpcBlock? block = number == newest.Number ? newest : _chain.ByNumber(number);
            blocks.Add(block ?? throw RpcException.Server("header not found"));
        }
        result.WriteStartObject();
        result.Quantity("oldestBlock"u8, newest.Number + 1 - count);
        if (count > 0)
        {
            WriteFees(result, blocks);
            if (percentiles.Length > 0)
            {
                WriteRewards(result, blocks, percentiles);
            }
        }
        else
        {
            result.WriteStartArray("gasUsedRatio"u8);
            result.WriteEndArray();
        }
        result.WriteEndObject();
    }

    private void WriteFees(Utf8JsonWriter result, List<RpcBlock> blocks)
    {
        result.WriteStartArray("baseFeePerGas"u8);
        foreach (RpcBlock block in blocks)
        {
            result.Quantity(block.BaseFee);
        }
        result.Quantity(BaseFeeAfter(blocks[^1]));
        result.WriteEndArray();
        result.WriteStartArray("gasUsedRatio"u8);
        foreach (RpcBlock block in blocks)
        {
            ulong limit = Math.Max(block.Header.GasLimit, 1);
            result.WriteNumberValue((double)block.Header.GasUsed / limit);
        }
        result.WriteEndArray();
        result.WriteStartArray("baseFeePerBlobGas"u8);
        foreach (RpcBlock block in blocks)
        {
            result.Quantity(context.BlobPriceIn(block));
        }
        result.Quantity(context.BlobPriceIn(blocks[^1]));
        result.WriteEndArray();
        result.WriteStartArray("blobGasUsedRatio"u8);
        for (int i = 0; i < blocks.Count; i++)
        {
            result.WriteNumberValue(0);
        }
        result.WriteEndArray();
    }

    private void WriteRewards(
        Utf8JsonWriter result, List<RpcBlock> blocks, decimal[] percentiles)
    {
        UInt256 suggested = SuggestedTip;
        result.WriteStartArray("reward"u8);
        foreach (RpcBlock block in blocks)
        {
            List<(UInt256 Tip, ulong Gas)> tips = TipsOf(block);
            tips.Sort((left, right) => left.Tip.CompareTo(right.Tip));
            ulong gas = tips.Aggregate(0UL, (sum, tip) => sum + tip.Gas);
            result.WriteStartArray();
            foreach (decimal percentile in percentiles)
            {
                // A block that took none says nothing: the suggestion stands in, so that wallets
                // that average these agree with eth_maxPriorityFeePerGas.
                result.Quantity(
                    tips.Count == 0 ? suggested : AtPercentile(tips, gas * percentile / 100m));
            }
            result.WriteEndArray();
        }
        result.WriteEndArray();
    }

    private static UInt256 AtPercentile(List<(UInt256 Tip, ulong Gas)> tips, decimal threshold)
    {
        decimal sum = 0;
        foreach ((UInt256 tip, ulong gas) in tips)
        {
            sum += gas;
            if (sum >= threshold)
            {
                return tip;
            }
        }
        return tips[^1].Tip;
    }

    /// <summary>
    /// Tips with the gas they were paid for, without the protocol's transaction 0.
    /// </summary>
    private static List<(UInt256 Tip, ulong Gas)> TipsOf(RpcBlock block)
    {
        var tips = new List<(UInt256, ulong)>(block.Transactions.Count);
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            Transaction transaction = block.Transactions[i];
            if (transaction.MaxFee >= block.BaseFee && !(i == 0 && transaction.MaxFee.IsZero))
            {
                tips.Add((block.EffectiveGasPrice(i) - block.BaseFee, block.GasUsedBy(i)));
            }
        }
        return tips;
    }

    private decimal[] ReadPercentiles(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            return [];
        }
        string place = RpcParams.At(2);
        var percentiles = new List<decimal>();
        foreach (JsonElement item in JsonInput.Array(value, place).EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number
                || !item.TryGetDecimal(out decimal percentile)
                || percentile is < 0 or > 100)
            {
                throw RpcException.InvalidParams("invalid reward percentile: " + item.GetRawText());
            }
            if (percentiles.Count > 0 && percentile < percentiles[^1])
            {
                throw RpcException.InvalidParams(
                    $"invalid reward percentile: #{percentiles.Count - 1}:{percentiles[^1]} "
                    + $">= #{percentiles.Count}:{percentile}");
            }
            percentiles.Add(percentile);
            if (percentiles.Count > _limits.FeeHistoryPercentiles)
            {
                throw RpcException.InvalidParams(
                    "invalid reward percentile: over the query limit "
                        + _limits.FeeHistoryPercentiles);
            }
        }
        return [.. percentiles];
    }

    private sealed record CachedTip(RpcBlock Head, UInt256 Tip);
}
