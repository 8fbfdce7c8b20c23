using Homeostat.Consensus;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>As <see cref="BiteTests"/>, for nodes, links, disks and clocks.</summary>
public sealed class FaultBiteTests
{
    private const long Second = 1_000_000;
    private const long BeginUs = 5 * Second;
    private const long LastsUs = 4 * Second;
    private const int Bad = 2;

    private readonly List<(long AtUs, int From, int To, WireMessage Message)> _wire = [];
    private readonly List<(long AtUs, int Node)> _down = [];
    private readonly List<(long AheadMs, int Node)> _times = [];
    private readonly List<(long AtUs, long Blocks)> _lags = [];
    private Cluster _cluster = null!;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_ends_a_process_and_it_comes_back(bool losesPower)
    {
        Suffer(new Fault.Crash(Bad, losesPower, LastsUs));
        Assert.Contains(_down, x => x.Node == Bad);
        Assert.DoesNotContain(Within(), x => x.From == Bad);
        Assert.Contains(_wire, x => x.From == Bad && x.AtUs > BeginUs + LastsUs);
    }

    [Fact]
    public void A_blackout_ends_all()
    {
        Suffer(new Fault.Blackout(LastsUs));
        Assert.Equal(4, _down.Select(x => x.Node).Distinct().Count());
        Assert.Empty(Within());
    }

    [Fact]
    public void A_torn_journal_makes_a_node_ask_what_it_may_have_said()
    {
        Suffer(new Fault.TornJournal(Bad, LastsUs));
        Assert.Contains(_wire, x => x.From == Bad && x.Message is StatusRequestMessage);
    }

    [Fact]
    public void A_lost_disk_makes_it_ask_too_and_fetch_the_chain()
    {
        Suffer(new Fault.LostDisk(Bad, LastsUs));
        Assert.Contains(_wire, x => x.From == Bad && x.Message is StatusRequestMessage);
        Assert.Contains(_wire, x => x.To == Bad && x.Message is SyncResponseMessage);
    }

    [Fact]
    public void A_partition_lets_nothing_through_and_one_way_only_half()
    {
        Suffer(new Fault.Partition(1UL << Bad, OneWay: false, LastsUs));
        Assert.DoesNotContain(Within(), x => x.From == Bad || x.To == Bad);
        Suffer(new Fault.Partition(1UL << Bad, OneWay: true, LastsUs));
        Assert.DoesNotContain(Within(), x => x.From == Bad);
        Assert.Contains(Within(), x => x.To == Bad);
    }

    [Fact]
    public void A_flapping_link_comes_and_goes()
    {
        const long Period = Second / 2;
        Suffer(new Fault.Flapping(1UL << Bad, Period, LastsUs));
        var periods = Within().Where(x => x.From == Bad)
            .Select(x => (x.AtUs - BeginUs) / Period).Distinct().ToArray();
        Assert.DoesNotContain(periods, period => period % 2 == 0);
        Assert.NotEmpty(periods);
    }

    [Fact]
    public void Bad_links_delay_lose_double_and_reorder()
    {
        Suffer(new Fault.BadLinks(
            new NetworkFaults
            {
                MaxDelayUs = 100_000, LossPerMille = 100, DuplicatePerMille = 100,
                LatePerMille = 100, LongDelayUs = Second,
            },
            LastsUs));
        Assert.True(_cluster.Network.Lost > 50, $"{_cluster.Network.Lost} lost");
        Assert.True(_cluster.Network.Doubled > 50, $"{_cluster.Network.Doubled} doubled");
        Assert.True(_cluster.Network.Overtaken > 50, $"{_cluster.Network.Overtaken} overtaken");
    }

    [Fact]
    public void A_slow_disk_lets_its_node_fall_behind()
    {
        Suffer(new Fault.SlowDisk(Bad, 300_000, LastsUs));
        double lag = _lags.Where(x => x.AtUs > BeginUs && x.AtUs < BeginUs + LastsUs)
            .Average(x => x.Blocks);
        double before = _lags.Where(x => x.AtUs < BeginUs).Average(x => x.Blocks);
        Assert.True(lag > before + 0.5, $"{lag} blocks behind, {before} before");
    }

    [Fact]
    public void A_full_disk_ends_the_process()
    {
        Suffer(new Fault.FullDisk(Bad, LastsUs));
        Assert.Contains(_down, x => x.Node == Bad);
        Assert.Contains(_wire, x => x.From == Bad && x.AtUs > BeginUs + LastsUs);
    }

    [Fact]
    public void Clocks_that_jump_or_drift_show_in_what_is_proposed()
    {
        Suffer(new Fault.ClockJump(Bad, 800, LastsUs));
        Assert.Contains(_times, x => x.Node == Bad && x.AheadMs > 700);
        Suffer(new Fault.ClockDrift(Bad, -200, LastsUs));
        // Never below its parent's time, so a clock behind can't be read off a busy chain; the
        // node's own clock is the witness.
        Assert.Contains(_times, x => x.Node == Bad && x.AheadMs < -300);
    }

    private IEnumerable<(long AtUs, int From, int To, WireMessage Message)> Within() =>
        _wire.Where(x => x.AtUs > BeginUs && x.AtUs < BeginUs + LastsUs);

    /// <summary>One fault from the fifth second to the ninth; 100 transactions get in.</summary>
    private void Suffer(Fault fault)
    {
        _wire.Clear();
        _down.Clear();
        _times.Clear();
        _lags.Clear();
        _cluster = new Cluster(4, new ClusterSetup(SimulationRunner.Network(4)))
        {
            Tap = (from, to, bytes) =>
            {
                if (WireMessage.TryDecode(bytes, out WireMessage? message) is null)
                {
                    _wire.Add((_cluster.NowUs, from, to, message!));
                }
            },
        };
        new FaultInjector(_cluster).Plan(
            new FaultPlan([new PlannedFault(BeginUs, fault)], 20 * Second));
        for (long at = 0; at < 12 * Second; at += Second / 20)
        {
            _cluster.At(at, Look);
        }
        _cluster.StartAll();
        _cluster.Load(20, 15 * Second);
        _cluster.RunUntil(20 * Second);
        Assert.True(_cluster.Checks.Transactions > 200, $"{_cluster.Checks.Transactions}");
        Assert.All(
            _cluster.Nodes, node => Assert.True(
                _cluster.Checks.Announced(node.Index).Value + 3 > _cluster.Checks.Highest.Value));
    }

    private void Look()
    {
        long HeightOf(int node) => (long)_cluster.Checks.Announced(node).Value;
        _lags.Add((_cluster.NowUs, HeightOf(0) - HeightOf(Bad)));
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            if (!node.IsUp)
            {
                _down.Add((_cluster.NowUs, node.Index));
            }
            _times.Add((node.ErrorMs, node.Index));
        }
    }
}
