using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime;
using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Runs seeds and says how to see a failed one again.</summary>
public static class SimulationRunner
{
    /// <summary>
    /// Runs all seeds of the options, as many at a time as there are threads; tells of each as it
    /// ends, one at a time.
    /// </summary>
    public static SimulationResult Run(
        SimulationOptions options, Action<SeedResult>? progress = null,
        CancellationToken cancellation = default)
    {
        options.Validate();
        GCLatencyMode latency = GCSettings.LatencyMode;
        // Nobody waits for a pause here, and collecting beside the run took a tenth of its time.
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        try
        {
            var totals = new Totals(options, progress);
            Parallel.For(
                0, options.Seeds,
                new ParallelOptions { MaxDegreeOfParallelism = options.Threads },
                (i, loop) =>
                {
                    if (cancellation.IsCancellationRequested)
                    {
                        loop.Stop();
                        return;
                    }
                    totals.Add(RunSeed(unchecked(options.SeedBase + (ulong)i), options));
                });
            return totals.Result();
        }
        finally
        {
            GCSettings.LatencyMode = latency;
        }
    }

    /// <summary>One seed; the same options give the same digest.</summary>
    public static SeedResult RunSeed(ulong seed, SimulationOptions options) =>
        new Simulation(seed, options, SetupOf(seed, options.Validators)).Run();

    /// <summary>
    /// In every third seed the set changes: a node joins, and one leaves or, in half of them, those
    /// who are absent are jailed. In a quarter keys are real, so that the chain itself can check
    /// evidence against an equivocator.
    /// </summary>
    internal static ClusterSetup SetupOf(ulong seed, int validators)
    {
        var random = new SeededRandom(seed ^ 0x4348524e);
        if (validators is < 4 or > 16 || !random.Chance(1, 3))
        {
            return new ClusterSetup(Network(validators));
        }
        bool hasRealKeys = validators == 4 && random.Chance(1, 4);
        bool jails = random.Chance(1, 2);
        return new ClusterSetup(ChurnNetwork(validators, hasRealKeys, jails))
        {
            Churns = true,
            Jails = jails,
            HasRealKeys = hasRealKeys,
        };
    }

    private static DevelopmentNetwork ChurnNetwork(int validators, bool hasRealKeys, bool jails) =>
        Networks.GetOrAdd(
            (validators, hasRealKeys
                ? jails ? NetworkKind.JailSigned : NetworkKind.ChurnSigned
                : jails ? NetworkKind.Jail : NetworkKind.Churn),
            static key => DevelopmentNetwork.CreateSignedBy(
                account => key.Kind is NetworkKind.ChurnSigned or NetworkKind.JailSigned
                    ? new LocalSigner(account.PrivateKey)
                    : new SimulatedSigner(account.Address),
                RevealsInRun, key.Validators,
                change: key.Kind is NetworkKind.Jail or NetworkKind.JailSigned
                    ? Jailing
                    : Shorten,
                candidates: 1));

