using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>Tells the operator, and readers on other threads, how far a state has come.</summary>
internal sealed class SnapshotProgress(
    Outbox outbox, ChainConfig config, ChainHead genesis, TrustedCheckpoint checkpoint)
{
    private long _beganMs = -1;
    private long _beganBytes;
    private long _reportedMs;

    public void Publish(SnapshotPlan? plan) => outbox.Add(new ReplicaEffect.Head(new ChainView
    {
        Config = config,
        Genesis = genesis,
        Finalized = genesis,
        Pending = genesis,
        Pool = PoolView.Empty,
        Sync = new SyncStatus(
            Height.Genesis, Height.Genesis, plan?.Pivot.Reference.Height ?? Height.Genesis,
            new StateProgress(
                plan?.PerMille ?? 0, plan?.Accounts ?? 0, plan?.Slots ?? 0, plan?.Codes ?? 0,
                plan?.Bytes ?? 0)),
    }));

    public void Report(SnapshotPlan? plan, int peers, long nowMs)
    {
        if (nowMs - _reportedMs < SnapshotLimits.ReportMs)
        {
            return;
        }
        _reportedMs = nowMs;
        Publish(plan);
        if (plan is null)
        {
            outbox.Log(
                LogLevel.Information,
                $"no state to fetch yet: {peers} peers, none offers the state of a block near "
                + $"checkpoint {checkpoint.Height} or above");
            return;
        }
        if (_beganMs < 0)
        {
            (_beganMs, _beganBytes) = (nowMs, plan.Bytes);
        }
        outbox.Log(LogLevel.Information, Words(plan, nowMs));
    }

    public void Done(SnapshotPlan plan, long nowMs) => outbox.Log(
        LogLevel.Information,
        $"the state of block {plan.Pivot.Reference.Height} is here: {plan.Accounts} accounts, "
        + $"{plan.Slots} slots, {plan.Codes} codes, {plan.Bytes / 1_024} kB"
        + (_beganMs < 0 ? "" : $" in {(nowMs - _beganMs) / 1_000} s"));

    private string Words(SnapshotPlan plan, long nowMs)
    {
        long elapsedMs = Math.Max(1, nowMs - _beganMs);
        int done = plan.PerMille;
        string left = done is > 0 and < 1_000
            ? $"about {elapsedMs * (1_000 - done) / done / 1_000} s left"
            : done == 0 ? "time left unknown" : $"{plan.Waiting} tries and codes left";
        return $"state of block {plan.Pivot.Reference.Height}: {done / 10}.{done % 10} % of the "
            + $"accounts, {plan.Accounts} accounts, {plan.Slots} slots, {plan.Codes} codes, "
            + $"{plan.Bytes / 1_024} kB, {(plan.Bytes - _beganBytes) / elapsedMs} kB/s, {left}";
    }
}
