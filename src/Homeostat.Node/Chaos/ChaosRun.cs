using System.Globalization;

namespace Homeostat.Node.Chaos;

/// <summary>
/// One run: a calm moment that says how fast the network is, a fault, its end, the time until the
/// network is at full speed again; and so on until the time is over. Then all blocks of all nodes
/// are compared.
/// </summary>
internal sealed class ChaosRun(ChaosCluster cluster, ChaosOptions options, TextWriter output)
{
    /// <summary>Over which the pace before a fault is measured.</summary>
    private const int CalmMs = 5_000;

    /// <summary>Full speed must last this long to count.</summary>
    private const int WindowMs = 2_000;

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan RecoverPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FinishPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly ChaosWatch _watch = new(cluster.Nodes);
    private readonly List<ChaosOutcome> _outcomes = [];

    /// <exception cref="ChaosException">The network never ran.</exception>
    public async Task<ChaosReport> RunAsync(CancellationToken stop)
    {
        cluster.StartAll();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var loading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var load = new ChaosLoad(cluster.Nodes, options.Rate);
        Task watching = _watch.RunAsync(ending.Token);
        Task sending = Task.CompletedTask;
        try
        {
            if (!await WaitAsync(_watch.HasHeardAll, StartPatience, stop).ConfigureAwait(false))
            {
                throw new ChaosException(
                    "not all validators were up in time: "
                    + string.Join("; ", cluster.Nodes.Select(node => node.LastError)));
            }
            sending = load.RunAsync(loading.Token);
            await Task.Delay(WarmUp, stop).ConfigureAwait(false);
            await DisturbAsync(stop).ConfigureAwait(false);
            await loading.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            bool areAllIn = await load.FinishAsync(FinishPatience, stop).ConfigureAwait(false);
            await CompareAsync(stop).ConfigureAwait(false);
            return ChaosReport.Of(options, cluster, _watch, _outcomes, load, areAllIn);
        }
        finally
        {
            await loading.CancelAsync().ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(watching, sending).ConfigureAwait(false);
        }
    }

    private async Task DisturbAsync(CancellationToken stop)
    {
        ChaosFault[] faults =
        [
            .. ChaosFault.AllOf(cluster)
                .Where(fault => fault.Name.Contains(options.Only, StringComparison.Ordinal)),
        ];
        if (faults.Length == 0)
        {
            throw new ChaosException($"no fault that can be made here is named '{options.Only}'");
        }
        var schedule = new ChaosSchedule(faults, cluster.Nodes.Count, options.Seed);
        var end = TimeSpan.FromMinutes(options.Minutes) + TimeSpan.FromMilliseconds(_watch.NowMs);
        while (TimeSpan.FromMilliseconds(_watch.NowMs) < end && _watch.Violations.Count == 0)
        {
            await Task.Delay(CalmMs, stop).ConfigureAwait(false);
            (ChaosFault fault, int node) = schedule.Next();
            ChaosOutcome outcome = await SufferAsync(fault, node, stop).ConfigureAwait(false);
            _outcomes.Add(outcome);
            string recovered = outcome.RecoveredMs is { } ms
                ? $"full speed after {ChaosReport.Seconds(ms)}"
                : "NOT at full speed again";
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{_watch.NowMs / 1000,4} s: {fault.Name}, validator {node}: {recovered}; final "
                + $"block {_watch.Highest}, {outcome.PaceBefore:F1} blocks a second before"))
                .ConfigureAwait(false);
            if (outcome.RecoveredMs is null)
            {
                return; // What follows would be measured on a broken network.
            }
        }
    }

    private async Task<ChaosOutcome> SufferAsync(
        ChaosFault fault, int node, CancellationToken stop)
    {
        double pace = _watch.RateOver(CalmMs);
        _watch.Disturb();
        await fault.Begin(node).ConfigureAwait(false);
        try
        {
            await Task.Delay(fault.Lasts, stop).ConfigureAwait(false);
        }
        finally
        {
            await fault.End(node).ConfigureAwait(false);
        }
        long healedMs = _watch.NowMs;
        _watch.Disturb();
        AccuseTheDead();
        long? at = null;
        await WaitAsync(
            () => (at = _watch.RecoveredAt(healedMs, pace, WindowMs)) is not null
                || _watch.Violations.Count > 0,
            RecoverPatience, stop).ConfigureAwait(false);
        return new ChaosOutcome(fault.Name, node, pace, at - healedMs);
    }

    /// <summary>Once a fault is over every process runs, or ended for no good reason.</summary>
    private void AccuseTheDead()
    {
        foreach (ChaosNode dead in cluster.Nodes.Where(node => !node.IsRunning))
        {
            _watch.Accuse($"validator {dead.Index} ended by itself: {dead.LastError}");
        }
    }

    private async Task CompareAsync(CancellationToken stop)
    {
        AccuseTheDead();
        ulong last = _watch.Highest;
        bool areLevel = await WaitAsync(
            () => cluster.Nodes.All(node => _watch.HeightOf(node.Index) >= last),
            FinishPatience, stop).ConfigureAwait(false);
        if (!areLevel)
        {
            _watch.Accuse($"not all validators have block {last} in the end");
        }
        await _watch.CompareAsync(stop).ConfigureAwait(false);
    }

    private static async Task<bool> WaitAsync(
        Func<bool> condition, TimeSpan patience, CancellationToken stop)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > end)
            {
                return false;
            }
            await Task.Delay(Poll, stop).ConfigureAwait(false);
        }
        return true;
    }
}
