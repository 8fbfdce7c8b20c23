using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>The price of blob gas and how it moves (EIP-4844, 7691, 7918).</summary>
public static class BlobGas
{
    private const ulong BlobBaseCost = 1 << 13;

    /// <summary>Wei per blob gas.</summary>
    public static UInt256 Price(ulong excessBlobGas, BlobSchedule schedule) =>
        FakeExponential(1, excessBlobGas, schedule.UpdateFraction);

    /// <summary>The excess of the block after this parent.</summary>
    public static ulong NextExcess(BlockHeader parent, BlockRules rules)
    {
        BlobSchedule schedule = rules.Blobs!;
        ulong excess = parent.ExcessBlobGas ?? 0;
        ulong used = parent.BlobGasUsed ?? 0;
        ulong target = schedule.Target * BlobSchedule.GasPerBlob;
        if (excess + used < target)
        {
            return 0;
        }
        UInt256 reserve = (parent.BaseFee ?? UInt256.Zero) * BlobBaseCost;
        bool underReserve = rules.HasBlobReservePrice
            && Price(excess, schedule) * BlobSchedule.GasPerBlob < reserve;
        return underReserve
            ? excess + used * (schedule.Max - schedule.Target) / schedule.Max
            : excess + used - target;
    }

    /// <summary>factor · e^(numerator / denominator) by its Taylor series (EIP-4844).</summary>
    private static UInt256 FakeExponential(ulong factor, ulong numerator, ulong denominator)
    {
        UInt256 sum = UInt256.Zero;
        UInt256 term = (UInt256)factor * denominator;
        for (ulong i = 1; !term.IsZero; i++)
        {
            sum += term;
            if (UInt256.MultiplyOverflows(term, numerator, out UInt256 product))
            {
                return UInt256.MaxValue;
            }
            term = product / ((UInt256)denominator * i);
        }
        return sum / denominator;
    }
}
