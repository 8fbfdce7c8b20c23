using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>Puts together the observation that goes with a notarize vote.</summary>
internal sealed class Observer(Telemetry telemetry, TransactionPool pool, StepClock clock)
{
    /// <summary>
    /// Gas of a transaction in the pool when it is not known better: a transfer's.
    /// </summary>
    private const ulong TransferGas = 21_000;

    private ulong _meanGas = TransferGas;

    public Telemetry Telemetry { get; } = telemetry;

    /// <summary>What this node says of itself beside its measurements.</summary>
    public ObservationSignals Signals { get; set; }

    /// <summary>
    /// Transactions this node calls overdue, ascending, at most
    /// <see cref="ObservationReport.MaximumOverdue"/>.
    /// </summary>
    public IReadOnlyList<Hash256> Overdue { get; set; } = [];

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

    public void BlockFinalized(TreeBlock block) =>
        Telemetry.TransactionWaited(clock.NowMs - block.Reference.TimeMs);

    public byte[] Observe()
    {
        int count = pool.ExecutableCount;
        Observation measured = Telemetry.Observe(count, (ulong)count * _meanGas);
        return new ObservationReport(measured, Signals, Overdue).Encode();
    }
}
