using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Finds out whether a block is valid on its parent: decodes it, recovers senders, recomputes
/// transaction 0, executes it and compares the header.
/// </summary>
internal sealed record VerifyWork(
    Protocol Protocol,
    TreeBlock Parent,
    BlockReference Reference,
    ConsensusPayload Payload,
    byte[] Encoded,
    WorkUrgency Urgency) : IWork
{
    /// <summary>A transfer has about this many bytes.</summary>
    private const int TransferBytes = 110;

    public int Load => Encoded.Length / TransferBytes;

    public WorkResult Run()
    {
        if (!BlockCodec.TryReadBlock(Encoded, out Block block, out string damage))
        {
            return new Refused(VerificationResult.BodyMismatch, damage, Hash256.Zero);
        }
        if ((Protocol.CheckTime(Parent, Payload)
            ?? Protocol.CheckReveal(Parent, Payload, block.Header.Coinbase)) is { } error)
        {
            return new Refused(VerificationResult.Invalid, error, Hash256.Zero);
        }
        if (!TryRecover(block, out List<RecoveredTransaction> transactions, out int unsigned))
        {
            return Refuse(block, new BlockRefusal($"transaction {unsigned}: invalid signature"));
        }
        return Execute(block, transactions);
    }

    private WorkResult Execute(Block block, List<RecoveredTransaction> transactions)
    {
        BlockInputs inputs = Protocol.InputsOf(Parent, Payload, block.Header.Coinbase);
        BlockProcessor processor = Protocol.ProcessorOn(Parent);
        if (!processor.TryCheck(
            block, transactions, Parent.Header, inputs,
            out CheckedBlock? sound, out BlockRefusal? refusal))
        {
            return Refuse(block, refusal);
        }
        if (!processor.TryExecute(
            sound, Parent.State, inputs, null, out ExecutedBlock? executed, out refusal))
        {
            return Refuse(block, refusal);
        }
        return new Valid(TreeBlock.Of(
            Parent, Protocol, Reference, Encoded, executed));
    }

    private bool TryRecover(
        Block block, out List<RecoveredTransaction> transactions, out int unsigned)
    {
        transactions = new List<RecoveredTransaction>(block.Transactions.Count);
        foreach (Transaction transaction in block.Transactions)
        {
            if (!Protocol.Senders.TryRecover(transaction, out RecoveredTransaction recovered))
            {
                unsigned = transactions.Count;
                return false;
            }
            transactions.Add(recovered);
        }
        unsigned = -1;
        return true;
    }

    /// <summary>
    /// A body that is not the one the header commits to says nothing about the block: whoever sent
    /// it may have changed it, and another peer may have the true one.
    /// </summary>
    private static Refused Refuse(Block block, BlockRefusal refusal)
    {
        VerificationResult result = HasBodyOfHeader(block)
            ? VerificationResult.Invalid
            : VerificationResult.BodyMismatch;
        return new Refused(result, refusal.Reason, refusal.OwnStateRoot ?? Hash256.Zero);
    }

    internal static bool HasBodyOfHeader(Block block)
    {
        BlockHeader header = block.Header;
        return block.Ommers.Count == 0
            && block.Withdrawals is { } withdrawals
            && ListRoot.OfTransactions(block.Transactions) == header.TransactionsRoot
            && ListRoot.OfWithdrawals(withdrawals) == header.WithdrawalsRoot;
    }

    public sealed record Valid(TreeBlock Block) : WorkResult;

    public sealed record Refused(VerificationResult Result, string Reason, Hash256 OwnRoot)
        : WorkResult;
}
