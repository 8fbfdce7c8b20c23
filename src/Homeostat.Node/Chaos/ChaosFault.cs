using Homeostat.Primitives;

namespace Homeostat.Node.Chaos;

/// <summary>One kind of fault: what begins it, how long it lasts, what ends it.</summary>
internal sealed record ChaosFault(
    string Name, TimeSpan Lasts, Func<int, Task> Begin, Func<int, Task> End)
{
    /// <summary>Whom it hits, where only one can be hit.</summary>
    public int? Victim { get; init; }

    /// <summary>All that this machine lets us do; the rest is named in the cluster.</summary>
    public static IReadOnlyList<ChaosFault> AllOf(ChaosCluster cluster)
    {
        var faults = new List<ChaosFault>
        {
            Of("kill -9 of one", 3, i => cluster.Nodes[i].Kill(), i => cluster.Nodes[i].Start()),
            Of(
                "kill -9 of all", 1,
                _ => ForAll(cluster, node => node.Kill()),
                _ => ForAll(cluster, node => node.Start())),
            Of("SIGSTOP", 8, i => cluster.Nodes[i].Pause(), i => cluster.Nodes[i].Resume()),
            Of(
                "clock 5 s ahead", 8,
                i => cluster.Nodes[i].SetClock(5_000), i => cluster.Nodes[i].SetClock(0)),
            Of(
                "clock 5 s behind", 8,
                i => cluster.Nodes[i].SetClock(-5_000), i => cluster.Nodes[i].SetClock(0)),
        };
        if (cluster.Network is { } network)
        {
            faults.Add(Of(
                "link down", 8, i => network.SetLink(i, false), i => network.SetLink(i, true)));
            faults.Add(Of(
                "split in halves", 8, i => network.Split(Half(i, cluster.Nodes.Count)),
                _ => network.Heal()));
            faults.Add(new ChaosFault(
                "flapping link", TimeSpan.Zero, i => FlapAsync(network, i),
                _ => Task.CompletedTask));
        }
        if (cluster.Disk is { } disk)
        {
            faults.Add(new ChaosFault(
                "full disk", TimeSpan.FromSeconds(5), _ => Task.Run(disk.Fill),
                _ => Task.Run(() =>
                {
                    disk.Free();
                    // It ended, or is about to, rather than lose what it was given.
                    cluster.Nodes[ChaosCluster.SmallDiskOf].StartOnceEnded();
                }))
            {
                Victim = ChaosCluster.SmallDiskOf,
            });
        }
        return faults;
    }

    private static ChaosFault Of(string name, int seconds, Action<int> begin, Action<int> end) =>
        new(
            name, TimeSpan.FromSeconds(seconds), i => Task.Run(() => begin(i)),
            i => Task.Run(() => end(i)));

    private static void ForAll(ChaosCluster cluster, Action<ChaosNode> act) =>
        Parallel.ForEach(cluster.Nodes, act);

    /// <summary>This node and as many after it as make half of all.</summary>
    private static ulong Half(int first, int nodes)
    {
        ulong mask = 0;
        for (int i = 0; i < nodes / 2; i++)
        {
            mask |= 1UL << ((first + i) % nodes);
        }
        return mask;
    }

    private static async Task FlapAsync(FaultyNetwork network, int node)
    {
        for (int i = 0; i < 8; i++)
        {
            network.SetLink(node, false);
            await Task.Delay(500).ConfigureAwait(false);
            network.SetLink(node, true);
            await Task.Delay(500).ConfigureAwait(false);
        }
    }
}

/// <summary>A fault as it was seen.</summary>
/// <param name="RecoveredMs">From its end to full speed of all nodes; null: never.</param>
internal sealed record ChaosOutcome(string Fault, int Node, double PaceBefore, long? RecoveredMs);

/// <summary>Faults in turns: each round has every kind once, in an order from the seed.</summary>
internal sealed class ChaosSchedule(IReadOnlyList<ChaosFault> faults, int nodes, ulong seed)
{
    private readonly SeededRandom _random = new(seed);
    private readonly Queue<ChaosFault> _round = new();

    public (ChaosFault Fault, int Node) Next()
    {
        if (_round.Count == 0)
        {
            List<ChaosFault> left = [.. faults];
            while (left.Count > 0)
            {
                int next = _random.NextBelow(left.Count);
                _round.Enqueue(left[next]);
                left.RemoveAt(next);
            }
        }
        ChaosFault fault = _round.Dequeue();
        int node = _random.NextBelow(nodes);
        return (fault, fault.Victim ?? node);
    }
}
