using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a Homeostat block owes to its <see cref="BlockInputs"/>: the header's time, limit, price
/// and payload hash, and transaction 0.
/// </summary>
internal static class InputRules
{
    public static string? CheckHeader(BlockHeader header, BlockHeader parent, BlockInputs inputs)
    {
        if (inputs.TimeMs <= inputs.ParentTimeMs)
        {
            return $"time {inputs.TimeMs} ms not after the parent's {inputs.ParentTimeMs} ms";
        }
        if (header.Timestamp != inputs.TimeMs / 1000)
        {
            return $"invalid timestamp: have {header.Timestamp}, want {inputs.TimeMs / 1000}";
        }
        if (header.GasLimit != inputs.GasLimit)
        {
            return $"invalid gas limit: have {header.GasLimit}, want {inputs.GasLimit}";
        }
        if (header.ParentBeaconBlockRoot != inputs.PayloadHash)
        {
            return $"invalid payload hash: have {header.ParentBeaconBlockRoot}, "
                + $"want {inputs.PayloadHash}";
        }
        if (inputs.Coinbase is { } coinbase && header.Coinbase != coinbase)
        {
            return $"invalid coinbase: have {header.Coinbase}, want {coinbase}";
        }
        Hash256 mixHash = PlaceSeed.MixHashOf(inputs.Ordering.Seed);
        if (header.MixHash != mixHash)
        {
            return $"invalid mix digest: have {header.MixHash}, want {mixHash}";
        }
        byte[] prices = inputs.Ordering.Prices.ToExtraData();
        if (!header.ExtraData.AsSpan().SequenceEqual(prices))
        {
            return $"invalid extra-data: have {Hex.Encode(header.ExtraData)}, "
                + $"want the class prices {Hex.Encode(prices)}";
        }
        UInt256 fee = NextBaseFee(parent, inputs);
        return header.BaseFee == fee
            ? null
            : $"invalid baseFee: have {header.BaseFee}, want {fee}";
    }

    public static UInt256 NextBaseFee(BlockHeader parent, BlockInputs inputs) => BaseFee.Next(
        parent.BaseFee ?? UInt256.Zero, parent.GasUsed, inputs.TimeMs - inputs.ParentTimeMs,
        inputs.GasTarget, inputs.MinimumBaseFee);

    /// <summary>Null when it is just the transaction 0 the inputs call for.</summary>
    public static string? CheckTransaction0(
        RecoveredTransaction recovered, BlockHeader header, BlockInputs inputs)
    {
        Transaction transaction = recovered.Transaction;
        if (transaction.Type != TransactionType.DynamicFee)
        {
            return $"transaction 0: type {(byte)transaction.Type}, want 2";
        }
        if (recovered.Sender != header.Coinbase)
        {
            return $"transaction 0: signed by {recovered.Sender}, want {header.Coinbase}";
        }
        if (!transaction.MaxFee.IsZero || !transaction.MaxPriorityFee.IsZero)
        {
            return "transaction 0: price is not zero";
        }
        if (transaction.To != inputs.Transaction0Target)
        {
            return $"transaction 0: to {transaction.To}, want {inputs.Transaction0Target}";
        }
        if (transaction.GasLimit != inputs.Transaction0Gas)
        {
            return $"transaction 0: gas limit {transaction.GasLimit}, "
                + $"want {inputs.Transaction0Gas}";
        }
        if (!transaction.Value.IsZero || transaction.AccessList.Length > 0)
        {
            return "transaction 0: has a value or an access list";
        }
        return transaction.Data.AsSpan().SequenceEqual(inputs.Transaction0Data)
            ? null
            : "transaction 0: calldata differs from what the parent's state gives";
    }
}
