using System.Buffers.Binary;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>What one policy did with one segment; sums over scored agents and blocks.</summary>
internal sealed record SegmentOutcome(
    List<double> DelaysMs, List<double> DelaysAfterRise, double GasUsed, double ServedValue,
    double SquaredReturns, int Returns, int Left, double MostBlockMs)
{
    public const long BinMs = 100;
    public const int Bins = (int)(ArrivalGenerator.MostPatienceMs / BinMs) + 100;

    /// <summary>Delays by tenths of a second.</summary>
    public int[] DelayCounts { get; } = new int[Bins];

    /// <summary>
    /// By delay of <see cref="DelaysMs"/>: blocks that went by while the price was over its value,
    /// and while it could have paid but there was no room for it.
    /// </summary>
    public List<(int Priced, int Crowded)> Waits { get; } = [];

    /// <summary>By owner: value served less what was paid, in wei.</summary>
    public double[] Surplus { get; } = new double[3];

    /// <summary>By owner: what was paid, in wei.</summary>
    public double[] Paid { get; } = new double[3];
}

/// <summary>
/// Runs a segment through the production pool under a policy: agents submit what they would pay at
/// most, wait in the pool while it is too dear or full, and withdraw when their patience ends.
/// </summary>
internal sealed class CapacityMarket
{
    /// <summary>Volatility is of the price's logarithm over this time.</summary>
    private const int SpanBlocks = 10;

    public static readonly ChainId Chain = new(1);

    // Without premiums there is one class, and quotas would only split its draw in three.
    private static readonly OrderingTerms OneClass =
        new() { UrgentShare = 0, FastShare = 0 };

    private readonly MarketSegment _segment;
    private readonly IFeePolicy _policy;
    private readonly Accounts _accounts;
    private readonly TransactionPool _pool;
    private readonly bool[] _isWaiting;
    private readonly (int Priced, int Crowded)[] _waits;
    private readonly PriorityQueue<int, long> _deadlines = new();
    private readonly SegmentOutcome _outcome;
    private double _gas;
    private double _value;
    private double _squares;
    private int _returns;
    private int _left;
    private double _mostBlockMs;

    private readonly Func<int, bool>? _isEmpty;

    private CapacityMarket(MarketSegment segment, IFeePolicy policy, Func<int, bool>? isEmpty)
    {
        (_segment, _policy, _isEmpty) = (segment, policy, isEmpty);
        _accounts = new Accounts(segment.Agents.Count);
        _isWaiting = new bool[segment.Agents.Count];
        _waits = new (int, int)[segment.Agents.Count];
        _pool = new TransactionPool(
            new PoolLimits(), _accounts, new PoolChain(Chain, ulong.MaxValue));
        _outcome = new SegmentOutcome([], [], 0, 0, 0, 0, 0, 0);
    }

    /// <param name="isEmpty">Blocks whose proposer leaves everyone out.</param>
    public static SegmentOutcome Run(
        MarketSegment segment, IFeePolicy policy, Func<int, bool>? isEmpty = null) =>
        new CapacityMarket(segment, policy, isEmpty).Run();

    private SegmentOutcome Run()
    {
        int next = 0;
        IReadOnlyList<int> order = _segment.ByArrival;
        ulong spanFee = _policy.Fee;
        for (int b = 0; b < _segment.Blocks; b++)
        {
            long now = (b + 1) * ArrivalGenerator.IntervalMs;
            for (; next < order.Count && _segment.Agents[order[next]].ArrivalMs <= now; next++)
            {
                Submit(order[next], _segment.Agents[order[next]]);
            }
            Withdraw(now);
            ulong used = Build(b, now);
            _policy.Advance(new MarketBlock(
                b + 1, used, _segment.NanosecondsPerGas[b],
                (ulong)_pool.PayableCount(_policy.Fee) * ArrivalGenerator.TypicalGas));
            if ((b + 1) % SpanBlocks == 0)
            {
                AddReturn(spanFee, _policy.Fee, now);
                spanFee = _policy.Fee;
            }
        }
        return _outcome with
        {
            GasUsed = _gas, ServedValue = _value, SquaredReturns = _squares,
            Returns = _returns, Left = _left, MostBlockMs = _mostBlockMs,
        };
    }

    private void Submit(int number, in MarketAgent agent)
    {
        PoolAddResult added = _pool.Add(_segment.Bids[number]);
        Invariant.Require(added.Error is null);
        _isWaiting[number] = true;
        _deadlines.Enqueue(number, agent.ArrivalMs + agent.PatienceMs);
    }

