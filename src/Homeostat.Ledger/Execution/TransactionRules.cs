using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What can be said of a transaction without the state. The pool asks the same before it keeps one.
/// </summary>
public static class TransactionRules
{
    private const byte BlobHashVersion = 1;

    /// <summary>
    /// Type, chain id, signature, blobs; null when all is well, else geth's text.
    /// </summary>
    public static string? CheckForm(RecoveredTransaction recovered, BlockRules rules)
    {
        Transaction transaction = recovered.Transaction;
        if (transaction.Type > rules.HighestType)
        {
            return "transaction type not supported";
        }
        if (transaction.ChainId is { } chainId)
        {
            if (!rules.HasReplayProtection)
            {
                return "replay-protected transactions are not allowed yet";
            }
            if (chainId != rules.ChainId)
            {
                return $"invalid chain id for signer: have {chainId} want {rules.ChainId}";
            }
        }
        if (rules.Evm.IsHomestead && transaction.Signature.S > Transaction.HalfOrder)
        {
            return "invalid transaction v, r, s values";
        }
        return transaction.Type switch
        {
            TransactionType.Blob => CheckBlobs(transaction, rules),
            TransactionType.SetCode when transaction.Authorizations.Length == 0 =>
                "EIP-7702 transaction with empty auth list "
                + $"(sender {recovered.Sender.ToChecksum()})",
            _ => null,
        };
    }

    private static string? CheckBlobs(Transaction transaction, BlockRules rules)
    {
        if (!rules.AllowsBlobs)
        {
            return "blob transactions are not supported on this network";
        }
        if (transaction.BlobHashes.Length == 0)
        {
            return "blob transaction missing blob hashes";
        }
        if (transaction.BlobHashes.Length > rules.MaxBlobsPerTransaction)
        {
            return $"blob transaction has too many blobs: {transaction.BlobHashes.Length}, "
                + $"permitted: {rules.MaxBlobsPerTransaction}";
        }
        for (int i = 0; i < transaction.BlobHashes.Length; i++)
        {
            if (transaction.BlobHashes[i].Bytes[0] != BlobHashVersion)
            {
                return $"blob {i} has invalid hash version";
            }
        }
        return null;
    }

    /// <summary>
    /// Numbers that no state could afford: gas times price over 256 bits (EIP-2681, …).
    /// </summary>
    public static string? CheckRange(RecoveredTransaction recovered)
    {
        Transaction transaction = recovered.Transaction;
        if (transaction.Nonce == ulong.MaxValue)
        {
            return "nonce has max value: address "
                + $"{recovered.Sender.ToChecksum()}, nonce: {transaction.Nonce}";
        }
        if (transaction.MaxFee < transaction.MaxPriorityFee)
        {
            return "max priority fee per gas higher than max fee per gas";
        }
        return UInt256.MultiplyOverflows(transaction.MaxFee, transaction.GasLimit, out _)
            ? "gas cost exceeds 256 bits"
            : null;
    }

    /// <summary>Gas limit against what the transaction costs at least, initcode's size.</summary>
    public static string? CheckGas(RecoveredTransaction recovered, BlockRules rules)
    {
        Transaction transaction = recovered.Transaction;
        ulong intrinsic = IntrinsicGas.Of(transaction, rules);
        if (transaction.GasLimit < intrinsic)
        {
            return $"intrinsic gas too low: have {transaction.GasLimit}, want {intrinsic}";
        }
        ulong floor = IntrinsicGas.Floor(transaction, rules);
        if (transaction.GasLimit < floor)
        {
            return "insufficient gas for floor data gas cost: "
                + $"have {transaction.GasLimit}, want {floor}";
        }
        if (transaction.IsCreation && transaction.Data.Length > rules.Evm.MaxInitcodeSize)
        {
            return $"max initcode size exceeded: code size {transaction.Data.Length} "
                + $"limit {rules.Evm.MaxInitcodeSize}";
        }
        return null;
    }
}

/// <summary>EIP-7702: authorisations become delegations.</summary>
internal static class Delegations
{
    private const byte Magic = 0x05;

    /// <summary>What is signed to delegate.</summary>
    public static Hash256 SigningHash(Authorization authorization)
    {
        var writer = new RlpWriter(64);
        int list = writer.StartList();
        writer.Write(authorization.ChainId);
        writer.Write(authorization.Delegate);
        writer.Write(authorization.Nonce);
        writer.EndList(list);
        return Keccak.Hash([Magic, .. writer.WrittenSpan]);
    }

    /// <summary>Applies one, or skips it when it does not hold; the gas refunded.</summary>
    public static long Apply(WorldState world, Authorization authorization, ulong chainId)
    {
        bool isForThisChain = authorization.ChainId.IsZero || authorization.ChainId == chainId;
        if (!isForThisChain || authorization.Nonce == ulong.MaxValue
            || !TryRecover(authorization, out Address authority))
        {
            return 0;
        }
        world.WarmAddress(authority);
        Code code = world.GetCode(authority);
        bool mayDelegate = code.IsEmpty || code.TryGetDelegation(out _);
        if (!mayDelegate || world.GetNonce(authority) != authorization.Nonce)
        {
            return 0;
        }
        long refund = world.Exists(authority) ? IntrinsicGas.ExistingAuthorityRefund : 0;
        Address target = authorization.Delegate;
        world.SetCode(authority, target.IsZero ? Code.Empty : Code.DelegationTo(target));
        world.SetNonce(authority, authorization.Nonce + 1);
        return refund;
    }

    /// <summary>The account that signed; false when no one did.</summary>
    public static bool TryRecover(Authorization authorization, out Address authority)
    {
        authority = default;
        if (authorization.YParity > 1 || authorization.S > Transaction.HalfOrder)
        {
            return false;
        }
        var signature = new Signature(
            authorization.R, authorization.S, authorization.YParity == 1);
        return Secp256k1.TryRecover(SigningHash(authorization), signature, out authority);
    }
}
