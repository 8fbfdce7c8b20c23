using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Runs seeds, one after another, and says how to see a failed one again.</summary>
public static class SimulationRunner
{
    /// <summary>Runs all seeds of the options; tells of each as it ends.</summary>
    public static SimulationResult Run(
        SimulationOptions options, Action<SeedResult>? progress = null,
        CancellationToken cancellation = default)
    {
        options.Validate();
        var watch = Stopwatch.StartNew();
        var failures = new List<SeedFailure>();
        int seeds = 0, violations = 0, stalls = 0;
        ulong blocks = 0;
        long transactions = 0;
        for (int i = 0; i < options.Seeds && !cancellation.IsCancellationRequested; i++)
        {
            SeedResult result = RunSeed(unchecked(options.SeedBase + (ulong)i), options);
            progress?.Invoke(result);
            seeds++;
            violations += result.Violation is null ? 0 : 1;
            stalls += result.Stall is null ? 0 : 1;
            blocks += result.FinalizedHeight;
            transactions += result.Transactions;
            if (!result.Passed)
            {
                failures.Add(Failure(result, options));
            }
        }
        return new SimulationResult
        {
            Seeds = seeds,
            Violations = violations,
            Stalls = stalls,
            Seconds = watch.Elapsed.TotalSeconds,
            Blocks = blocks,
            Transactions = transactions,
            Failures = failures,
        };
    }

    /// <summary>One seed; the same options give the same digest.</summary>
    public static SeedResult RunSeed(ulong seed, SimulationOptions options) =>
        new Simulation(seed, options, new ClusterSetup(Network(options.Validators))).Run();

    /// <summary>What to type to see a seed again.</summary>
    public static string CommandOf(ulong seed, SimulationOptions options) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"./homeostat sim --seeds 1 --seed-base {seed} --validators {options.Validators}");

    /// <summary>One network for each size: its genesis is the same for all seeds.</summary>
    internal static DevelopmentNetwork Network(int validators)
    {
        lock (Networks)
        {
            if (!Networks.TryGetValue(validators, out DevelopmentNetwork? network))
            {
                network = DevelopmentNetwork.CreateSignedBy(
                    account => new SimulatedSigner(account.Address), RevealsInRun, validators);
                Networks.Add(validators, network);
            }
            return network;
        }
    }

    /// <summary>Blocks one validator leads in a run; a node finds its place at start.</summary>
    private const int RevealsInRun = 1_024;

    private static readonly Dictionary<int, DevelopmentNetwork> Networks = [];

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