    private void Withdraw(long now)
    {
        while (_deadlines.TryPeek(out int number, out long deadline) && deadline < now)
        {
            _deadlines.Dequeue();
            if (_isWaiting[number])
            {
                _pool.Discard(_segment.Bids[number].Hash);
                Close(number, _segment.Agents[number].PatienceMs, isServed: false);
            }
        }
    }

    private ulong Build(int block, long now)
    {
        double nanoseconds = _segment.Quorum[block];
        ulong cap = (ulong)(ArrivalGenerator.BlockBudgetMs * 1e6 / nanoseconds);
        ulong gas = _isEmpty?.Invoke(block) == true ? 0 : Math.Min(cap, _policy.GasLimit);
        OrderingTerms terms = OneClass with { Seed = SeedOf(block) };
        IReadOnlyList<RecoveredTransaction> chosen = _pool.Select(
            _accounts, _policy.Fee, terms, new SelectionBudget(gas, long.MaxValue, int.MaxValue));
        ulong used = 0;
        var taken = new List<RecoveredTransaction>();
        foreach (RecoveredTransaction transaction in chosen)
        {
            if (used + transaction.Transaction.GasLimit > gas)
            {
                continue;
            }
            used += transaction.Transaction.GasLimit;
            taken.Add(transaction);
            _accounts.Use(transaction.Sender);
            int number = MarketSegment.NumberOf(transaction.Sender);
            Close(number, now - _segment.Agents[number].ArrivalMs, isServed: true);
        }
        CountWaits();
        _pool.OnFinalized(taken, _accounts, new PoolChain(Chain, ulong.MaxValue));
        if (now > _segment.ScoredFromMs && now <= _segment.ScoredToMs)
        {
            _gas += used;
            _mostBlockMs = Math.Max(_mostBlockMs, used * nanoseconds / 1e6);
        }
        return used;
    }

    private void CountWaits()
    {
        for (int i = 0; i < _isWaiting.Length; i++)
        {
            if (_isWaiting[i])
            {
                bool isPriced = _segment.Agents[i].Value < _policy.Fee;
                _waits[i].Priced += isPriced ? 1 : 0;
                _waits[i].Crowded += isPriced ? 0 : 1;
            }
        }
    }

    private void Close(int number, long delayMs, bool isServed)
    {
        MarketAgent agent = _segment.Agents[number];
        _isWaiting[number] = false;
        if (agent.ArrivalMs <= _segment.ScoredFromMs || agent.ArrivalMs > _segment.ScoredToMs)
        {
            return;
        }
        _outcome.DelaysMs.Add(delayMs);
        _outcome.Waits.Add(_waits[number]);
        _outcome.DelayCounts[Math.Min(
            delayMs / SegmentOutcome.BinMs, SegmentOutcome.Bins - 1)]++;
        if (agent.AfterRise)
        {
            _outcome.DelaysAfterRise.Add(delayMs);
        }
        if (isServed)
        {
            double paid = (double)agent.Gas * _policy.Fee;
            _outcome.Paid[(int)agent.Owner] += paid;
            _outcome.Surplus[(int)agent.Owner] += (double)agent.Gas * agent.Value - paid;
        }
        _value += isServed ? (double)agent.Gas * agent.Value : 0;
        _left += isServed ? 0 : 1;
    }

    // Time at the minimum is left out: a price that cannot move would look calm.
    private void AddReturn(ulong before, ulong after, long now)
    {
        bool isAtFloor = Math.Min(before, after) <= ArrivalGenerator.FloorPrice;
        if (!isAtFloor && now > _segment.ScoredFromMs && now <= _segment.ScoredToMs)
        {
            double step = Math.Log((double)after / before);
            _squares += step * step;
            _returns++;
        }
    }

    private static Hash256 SeedOf(int block)
    {
        byte[] bytes = new byte[Hash256.Size];
        BinaryPrimitives.WriteInt32BigEndian(bytes, block + 1);
        return new Hash256(bytes);
    }

    private sealed class Accounts(int count) : IAccounts
    {
        private static readonly UInt256 Rich = new UInt256(1) << 200;
        private readonly bool[] _used = new bool[count];

        public void Use(in Address sender) => _used[MarketSegment.NumberOf(sender)] = true;

        public AccountStanding Read(in Address sender) =>
            new(_used[MarketSegment.NumberOf(sender)] ? 1UL : 0UL, Rich);
    }
}
