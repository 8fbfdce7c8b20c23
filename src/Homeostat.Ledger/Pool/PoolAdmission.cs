using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Checks that need neither the pool nor an account: geth's `txpool.ValidateTransaction`, in its
/// order and with its texts, which clients match.
/// </summary>
internal static class PoolAdmission
{
    /// <summary>Where the chain names none.</summary>
    private static readonly BlockRules FirstRules = EthereumForks.Homeostat(0, allowsBlobs: false);

    /// <summary>Null when nothing speaks against it.</summary>
    public static string? Check(Transaction transaction, PoolLimits limits, in PoolChain chain)
    {
        BlockRules rules = chain.Rules ?? FirstRules;
        int bytes = transaction.Encoded.Length;
        if (transaction.Type == TransactionType.Blob && !chain.AllowsBlobs)
        {
            return "transaction type not supported: blob transactions are not part of this network";
        }
        if (bytes > limits.TransactionBytes)
        {
            return $"oversized data: transaction size {bytes}, limit {limits.TransactionBytes}";
        }
        if (transaction.IsCreation && transaction.Data.Length > rules.Evm.MaxInitcodeSize)
        {
            return "max initcode size exceeded: "
                + $"code size {transaction.Data.Length} limit {rules.Evm.MaxInitcodeSize}";
        }
        if (transaction.GasLimit > chain.GasLimit)
        {
            return "exceeds block gas limit";
        }
        if (transaction.GasLimit > rules.MaxTransactionGas)
        {
            return "transaction gas limit too high "
                + $"(cap: {rules.MaxTransactionGas}, tx: {transaction.GasLimit})";
        }
        return CheckFees(transaction, limits) ?? CheckRest(transaction, chain, rules);
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

    private static string? CheckRest(
        Transaction transaction, in PoolChain chain, BlockRules rules)
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
        ulong intrinsic = IntrinsicGas.Of(transaction, rules);
        ulong floor = IntrinsicGas.Floor(transaction, rules);
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