    /// <summary>What to type to see a seed again.</summary>
    public static string CommandOf(ulong seed, SimulationOptions options) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"./homeostat sim --seeds 1 --seed-base {seed} --validators {options.Validators}");

    /// <summary>One network for each size: its genesis is the same for all seeds.</summary>
    internal static DevelopmentNetwork Network(int validators) =>
        Networks.GetOrAdd(
            (validators, NetworkKind.Short), static key => Create(key.Validators, Shorten));

    private static ChainConfig Shorten(ChainConfig config) => config with
    {
        Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
        LeaderTimeoutMs = (ulong)ClusterSetup.ShortTiming.LeaderTimeoutMs,
    };

    /// <summary>
    /// Absence in half of an epoch is jailed for one: with faults of seconds and epochs of a few,
    /// many are. No share of weight is given up for it, as adversaries are as many as can be borne.
    /// </summary>
    private static ChainConfig Jailing(ChainConfig config) => Shorten(config) with
    {
        Staking = Shorten(config).Staking with
        {
            Presence = 5_000,
            JailEpochs = 1,
            JailShare = 0,
        },
    };

    /// <summary>The same with the shortest epochs: one ends with every fourth block.</summary>
    internal static DevelopmentNetwork ShortestEpochs(int validators) =>
        Networks.GetOrAdd(
            (validators, NetworkKind.Shortest), static key => Create(
                key.Validators, config => Shorten(config) with
                {
                    Staking = Shorten(config).Staking with { EpochBlocks = 4 },
                }));

    /// <summary>The same with the epochs and timeouts that networks have by default.</summary>
    internal static DevelopmentNetwork LongNetwork(int validators) =>
        Networks.GetOrAdd(
            (validators, NetworkKind.Long),
            static key => Create(key.Validators, config => config));

    internal static DevelopmentNetwork Create(
        int validators, Func<ChainConfig, ChainConfig> change) =>
        DevelopmentNetwork.CreateSignedBy(
            account => new SimulatedSigner(account.Address), RevealsInRun, validators,
            change: change);

    /// <summary>Short, so that a short run has epochs begin and end among its faults.</summary>
    private const ulong EpochBlocks = 16;

    /// <summary>Blocks one validator leads in a run; a node finds its place at start.</summary>
    private const int RevealsInRun = 1_024;

    private static readonly
        ConcurrentDictionary<(int Validators, NetworkKind Kind), DevelopmentNetwork> Networks = [];

    private enum NetworkKind
    {
        Short,
        Shortest,
        Long,
        Churn,
        ChurnSigned,
        Jail,
        JailSigned,
    }

    /// <summary>Adds up what threads report.</summary>
    private sealed class Totals(SimulationOptions options, Action<SeedResult>? progress)
    {
        private readonly Lock _lock = new();
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly List<SeedFailure> _failures = [];
        private readonly List<long> _recoveriesMs = [];
        private readonly List<long> _newBlocksMs = [];
        private readonly List<long> _newBlocksTimeouts = [];
        private int _seeds, _violations, _stalls;
        private ulong _blocks;
        private long _transactions;

        public void Add(SeedResult result)
        {
            lock (_lock)
            {
                _seeds++;
                _violations += result.Violation is null ? 0 : 1;
                _stalls += result.Stall is null ? 0 : 1;
                _blocks += result.FinalizedHeight;
                _transactions += result.Transactions;
                if (result.Passed)
                {
                    _recoveriesMs.Add(result.RecoveryMs);
                    _newBlocksMs.Add(result.NewBlockMs);
                    _newBlocksTimeouts.Add(100 * result.NewBlockMs / result.TimeoutMs);
                }
                else
                {
                    _failures.Add(Failure(result, options));
                }
                progress?.Invoke(result);
            }
        }

        public SimulationResult Result()
        {
            _recoveriesMs.Sort();
            _newBlocksMs.Sort();
            _newBlocksTimeouts.Sort();
            return Sum();
        }

        private static long P95(List<long> sorted) =>
            sorted.ElementAtOrDefault(sorted.Count * 95 / 100);

        private SimulationResult Sum() => new()
        {
            Seeds = _seeds,
            Violations = _violations,
            Stalls = _stalls,
            Seconds = _watch.Elapsed.TotalSeconds,
            Blocks = _blocks,
            Transactions = _transactions,
            RecoveryP95Ms = P95(_recoveriesMs),
            RecoveryMostMs = _recoveriesMs.LastOrDefault(),
            NewBlockP95Ms = P95(_newBlocksMs),
            NewBlockMostMs = _newBlocksMs.LastOrDefault(),
            NewBlockP95Timeouts = P95(_newBlocksTimeouts),
            NewBlockMostTimeouts = _newBlocksTimeouts.LastOrDefault(),
            Failures = [.. _failures.OrderBy(failure => failure.Seed)],
        };
    }

    private static SeedFailure Failure(SeedResult result, SimulationOptions options) => new(
        result.Seed,
        result.Violation is { } violation ? $"safety: {violation}" : $"stall: {result.Stall}",
        Commit(),
        CommandOf(result.Seed, options));

    /// <summary>The commit this was built from, as the SDK writes it into the assembly.</summary>
    private static string Commit()
    {
        string version = typeof(SimulationRunner).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? "";
        int plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? "unknown" : version[(plus + 1)..];
    }
}
