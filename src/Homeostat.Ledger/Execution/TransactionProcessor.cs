using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What of a transaction is checked against the state. Calls that are only simulated leave some
/// out, and so does Homeostat's transaction 0.
/// </summary>
[Flags]
internal enum TransactionChecks
{
    None = 0,
    Nonce = 1,

    /// <summary>
    /// Sender has no code but a delegation (EIP-3607), gas under the cap (EIP-7825).
    /// </summary>
    Sender = 2,
    BaseFee = 4,

    /// <summary>The sender is on the lists in force.</summary>
    Lists = 8,
    All = Nonce | Sender | BaseFee | Lists,
}

/// <summary>What executing one transaction gave.</summary>
internal readonly record struct TransactionOutcome(
    CallResult Result, ulong GasUsed, UInt256 Price, Address? CreatedAddress);

/// <summary>
/// One transaction from start to end, in four phases: validate, pre-execute, execute,
/// post-execute. The first changes nothing; after it the rest always comes to an end. Error texts
/// are geth's, since clients match them.
/// </summary>
internal sealed class TransactionProcessor(
    WorldState world, BlockRules rules, BlockEnvironment block, IEvmEngine engine, ITracer? tracer,
    BlockClasses? classes)
{
    private const ulong MaxNonce = ulong.MaxValue;

    public ITracer? Tracer { get; set; } = tracer;

    /// <summary>Null where each transaction pays its bid.</summary>
    public BlockClasses? Classes => classes;

    /// <summary>Null where everybody may send and deploy.</summary>
    public Allowlists? Lists { get; init; }

    /// <summary>Where a simulation moved precompiles; null otherwise.</summary>
    public PrecompileOverrides? MovedPrecompiles { get; set; }

    /// <summary>The classes of a block with this header; null where each pays its bid.</summary>
    public static BlockClasses? ClassesOf(BlockHeader header, BlockRules rules) =>
        rules.FeePool is null
            ? null
            : new BlockClasses(ClassPrices.FromExtraData(header.ExtraData) ?? default);

    /// <summary>Null when the transaction can be executed now, else why not.</summary>
    public string? Validate(RecoveredTransaction recovered, TransactionChecks checks) =>
        TransactionRules.CheckForm(recovered, rules)
        ?? CheckSender(recovered, checks)
        ?? CheckFees(recovered, checks)
        ?? CheckFunds(recovered)
        ?? TransactionRules.CheckGas(recovered, rules);

    private string? CheckSender(RecoveredTransaction recovered, TransactionChecks checks)
    {
        Transaction transaction = recovered.Transaction;
        string address = recovered.Sender.ToChecksum();
        if (checks.HasFlag(TransactionChecks.Lists) && Lists is { } lists
            && Allowlists.Check(
                lists.RefusedTo(recovered.Sender), recovered.Sender, transaction.IsCreation)
                is { } refusal)
        {
            return refusal;
        }
        if (checks.HasFlag(TransactionChecks.Nonce))
        {
            ulong nonce = world.GetNonce(recovered.Sender);
            if (nonce != transaction.Nonce)
            {
                string problem = transaction.Nonce < nonce ? "too low" : "too high";
                return $"nonce {problem}: address {address}, "
                    + $"tx: {transaction.Nonce} state: {nonce}";
            }
            if (nonce == MaxNonce)
            {
                return $"nonce has max value: address {address}, nonce: {nonce}";
            }
        }
        if (!checks.HasFlag(TransactionChecks.Sender))
        {
            return null;
        }
        if (transaction.GasLimit > rules.MaxTransactionGas)
        {
            return $"transaction gas limit too high (cap: {rules.MaxTransactionGas}, "
                + $"tx: {transaction.GasLimit})";
        }
        Code code = world.GetCode(recovered.Sender);
        bool mayHaveCode = code.IsEmpty
            || (rules.Evm.HasDelegations && code.TryGetDelegation(out _));
        return mayHaveCode
            ? null
            : $"sender not an eoa: address {address}, len(code): {code.Length}";
    }

    private string? CheckFees(RecoveredTransaction recovered, TransactionChecks checks)
    {
        Transaction transaction = recovered.Transaction;
        string address = recovered.Sender.ToChecksum();
        if (transaction.MaxFee < transaction.MaxPriorityFee)
        {
            return $"max priority fee per gas higher than max fee per gas: address {address}, "
                + $"maxPriorityFeePerGas: {transaction.MaxPriorityFee}, "
                + $"maxFeePerGas: {transaction.MaxFee}";
        }
        if (checks.HasFlag(TransactionChecks.BaseFee) && transaction.MaxFee < block.BaseFee)
        {
            return $"max fee per gas less than block base fee: address {address}, "
                + $"maxFeePerGas: {transaction.MaxFee}, baseFee: {block.BaseFee}";
        }
        bool checksBlobFee = checks.HasFlag(TransactionChecks.BaseFee)
            || !transaction.MaxFeePerBlobGas.IsZero;
        if (transaction.Type == TransactionType.Blob && checksBlobFee
            && transaction.MaxFeePerBlobGas < block.BlobBaseFee)
        {
            return $"max fee per blob gas less than block blob gas fee: address {address} "
                + $"blobGasFeeCap: {transaction.MaxFeePerBlobGas}, "
                + $"blobBaseFee: {block.BlobBaseFee}";
        }
        return null;
    }

    private string? CheckFunds(RecoveredTransaction recovered)
    {
        Transaction transaction = recovered.Transaction;
        var cost = transaction.MaxFee.ToBigInteger() * transaction.GasLimit
            + transaction.Value.ToBigInteger()
            + transaction.MaxFeePerBlobGas.ToBigInteger() * BlobGasOf(transaction);
        UInt256 balance = world.GetBalance(recovered.Sender);
        return cost <= balance.ToBigInteger()
            ? null
            : "insufficient funds for gas * price + value: address "
                + $"{recovered.Sender.ToChecksum()} have {balance} want {cost}";
    }

    internal static ulong BlobGasOf(Transaction transaction) =>
        (ulong)transaction.BlobHashes.Length * BlobSchedule.GasPerBlob;

    /// <summary>Executes a transaction that <see cref="Validate"/> found valid.</summary>
    public TransactionOutcome Execute(RecoveredTransaction recovered)
    {
        Transaction transaction = recovered.Transaction;
        UInt256 price = classes is null
            ? PriceOf(transaction)
            : classes.PriceOfNext(transaction, recovered.Sender, block.BaseFee);
        long refund = PreExecute(recovered, price);
        ulong intrinsic = IntrinsicGas.Of(transaction, rules);
        CallMessage message = MessageFor(recovered, transaction.GasLimit - intrinsic);
        var context = new EvmContext(
            world, rules.Evm, block,
            new TransactionEnvironment
            {
                Origin = recovered.Sender,
                GasPrice = price,
                BlobHashes = transaction.BlobHashes,
                MayCreate = Lists?.RefusedTo(recovered.Sender).HasFlag(Refused.Deploying) != true,
            },
            Tracer)
        {
            MovedPrecompiles = MovedPrecompiles,
        };
        CallResult result = engine.Execute(context, message);
        ulong used = PostExecute(recovered, price, result, refund);
        Address? created = transaction.IsCreation ? message.Target : null;
        if (created is { } contract && result.IsSuccess)
        {
            // What a creation returns is the code it left: eth_call without a target shows it.
            result = result with { Output = world.GetCode(contract).Bytes.ToArray() };
        }
        return new TransactionOutcome(result, used, price, created);
    }

    /// <summary>
    /// Base fee and tip, but never over the maximum (which transaction 0 has at 0).
    /// </summary>
    private UInt256 PriceOf(Transaction transaction)
    {
        bool overflows = UInt256.AddOverflows(
            block.BaseFee, transaction.MaxPriorityFee, out UInt256 wanted);
        return overflows || transaction.MaxFee < wanted ? transaction.MaxFee : wanted;
    }

    /// <summary>
    /// Buys gas, raises the nonce, warms what is warm from the start, applies authorisations. Gives
    /// what these refund.
    /// </summary>
    private long PreExecute(RecoveredTransaction recovered, in UInt256 price)
    {
        Transaction transaction = recovered.Transaction;
        Address sender = recovered.Sender;
        UInt256 cost = price * transaction.GasLimit
            + block.BlobBaseFee * BlobGasOf(transaction);
        world.SubtractBalance(sender, cost);
        // Not the transaction's: a simulated one may have any.
        world.SetNonce(sender, unchecked(world.GetNonce(sender) + 1));
        if (rules.Evm.HasAccessSets)
        {
            Warm(recovered);
        }
        long refund = 0;
        foreach (Authorization authorization in transaction.Authorizations)
        {
            refund += Delegations.Apply(world, authorization, rules.ChainId);
        }
        return refund;
    }

    private void Warm(RecoveredTransaction recovered)
    {
        Transaction transaction = recovered.Transaction;
        world.WarmAddress(recovered.Sender);
        if (transaction.To is { } to)
        {
            world.WarmAddress(to);
        }
        if (rules.Evm.IsShanghai)
        {
            world.WarmAddress(block.Coinbase);
        }
        foreach (AccessListEntry entry in transaction.AccessList)
        {
            world.WarmAddress(entry.Address);
            foreach (UInt256 slot in entry.Slots)
            {
                world.WarmSlot(entry.Address, slot);
            }
        }
    }

    private static CallMessage MessageFor(RecoveredTransaction recovered, ulong gas)
    {
        Transaction transaction = recovered.Transaction;
        Address target = transaction.To
            ?? ContractAddress.FromNonce(recovered.Sender, transaction.Nonce);
        return new CallMessage(
            transaction.IsCreation ? CallKind.Create : CallKind.Call,
            recovered.Sender, target, transaction.Value, gas, transaction.Data);
    }

    /// <summary>Gives back unused and refunded gas and pays the coinbase; the gas used.</summary>
    private ulong PostExecute(
        RecoveredTransaction recovered, in UInt256 price, in CallResult result, long authRefund)
    {
        Transaction transaction = recovered.Transaction;
        ulong used = transaction.GasLimit - result.GasLeft;
        long counter = Math.Max(0, result.Refund + authRefund);
        used -= Math.Min(used / rules.Evm.RefundQuotient, (ulong)counter);
        used = Math.Max(used, IntrinsicGas.Floor(transaction, rules));
        world.AddBalance(recovered.Sender, price * (transaction.GasLimit - used));
        PayFees(price, used);
        classes?.CountGas(recovered.Sender, used);
        return used;
    }

    /// <summary>
    /// What is not paid to anyone is burned: in Ethereum the base fee, in a Homeostat block all but
    /// the inclusion fee, the same in every class. So no proposer gains by whom it includes.
    /// </summary>
    private void PayFees(in UInt256 price, ulong used)
    {
        if (classes is not null && rules.FeePool is { } pool)
        {
            UInt256 fee = UInt256.Min(price, classes.Prices.InclusionFee);
            if (!fee.IsZero)
            {
                world.AddBalance(pool, fee * used);
            }
            return;
        }
        UInt256 tip = price < block.BaseFee ? UInt256.Zero : price - block.BaseFee;
        world.AddBalance(block.Coinbase, tip * used);
    }
}
