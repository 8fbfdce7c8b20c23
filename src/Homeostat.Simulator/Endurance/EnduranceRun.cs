using System.Diagnostics;
using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Runs a network for days of virtual time and looks at what grows.</summary>
public static class EnduranceRun
{
    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    /// <summary>Hours between two looks, and between two kills.</summary>
    private const int SampleHours = 2;
    private const int KillHours = 6;

    public static EnduranceResult Run(
        EnduranceOptions options, Action<EnduranceSample>? progress = null,
        CancellationToken cancellation = default)
    {
        options.Validate();
        var watch = Stopwatch.StartNew();
        var senders = new SenderMemo(12, SimulatedKeys.Instance);
        var setup = new ClusterSetup(SimulationRunner.LongNetwork(options.Validators))
        {
            Timing = new ConsensusParameters(),
            Limits = new ReplicaLimits(),
            // Full within the first hours, where the usual memo of a simulation fills for days.
            Change = (_, config) => config with { Senders = senders },
        };
        var cluster = new Cluster(options.Seed, setup);
        var random = new SeededRandom(options.Seed ^ 0x484f5552);
        var samples = new List<EnduranceSample>();
        string? violation = null;
        try
        {
            cluster.StartAll();
            for (int hour = 0; hour < options.Hours; hour++)
            {
                cancellation.ThrowIfCancellationRequested();
                RunHour(cluster, random, hour);
                if ((hour + 1) % SampleHours == 0 || hour + 1 == options.Hours)
                {
                    samples.Add(Look(cluster, hour + 1));
                    progress?.Invoke(samples[^1]);
                }
            }
        }
        catch (SafetyViolation broken)
        {
            violation = broken.Message;
        }
        return new EnduranceResult
        {
            Hours = options.Hours,
            Validators = options.Validators,
            Seed = options.Seed,
            Digest = cluster.Digest,
            Seconds = watch.Elapsed.TotalSeconds,
            Violation = violation ?? Halted(cluster),
            Samples = samples,
        };
    }

    private static void RunHour(Cluster cluster, SeededRandom random, int hour)
    {
        long start = hour * Hour;
        if (hour % KillHours == KillHours - 1 && cluster.Nodes.Count > 1)
        {
            int node = random.NextBelow(cluster.Nodes.Count);
            cluster.At(start + 10 * Minute, () => cluster.Stop(node, losesPower: true));
            cluster.At(start + 10 * Minute + 30 * Second, () => cluster.Start(node));
        }
        Trickle(cluster, random, start + 50 * Minute, start + 58 * Minute, 5 * Second);
        Trickle(cluster, random, start + 58 * Minute, start + Hour, Second / 10);
        cluster.RunUntil(start + Hour);
    }

    private static void Trickle(
        Cluster cluster, SeededRandom random, long fromUs, long untilUs, long everyUs)
    {
        void Next()
        {
            cluster.SubmitNext(random.NextBelow(cluster.Nodes.Count));
            if (cluster.NowUs + everyUs < untilUs)
            {
                cluster.At(cluster.NowUs + everyUs, Next);
            }
        }
        cluster.At(fromUs, Next);
    }

    private static EnduranceSample Look(Cluster cluster, int hours)
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        long disks = cluster.Nodes.Sum(node => node.Disk.HeapBytes);
        return new EnduranceSample
        {
            Hours = hours,
            Blocks = cluster.Checks.Highest.Value,
            Transactions = cluster.Checks.Transactions,
            HeapMegabytes = (heap - disks) / 1e6,
            JournalBytes = cluster.Nodes.Max(node => node.Disk.JournalBytes),
            LogBytes = cluster.Nodes.Max(node => node.Disk.LogBytes),
            StateBytes = cluster.Nodes.Max(node => node.Disk.StateBytes),
        };
    }

    private static string? Halted(Cluster cluster) => cluster.Nodes
        .Where(node => node.HaltReason is not null)
        .Select(node => $"node {node.Index} halted: {node.HaltReason}").FirstOrDefault();
}
