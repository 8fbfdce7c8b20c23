using Homeostat.Consensus;
using Homeostat.Ledger;

namespace Homeostat.Replica;

/// <summary>
/// Makes blocks final in their order: the tree's root moves, the pool is judged against the new
/// state, blocks that lost give their transactions back, and the block goes into the log. It is
/// shown to clients as final only once it is on this node's disk.
/// </summary>
internal sealed class BlockCommitter(
    Protocol protocol, Outbox outbox, Mailbox mail, BlockTree tree, TransactionPool pool,
    Publisher publisher, Journal journal, Checkpointer checkpointer, Observer observer,
    EpochMachines epochs, RevisionWatch revisions, EvidenceKeeper evidence)
{
    /// <summary>The block is a child of the last final one; the proof covers it.</summary>
    public void Commit(TreeBlock block, Certificate proof)
    {
        ulong interval = tree.Finalized.Parameters.BlockIntervalMs;
        IReadOnlyList<TreeBlock> losers = tree.Finalize(block);
        observer.BlockFinalized(block);
        UpdatePool(block, losers);
        var batch = new PersistBatch
        {
            Durable = true,
            Finalized = [Record(block, proof)],
            PruneBelow = journal.PruneBelow(block.Reference.View),
        };
        bool goesOn = revisions.Follow(block, protocol.Epochs.IsLast(block.Reference.Height));
        outbox.Persist(batch, () =>
        {
            publisher.ShowFinal(block);
            mail.Post(new SyncInput.Committed(block.Reference));
            if (!goesOn)
            {
                outbox.Outdated(RevisionWatch.WhatToInstall(block.Revision!, protocol.Rules));
            }
        });
        checkpointer.Committed(block);
        evidence.Committed();
        if (!goesOn)
        {
            return; // It has no part in the next epoch.
        }
        epochs.Committed(block, proof);
        if (block.Parameters.BlockIntervalMs != interval)
        {
            mail.Post(new ConsensusInput.ParametersChanged(epochs.ParametersAfter(block)));
        }
    }

    private void UpdatePool(TreeBlock block, IReadOnlyList<TreeBlock> losers)
    {
        pool.OnFinalized(
            [.. block.UserTransactions],
            new SnapshotAccounts(block.State),
            new PoolChain(protocol.Rules.ChainId, block.Parameters.GasLimit)
            {
                Rules = protocol.Rules.Of(block.Revision),
            });
        foreach (TreeBlock loser in losers)
        {
            pool.Reinject([.. loser.UserTransactions]);
        }
        foreach (LeftOut leftOut in block.LeftOut)
        {
            pool.Discard(leftOut.Transaction.Hash);
        }
    }

    internal static FinalizedBlock Record(TreeBlock block, Certificate proof) => new()
    {
        Height = block.Reference.Height,
        View = block.Reference.View,
        Hash = block.Hash,
        ParentHash = block.Reference.ParentHash,
        StateRoot = block.Header.StateRoot,
        TimeMs = block.Reference.TimeMs,
        Encoded = block.Encoded,
        Receipts = ReceiptList.Encode(block.Executed!.Receipts),
        Certificate = CertificateCodec.Encode(proof),
        Executed = block.Executed,
        Changes = block.Executed.Changes,
    };
}
