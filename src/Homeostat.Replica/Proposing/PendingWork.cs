using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Tells consensus whether a block on the tip could include anything. Transactions that pay less
/// than the base fee are no work: counting them made empty blocks, one after another, until the
/// fee had fallen. The fee falls with time also while there are no blocks, so the moment when the
/// dearest of them becomes affordable is known, and a timer waits for it.
/// </summary>
internal sealed class PendingWork(
    Mailbox mail, StepClock clock, Timers timers, TransactionPool pool)
{
    /// <summary>Longer than a client takes from its first look to its first poll.</summary>
    private const long FollowerDelayMs = 1_000;

    /// <summary>
    /// Confirmations that Hardhat Ignition, the most patient of clients, waits for.
    /// </summary>
    private const ulong FollowerBlocks = 5;

    /// <summary>The last tip seen with users' transactions in it.</summary>
    private ulong? _busyHeight;
    private bool _hasWork;
    private Hash256 _plannedTip;
    private UInt256 _plannedFee;
    private long? _plannedAtMs;

    public void Tell(TreeBlock tip)
    {
        bool hasWork = HasWork(tip);
        if (hasWork != _hasWork)
        {
            _hasWork = hasWork;
            mail.Post(new ConsensusInput.WorkArrived(hasWork));
        }
    }

    private bool HasWork(TreeBlock tip) => NeedsFollower(tip) || HasAffordable(tip);

    /// <summary>
    /// Clients that poll (ethers' wait among them) look at a receipt again only when they see a
    /// block after the one they began at, and some wait for several blocks on top, so the last busy
    /// block before an idle time is followed by a few empty ones, a second apart.
    /// </summary>
    private bool NeedsFollower(TreeBlock tip)
    {
        if (tip.Block.Transactions.Count > 1)
        {
            _busyHeight = tip.Reference.Height.Value;
        }
        if (_busyHeight is not { } busy || tip.Reference.Height.Value >= busy + FollowerBlocks)
        {
            return false;
        }
        long followerAtMs = tip.Reference.TimeMs + FollowerDelayMs;
        if (clock.NowMs >= followerAtMs)
        {
            return true;
        }
        timers.Set(TimerKind.Follower, followerAtMs);
        return false;
    }

    private bool HasAffordable(TreeBlock tip)
    {
        if (pool.ExecutableCount == 0)
        {
            return false;
        }
        ulong limit = tip.Parameters.GasLimit;
        // Transaction 0 takes about what it took in the tip.
        ulong gas = limit - Math.Min(limit, tip.SteeringGas);
        if (pool.HighestPayableFee(new SnapshotAccounts(tip.State), gas) is not { } payable)
        {
            return false;
        }
        if (FeeAt(tip, clock.NowMs) <= payable)
        {
            return true;
        }
        Plan(tip, payable);
        return false;
    }

    /// <summary>The base fee of the next block, which can't come before the interval.</summary>
    private static UInt256 FeeAt(TreeBlock tip, long timeMs)
    {
        long earliest = tip.Reference.TimeMs + (long)tip.Parameters.BlockIntervalMs;
        return BlockProposer.BaseFeeAfter(tip, Math.Max(timeMs, earliest));
    }

    private void Plan(TreeBlock tip, in UInt256 payable)
    {
        if (_plannedTip != tip.Hash || _plannedFee != payable)
        {
            (_plannedTip, _plannedFee) = (tip.Hash, payable);
            _plannedAtMs = MomentOf(tip, payable);
        }
        if (_plannedAtMs is { } atMs)
        {
            // A clock set back since then would only come too early: then it is planned again.
            timers.Set(TimerKind.Fee, Math.Max(atMs, clock.NowMs + 1));
        }
    }

    /// <summary>When the base fee is at most this; null when it never falls so far.</summary>
    private long? MomentOf(TreeBlock tip, in UInt256 payable)
    {
        long low = clock.NowMs;
        long high = Math.Max(low, tip.Reference.TimeMs);
        for (long step = (long)BaseFee.TimeConstantMs; FeeAt(tip, high) > payable; step *= 2)
        {
            if (step > LongestWaitMs)
            {
                return null;
            }
            high += step;
        }
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            (low, high) = FeeAt(tip, middle) <= payable ? (low, middle) : (middle + 1, high);
        }
        return high;
    }

    /// <summary>
    /// More than a day ahead the fee is at its minimum whatever it was. What is not affordable
    /// until then waits for the minimum to change, which takes a block.
    /// </summary>
    private const long LongestWaitMs = 1L << 26;
}
