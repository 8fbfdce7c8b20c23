using Homeostat.Ledger;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// What this node measured lately, for the observation in its next notarize vote. Quantiles are
/// over a ring of the last <see cref="Window"/> blocks.
/// </summary>
internal sealed class Telemetry
{
    /// <summary>Blocks remembered: some seconds of a busy chain.</summary>
    private const int Window = 64;

    private readonly Ring _nanosecondsPerKilogas = new(Window);
    private readonly Ring _kilogas = new(Window);
    private readonly Ring _propagationMs = new(Window);
    private readonly Ring _voteLatencyMs = new(Window);
    private readonly Ring _queueMs = new(Window);
    private readonly Ring _slackMs = new(Window);

    /// <summary>Waits of the classes, told as blocks become final.</summary>
    public WaitMeter Waits { get; } = new();

    /// <summary>
    /// What almost every transaction seen here needs to be with a leader, whose clock may be
    /// another: 95th percentile of how far blocks' arrivals are from their times, either way.
    /// </summary>
    public long SlackMs => _slackMs.Quantile(95);

    /// <summary>A block arrived this long after its time.</summary>
    public void BlockArrived(long delayMs)
    {
        _propagationMs.Add(Math.Max(0, delayMs));
        _slackMs.Add(Math.Abs(delayMs));
    }

    /// <summary>A block was executed.</summary>
    public void BlockExecuted(ulong gasUsed, long elapsedNs)
    {
        long kilogas = (long)Math.Min(gasUsed / 1_000, uint.MaxValue);
        _kilogas.Add(kilogas);
        if (kilogas >= Observation.MinimumKilogasOfBlock)
        {
            _nanosecondsPerKilogas.Add(Math.Max(0, elapsedNs) / kilogas);
        }
    }

    /// <summary>The answer to a verification was ready this long after the block arrived.</summary>
    public void BlockAnswered(long delayMs) => _voteLatencyMs.Add(Math.Max(0, delayMs));

    /// <summary>
    /// A block with pool transactions became final; the oldest had waited this long.
    /// </summary>
    public void TransactionWaited(long delayMs) => _queueMs.Add(Math.Max(0, delayMs));

    public Observation Observe(int poolTransactions, ulong poolGas) => new(
        NanosecondsPerKilogas: (uint)Math.Min(
            _nanosecondsPerKilogas.Quantile(95), Observation.MaximumNanosecondsPerKilogas),
        KilogasExecuted: (uint)Math.Min(_kilogas.Sum, uint.MaxValue),
        PropagationMs: ToUInt16(_propagationMs.Quantile(50)),
        PoolKilogasPending: (uint)Math.Min(poolGas / 1_000, uint.MaxValue),
        PoolTransactions: (uint)poolTransactions,
        VoteLatencyMs: ToUInt16(_voteLatencyMs.Quantile(50)),
        QueueMs: ToUInt16(_queueMs.Quantile(50)),
        FastWait: Waits.Of(FeeClass.Fast),
        UrgentWait: Waits.Of(FeeClass.Urgent));

    private static ushort ToUInt16(long value) => (ushort)Math.Min(value, ushort.MaxValue);

    /// <summary>The last values, overwritten in turn.</summary>
    private sealed class Ring(int size)
    {
        private readonly long[] _values = new long[size];
        private int _count;
        private int _next;

        public long Sum { get; private set; }

        public void Add(long value)
        {
            Sum += value - _values[_next];
            _values[_next] = value;
            _next = (_next + 1) % _values.Length;
            _count = Math.Min(_count + 1, _values.Length);
        }

        /// <summary>
        /// The value that this percentage of values does not exceed; 0 when empty.
        /// </summary>
        public long Quantile(int percent)
        {
            if (_count == 0)
            {
                return 0;
            }
            long[] sorted = _values.AsSpan(0, _count).ToArray();
            Array.Sort(sorted);
            return sorted[Math.Min(_count - 1, _count * percent / 100)];
        }
    }
}
