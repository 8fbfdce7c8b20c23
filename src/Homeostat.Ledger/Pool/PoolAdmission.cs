using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Checks that need neither the pool nor an account: geth's `txpool.ValidateTransaction`, in its
/// order and with its texts, which clients match.
/// </summary>
internal static class PoolAdmission
{
    /// <summary>EIP-3860.</summary>
    private const int LongestInitCode = 49_152;

    /// <summary>Gas costs and caps of the fork; nothing in them depends on the chain.</summary>
    private static readonly BlockRules Rules = EthereumForks.Homeostat(0, allowsBlobs: false);

    /// <summary>Null when nothing speaks against it.</summary>
    public static string? Check(Transaction transaction, PoolLimits limits, in PoolChain chain)
    {
        int bytes = transaction.Encoded.Length;
        if (transaction.Type == TransactionType.Blob && !chain.AllowsBlobs)
        {
            return "transaction type not supported: blob transactions are not part of this network";
        }
        if (bytes > limits.TransactionBytes)
        {
            return $"oversized data: transaction size {bytes}, limit {limits.TransactionBytes}";
        }
        if (transaction.IsCreation && transaction.Data.Length > LongestInitCode)
        {
            return "max initcode size exceeded: "
                + $"code size {transaction.Data.Length} limit {LongestInitCode}";
        }
        if (transaction.GasLimit > chain.GasLimit)
        {
            return "exceeds block gas limit";
        }
        if (transaction.GasLimit > Rules.MaxTransactionGas)
        {
            return "transaction gas limit too high "
                + $"(cap: {Rules.MaxTransactionGas}, tx: {transaction.GasLimit})";
        }
        return CheckFees(transaction, limits) ?? CheckRest(transaction, chain);
    }

    /// <summary>Gas limit · fee cap + value; <see cref="UInt256.MaxValue"/> on overflow.</summary>
    public static UInt256 CostOf(Transaction transaction) =>
        UInt256.MultiplyOverflows(transaction.GasLimit, transaction.MaxFee, out UInt256 gas)
        || UInt256.AddOverflows(gas, transaction.Value, out UInt256 cost)
            ? UInt256.MaxValue
            : cost;

    private static string? CheckFees(Transaction transaction, PoolLimits limits)
    {
        if (transaction.MaxFee < transaction.MaxPriorityFee)
        {
            return "max priority fee per gas higher than max fee per gas";
        }
        if (transaction.MaxFee < limits.MinimumFeePerGas)
        {
            return "transaction underpriced: "
                + $"gas fee cap {transaction.MaxFee}, minimum needed {limits.MinimumFeePerGas}";
        }
        return null;
    }

    private static string? CheckRest(Transaction transaction, in PoolChain chain)
    {
        if (transaction.ChainId is { } id && id != chain.ChainId.Value)
        {
            return "invalid chain id for signer: "
                + $"have {id} want {chain.ChainId.Value}";
        }
        if (transaction.Nonce == ulong.MaxValue)
        {
            return "nonce has max value";
        }
        if (transaction.Type == TransactionType.SetCode && transaction.Authorizations.Length == 0)
        {
            return "set code tx must have at least one authorization tuple";
        }
        ulong intrinsic = IntrinsicGas.Of(transaction, Rules);
        ulong floor = IntrinsicGas.Floor(transaction, Rules);
        if (transaction.GasLimit < intrinsic)
        {
            return $"intrinsic gas too low: gas {transaction.GasLimit}, minimum needed {intrinsic}";
        }
        return transaction.GasLimit < floor
            ? "insufficient gas for floor data gas cost: "
                + $"gas {transaction.GasLimit}, minimum needed {floor}"
            : null;
    }
}
