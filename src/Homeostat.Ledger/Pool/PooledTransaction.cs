using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A transaction the pool has taken. Immutable; safe to read from any thread.</summary>
public sealed class PooledTransaction
{
    internal PooledTransaction(RecoveredTransaction transaction, ulong arrival)
    {
        Transaction = transaction;
        Arrival = arrival;
        EncodedBytes = transaction.Transaction.Encoded.Length;
        Hash = transaction.Hash;
        Sender = transaction.Sender;
        Nonce = transaction.Transaction.Nonce;
        GasLimit = transaction.Transaction.GasLimit;
        MaxFeePerGas = transaction.Transaction.MaxFee;
        MaxPriorityFeePerGas = transaction.Transaction.MaxPriorityFee;
        Cost = PoolAdmission.CostOf(transaction.Transaction);
    }

    public RecoveredTransaction Transaction { get; }

    /// <summary>
    /// Rises by one with each transaction taken: the order of arrival at this node.
    /// </summary>
    public ulong Arrival { get; }

    public int EncodedBytes { get; }

    public Hash256 Hash { get; }

    public Address Sender { get; }

    public ulong Nonce { get; }

    public ulong GasLimit { get; }

    public UInt256 MaxFeePerGas { get; }

    public UInt256 MaxPriorityFeePerGas { get; }

    /// <summary>
    /// Most it can take from its sender: gas limit · fee cap + value, saturating.
    /// </summary>
    public UInt256 Cost { get; }

    /// <summary>
    /// What it pays per gas above the base fee; the base fee must not exceed its cap.
    /// </summary>
    public UInt256 EffectiveTip(in UInt256 baseFee) =>
        UInt256.Min(MaxPriorityFeePerGas, MaxFeePerGas - baseFee);
}
