using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Xunit.Abstractions;

namespace Homeostat.Replica.Tests;

/// <summary>
/// A network of 100 ms blocks with nothing to do makes next to no blocks, and a transaction that
/// comes to it is final as fast as one among many (issue 4, scope).
/// </summary>
public sealed class IdleNetworkTests(ITestOutputHelper output)
{
    private const long Second = 1_000_000;
    private const int IntervalMs = 100;

    private readonly Dictionary<Hash256, (int Node, long AtUs)> _submitted = [];
    private readonly List<long> _latenciesUs = [];
    private readonly List<long> _timesMs = [];
    private Cluster _cluster = null!;

    [Fact]
    public void An_idle_network_is_silent_and_answers_as_fast_as_a_busy_one()
    {
        DevelopmentNetwork network = SimulationRunner.Create(4, config => config with
        {
            Capacity = config.Capacity with { BlockIntervalMs = IntervalMs },
        });
        var setup = new ClusterSetup(network) { Timing = new ConsensusParameters() };
        _cluster = new Cluster(3, setup)
        {
            Watch = Observe,
            Submitted = (node, raw) =>
                _submitted.TryAdd(Keccak.Hash(raw), (node, _cluster.NowUs)),
        };
        _cluster.StartAll();
        _cluster.RunUntil(30 * Second);
        ulong before = _cluster.Checks.Highest.Value;
        _cluster.RunUntil(330 * Second);
        ulong idle = _cluster.Checks.Highest.Value - before;
        for (int i = 0; i < 20; i++)
        {
            _cluster.SubmitNext(i % 4);
            _cluster.RunUntil(_cluster.NowUs + 12 * Second + 37_000);
        }
        long alone = Take(95, out int single);
        _timesMs.Clear();
        _cluster.Load(40, _cluster.NowUs + 30 * Second);
        _cluster.RunUntil(_cluster.NowUs + 35 * Second);
        long busy = Take(95, out int many);
        long interval = Gaps();
        output.WriteLine(
            $"empty blocks in five idle minutes: {idle}; p95 from submission to final: "
            + $"{alone / 1_000} ms alone, {busy / 1_000} ms busy; {interval} ms between blocks");
        Assert.Equal(20, single);
        Assert.True(many > 1_000, $"{many}");
        Assert.True(idle <= 5, $"{idle} blocks");
        Assert.True(alone <= busy + IntervalMs * 1_000, $"{alone} {busy}");
        Assert.InRange(interval, IntervalMs, 2 * IntervalMs);
    }

    private void Observe(SimulatedNode node, ReplicaEffect effect)
    {
        if (effect is not ReplicaEffect.Head { View.Finalized: var final })
        {
            return;
        }
        if (node.Index == 0 && (_timesMs.Count == 0 || _timesMs[^1] < final.TimeMs))
        {
            _timesMs.Add(final.TimeMs);
        }
        foreach (RecoveredTransaction transaction in final.Transactions)
        {
            if (_submitted.TryGetValue(transaction.Hash, out (int Node, long AtUs) submitted)
                && submitted.Node == node.Index)
            {
                _submitted.Remove(transaction.Hash);
                _latenciesUs.Add(_cluster.NowUs - submitted.AtUs);
            }
        }
    }

    private long Take(int percent, out int count)
    {
        count = _latenciesUs.Count;
        _latenciesUs.Sort();
        long value = _latenciesUs[Math.Min(count - 1, count * percent / 100)];
        _latenciesUs.Clear();
        return value;
    }

    private long Gaps()
    {
        long[] gaps = [.. _timesMs.Zip(_timesMs.Skip(1), (a, b) => b - a).Order()];
        return gaps[gaps.Length / 2];
    }
}
