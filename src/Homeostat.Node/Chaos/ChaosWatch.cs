using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;

namespace Homeostat.Node.Chaos;

/// <summary>
/// Asks every node for its last final block, ten times a second, and remembers the answers: what
/// was final must stay so, on every node and through any fault. Also measures the pace of the
/// network, from which recovery is told.
/// </summary>
internal sealed class ChaosWatch(IReadOnlyList<ChaosNode> nodes)
{
    private const int PeriodMs = 100;
    private const int PatienceMs = 1_000;
    private const int BatchSize = 200;

    /// <summary>Blocks that a node may be behind and count as with the others.</summary>
    private const ulong Lag = 4;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<ulong, (string Hash, string Root)> _seen = [];
    private readonly ConcurrentQueue<string> _violations = [];
    private readonly ulong[] _heights = new ulong[nodes.Count];
    private readonly long[] _heardMs = new long[nodes.Count];
    private readonly List<(long Ms, ulong Height)> _pace = [];
    private readonly Lock _lock = new();

    /// <summary>Since when all nodes are up and level; the maximum: they are not.</summary>
    private long _togetherMs = long.MaxValue;

    public long NowMs => _clock.ElapsedMilliseconds;

    /// <summary>What must not happen and did.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    public ulong Highest => _heights.Max();

    public ulong HeightOf(int node) => Volatile.Read(ref _heights[node]);

    /// <summary>Whether every node has answered.</summary>
    public bool HasHeardAll() => nodes.All(node => Volatile.Read(ref _heardMs[node.Index]) > 0);

    /// <summary>Something else that must not happen did.</summary>
    public void Accuse(string violation) => _violations.Enqueue(violation);

    /// <summary>Asks until stopped.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(nodes.Select(node => AskAsync(node, stop)).Append(PaceAsync(stop)));

    /// <summary>Final blocks a second over the last while, 0 at the start.</summary>
    public double RateOver(long windowMs) => RateAt(NowMs, windowMs);

    /// <summary>
    /// The first moment from which the network ran at four fifths of the given pace for a while and
    /// every node was with the others; null: not yet.
    /// </summary>
    public long? RecoveredAt(long sinceMs, double pace, long windowMs)
    {
        lock (_lock)
        {
            foreach ((long ms, _) in _pace.Where(point => point.Ms >= sinceMs))
            {
                if (ms + windowMs > NowMs)
                {
                    break;
                }
                if (RateAt(ms + windowMs, windowMs) >= 0.8 * pace)
                {
                    return IsTogether() ? Math.Max(ms, _togetherMs) : null;
                }
            }
        }
        return null;
    }

    /// <summary>Forget since when the nodes are together: a fault begins.</summary>
    public void Disturb() => Volatile.Write(ref _togetherMs, long.MaxValue);

    private bool IsTogether()
    {
        ulong highest = Highest;
        bool areAll = nodes.All(node =>
            NowMs - Volatile.Read(ref _heardMs[node.Index]) < PatienceMs
            && HeightOf(node.Index) + Lag >= highest);
        if (!areAll)
        {
            _togetherMs = long.MaxValue;
        }
        else if (_togetherMs == long.MaxValue)
        {
            _togetherMs = NowMs;
        }
        return areAll;
    }

    /// <summary>
    /// Compares every block of the chain on every node, and with what each height was once seen to
    /// be. The nodes are all up and caught up.
    /// </summary>
    public async Task CompareAsync(CancellationToken stop)
    {
        ulong common = _heights.Min();
        foreach (ChaosNode node in nodes)
        {
            for (ulong from = 1; from <= common; from += BatchSize)
            {
                ulong[] heights =
                    [.. Enumerable.Range(0, (int)Math.Min(BatchSize, common - from + 1))
                        .Select(i => from + (ulong)i)];
                if (!await TryCompareAsync(node, heights, stop).ConfigureAwait(false))
                {
                    break;
                }
            }
        }
        foreach (ulong lost in _seen.Keys.Where(height => height > Highest).Order())
        {
            _violations.Enqueue($"block {lost} was final and no node has it");
        }
    }

    private async Task<bool> TryCompareAsync(
        ChaosNode node, ulong[] heights, CancellationToken stop)
    {
        try
        {
            RpcAnswer[] answers = await node.Rpc.BatchAsync(
                "eth_getBlockByNumber",
                heights.Select(height => new JsonArray($"0x{height:x}", false)), stop)
                .ConfigureAwait(false);
            for (int i = 0; i < heights.Length; i++)
            {
                Check(node.Index, heights[i], answers[i]);
            }
            return true;
        }
        catch (RpcException error)
        {
            Accuse($"validator {node.Index} can't be asked for its blocks: {error.Message}");
            return false;
        }
    }

    /// <summary>Blocks compared, and the last one's state root.</summary>
    public (ulong Blocks, string Root) Common()
    {
        ulong common = _heights.Min();
        return (common, _seen.TryGetValue(common, out var block) ? block.Root : "");
    }

    private double RateAt(long endMs, long windowMs)
    {
        lock (_lock)
        {
            ulong HeightAt(long ms) => _pace.LastOrDefault(point => point.Ms <= ms).Height;
            return 1_000.0 * (HeightAt(endMs) - HeightAt(endMs - windowMs)) / windowMs;
        }
    }

    private async Task PaceAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            lock (_lock)
            {
                _pace.Add((NowMs, Highest));
                IsTogether();
            }
            await Pause(stop).ConfigureAwait(false);
        }
    }

    private async Task AskAsync(ChaosNode node, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(PatienceMs);
            try
            {
                JsonElement block = await node.Rpc.CallAsync(
                    "eth_getBlockByNumber", ["latest", false], patience.Token)
                    .ConfigureAwait(false);
                if (block.ValueKind == JsonValueKind.Object)
                {
                    Take(node.Index, block);
                }
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException)
            {
                // Down, stopped or cut off: that is what we are here for.
            }
            await Pause(stop).ConfigureAwait(false);
        }
    }

    private static Task Pause(CancellationToken stop) => Task.Delay(PeriodMs, stop)
        .ContinueWith(_ => { }, TaskScheduler.Default);

    private void Take(int node, JsonElement block)
    {
        ulong height = RpcClient.Quantity(block.GetProperty("number"));
        if (height < _heights[node])
        {
            _violations.Enqueue(
                $"validator {node} showed block {_heights[node]} as final, and now {height}");
        }
        Volatile.Write(ref _heights[node], height);
        Volatile.Write(ref _heardMs[node], NowMs);
        if (height > 0)
        {
            Remember(node, height, block);
        }
    }

    private void Check(int node, ulong height, RpcAnswer answer)
    {
        if (answer.Error is not null || answer.Result.ValueKind != JsonValueKind.Object)
        {
            _violations.Enqueue(
                $"validator {node} has no block {height}: {answer.Error ?? "null"}");
            return;
        }
        Remember(node, height, answer.Result);
    }

    private void Remember(int node, ulong height, JsonElement block)
    {
        (string Hash, string Root) told = (
            block.GetProperty("hash").GetString()!, block.GetProperty("stateRoot").GetString()!);
        (string Hash, string Root) known = _seen.GetOrAdd(height, told);
        if (known != told)
        {
            _violations.Enqueue(
                $"block {height} was {known.Hash} with state {known.Root}; validator {node} has "
                + $"{told.Hash} with state {told.Root}");
        }
    }
}
