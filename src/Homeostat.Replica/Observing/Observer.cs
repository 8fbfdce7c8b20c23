using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>Puts together the observation that goes with a notarize vote.</summary>
internal sealed class Observer(
    Telemetry telemetry, TransactionPool pool, Gossip gossip, StepClock clock, DryRunDesk dryRuns)
{
    /// <summary>
    /// Gas of a transaction in the pool when it is not known better: a transfer's.
    /// </summary>
    private const ulong TransferGas = 21_000;

    private ulong _meanGas = TransferGas;

    public Telemetry Telemetry { get; } = telemetry;

    /// <summary>What this node says of itself beside its measurements.</summary>
    public ObservationSignals Signals { get; set; }

    public void BlockExecuted(TreeBlock block, long elapsedNs)
    {
        Telemetry.BlockExecuted(block.Header.GasUsed, elapsedNs);
        ulong count = (ulong)block.Block.Transactions.Count;
        if (count > 1)
        {
            // The pool's gas is estimated from what transactions used lately: no scan of the pool.
            ulong mean = (block.Header.GasUsed - block.SteeringGas) / (count - 1);
            _meanGas = (7 * _meanGas + mean) / 8;
        }
    }

    /// <summary>Before the pool gives up what the block holds.</summary>
    public void BlockFinalized(TreeBlock block)
    {
        Telemetry.TransactionWaited(clock.NowMs - block.Reference.TimeMs);
        if (block.Executed is null
            || ClassPrices.FromExtraData(block.Header.ExtraData) is not { } prices)
        {
            return;
        }
        UInt256 baseFee = block.Header.BaseFee ?? UInt256.Zero;
        MeasureWaits(block.Executed, baseFee, prices);
        Telemetry.Waits.EndBlock(new BlockTerms(block.Reference.TimeMs, baseFee, prices));
    }

    private void MeasureWaits(ExecutedBlock block, in UInt256 baseFee, ClassPrices prices)
    {
        long slackMs = Telemetry.SlackMs;
        for (int i = 1; i < block.Transactions.Count; i++)
        {
            RecoveredTransaction transaction = block.Transactions[i];
            Receipt receipt = block.Receipts[i];
            FeeClass paid = prices.ClassOf(receipt.EffectiveGasPrice - baseFee);
            if (paid != FeeClass.Standard && pool.NextSinceMs(transaction) is { } sinceMs)
            {
                Telemetry.Waits.Included(transaction.Transaction, paid, sinceMs + slackMs);
            }
        }
    }

    /// <summary>For a vote on this block: what its child owes a place.</summary>
    public byte[] Observe(TreeBlock block)
    {
        // The pool keeps what unfinalized blocks hold: that does not wait any more.
        int payable = Math.Max(0, pool.PayableCount(block.Header.BaseFee ?? UInt256.Zero)
            - block.UnfinalizedTransactions);
        Observation measured = Telemetry.Observe(
            pool.ExecutableCount, (ulong)payable * _meanGas);
        ObservationSignals signals = Signals with { Attestation = dryRuns.Attested(block) };
        return new ObservationReport(measured, signals, OverdueAfter(block)).Encode();
    }

    /// <summary>
    /// Also tells others of them: a leader that lacks one could not give it its place.
    /// </summary>
    private Hash256[] OverdueAfter(TreeBlock block)
    {
        OrderingParameters vector = OrderingParameters.Read(new SnapshotStorage(block.State));
        if (vector.OverdueMs == 0 || pool.ExecutableCount == 0)
        {
            return [];
        }
        IReadOnlyList<PooledTransaction> overdue = pool.Overdue(
            new SnapshotAccounts(block.State), block.Header.BaseFee ?? UInt256.Zero,
            (long)Math.Min(vector.OverdueMs, long.MaxValue / 2),
            ObservationReport.MaximumOverdue);
        foreach (PooledTransaction entry in overdue)
        {
            gossip.OfferOverdue(entry.Transaction);
        }
        return [.. overdue.Select(entry => entry.Hash)];
    }
}
