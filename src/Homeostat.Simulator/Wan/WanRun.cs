using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Production replicas, a validator a city, under few transactions and no faults but those asked
/// for, with the measured costs of work, signatures and disk: how long until something is final,
/// beside what the distances alone allow.
/// </summary>
public sealed class WanRun
{
    private const long Second = 1_000_000;
    private const long CoolDownUs = 20 * Second;

    private readonly WanOptions _options;
    private readonly CityPings _pings;
    private readonly PhysicalLimit _limit;
    private readonly SeededRandom _random;
    private readonly Cluster _cluster;
    private readonly Dictionary<Hash256, (int Node, long AtUs)> _submitted = [];
    private readonly Dictionary<Hash256, (int Leader, long AtUs)> _proposed = [];
    private readonly Dictionary<Height, FinalizedBlock> _final = [];
    private readonly Height[] _shown;
    private readonly long _warmUpUs;
    private readonly List<long> _submissionUs = [];
    private readonly List<long> _submissionLimitUs = [];
    private readonly List<long> _finalityUs = [];
    private readonly List<long> _limitUs = [];

    internal WanRun(WanOptions options, CityPings pings, ClusterSetup setup)
    {
        (_options, _pings) = (options.Validate(), pings);
        _limit = new PhysicalLimit(options.Cities.Count, pings.OneWayUs);
        _random = new SeededRandom(options.Seed ^ 0x57414e);
        _cluster = new Cluster(options.Seed, setup)
        {
            Watch = Observe,
            Submitted = (node, raw) =>
                _submitted.TryAdd(Keccak.Hash(raw), (node, _cluster!.NowUs)),
        };
        int healthy = options.Cities.Count - options.Faulty;
        _cluster.Network.Delays = new CityDelays(
            pings, node => node < healthy ? 0 : options.FaultyLagUs ?? 0);
        _shown = new Height[options.Cities.Count];
        _warmUpUs = options.WarmUpSeconds * Second;
    }

    /// <summary>As a network is run: the timing that nodes have by default.</summary>
    public static WanResult Run(WanOptions options, CityPings pings)
    {
        var setup = new ClusterSetup(SimulationRunner.LongNetwork(options.Cities.Count))
        {
            Timing = new ConsensusParameters(),
            Limits = new ReplicaLimits(),
        };
        return new WanRun(options, pings, setup).Run();
    }

    internal WanResult Run()
    {
        int healthy = _options.Cities.Count - _options.Faulty;
        for (int i = 0; i < (_options.FaultyLagUs is null ? healthy : _options.Cities.Count); i++)
        {
            _cluster.Start(i);
        }
        long endUs = _warmUpUs + _options.Seconds * Second;
        Submit(healthy, endUs);
        _cluster.RunUntil(endUs + CoolDownUs);
        return new WanResult
        {
            Validators = _options.Cities.Count,
            Faulty = _options.Faulty,
            Seed = _options.Seed,
            Digest = _cluster.Digest,
            Blocks = _cluster.Checks.Highest.Value,
            Transactions = _submissionUs.Count,
            TransactionsPerSecond = (double)_submissionUs.Count / _options.Seconds,
            Submission = Latency.Of(_submissionUs),
            Finality = Latency.Of(_finalityUs),
            Limit = Latency.Of(_limitUs),
            SubmissionLimit = Latency.Of(_submissionLimitUs),
        };
    }

    /// <summary>Gaps are exponential: clients do not keep step with the blocks.</summary>
    private void Submit(int healthy, long endUs)
    {
        double uniform = (_random.NextBelow(1_000_000) + 1) / 1_000_000.0;
        long gapUs = (long)(-Math.Log(uniform) * Second / _options.Rate);
        if (_cluster.NowUs + gapUs >= endUs)
        {
            return;
        }
        _cluster.At(_cluster.NowUs + gapUs, () =>
        {
            _cluster.SubmitNext(_random.NextBelow(healthy));
            Submit(healthy, endUs);
        });
    }

    private void Observe(SimulatedNode node, ReplicaEffect effect)
    {
        switch (effect)
        {
            case ReplicaEffect.Broadcast broadcast
                when (WireKind)broadcast.Bytes[0] is
                    WireKind.Proposal or WireKind.CompactProposal:
                if (WireMessage.TryDecode(broadcast.Bytes, out WireMessage? message) is null)
                {
                    Vote vote = message is CompactProposalMessage compact
                        ? compact.LeaderVote
                        : ((ProposalMessage)message!).LeaderVote;
                    _proposed.TryAdd(vote.BlockHash, (node.Index, _cluster.NowUs));
                }
                break;
            case ReplicaEffect.Persist persist:
                foreach (FinalizedBlock block in persist.Batch.Finalized)
                {
                    _final.TryAdd(block.Height, block);
                }
                break;
            case ReplicaEffect.Head head:
                Show(node.Index, head.View.Finalized.Height);
                break;
            default:
                break;
        }
    }

    private void Show(int node, Height height)
    {
        while (_shown[node] < height)
        {
            _shown[node] = _shown[node].Next;
            FinalizedBlock block = _final[_shown[node]];
            if (_proposed.TryGetValue(block.Hash, out (int Leader, long AtUs) proposed)
                && proposed.AtUs >= _warmUpUs)
            {
                Show(node, block, proposed.Leader, proposed.AtUs);
            }
        }
    }

    private void Show(int node, FinalizedBlock block, int leader, long proposedUs)
    {
        long limitUs = _limit.FinalUs(leader, node);
        _finalityUs.Add(_cluster.NowUs - proposedUs);
        _limitUs.Add(limitUs);
        foreach (RecoveredTransaction transaction in block.Executed!.Transactions)
        {
            if (_submitted.TryGetValue(transaction.Hash, out (int Node, long AtUs) submitted)
                && submitted.Node == node && submitted.AtUs >= _warmUpUs)
            {
                _submissionUs.Add(_cluster.NowUs - submitted.AtUs);
                _submissionLimitUs.Add(limitUs + _pings.OneWayUs(node, leader));
            }
        }
    }
}
