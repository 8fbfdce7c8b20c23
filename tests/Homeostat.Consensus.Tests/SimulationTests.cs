using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Consensus.Tests;

/// <summary>
/// Seeds of faults and adversaries; then the network heals and must make progress.
/// </summary>
public class SimulationTests(ITestOutputHelper output)
{
    private const long FaultyMs = 6_000;

    [Fact]
    public void No_seed_breaks_safety_and_all_recover()
    {
        var failures = new List<string>();
        for (ulong seed = 1; seed <= SeedCount(250); seed++)
        {
            failures.AddRange(Run(seed, 4, PlantedBugs.None).Failures);
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Fact]
    public void Nor_with_seven_validators()
    {
        var failures = new List<string>();
        for (ulong seed = 1; seed <= SeedCount(20); seed++)
        {
            failures.AddRange(Run(seed, 7, PlantedBugs.None).Failures);
        }
        Assert.Empty(failures);
    }

    [Fact]
    public void The_same_seed_gives_the_same_events()
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            ulong digest = Run(seed, 4, PlantedBugs.None).Digest;
            Assert.Equal(digest, Run(seed, 4, PlantedBugs.None).Digest);
            Assert.NotEqual(digest, Run(seed + 1, 4, PlantedBugs.None).Digest);
        }
    }

    public static TheoryData<string> Bugs => [
        nameof(PlantedBugs.NoJournal), nameof(PlantedBugs.QuorumOffByOne),
        nameof(PlantedBugs.FinalizeAfterNullify), nameof(PlantedBugs.UncheckedCertificate),
        nameof(PlantedBugs.UncheckedParent), nameof(PlantedBugs.BodyNotStored)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_finds_its_seed(string name)
    {
        var bugs = new PlantedBugs();
        typeof(PlantedBugs).GetProperty(name)!.SetValue(bugs, true);
        for (ulong seed = 1; seed <= 1_000; seed++)
        {
            List<string> failures = Run(seed, 4, bugs).Failures;
            if (failures.Count > 0)
            {
                output.WriteLine(string.Join('\n', failures));
                return;
            }
        }
        Assert.Fail($"no seed of 1,000 shows {name}");
    }

    // HOMEOSTAT_SEEDS=10000 runs that many instead.
    private static ulong SeedCount(ulong usual) =>
        ulong.TryParse(Environment.GetEnvironmentVariable("HOMEOSTAT_SEEDS"), out ulong wanted)
            ? wanted
            : usual;

    internal static (List<string> Failures, ulong Digest) Run(
        ulong seed, int count, PlantedBugs bugs)
    {
        var random = new SeededRandom(seed);
        FaultMix mix = Mix(random);
        var adversary = (Adversary)random.NextBelow(8);
        // Without the silent one's answer a lost journal can't be replaced: two faults of four.
        mix = mix with { LosesJournals = mix.LosesJournals && adversary != Adversary.Silent };
        var cluster = new Cluster(seed, count, mix, bugs: bugs);
        Adversaries.Install(cluster, adversary, random.Fork());
        var failures = new List<string>();
        string where = $"seed {seed} ({count} validators, {adversary}): ";
        try
        {
            RunPhases(cluster, random, failures);
        }
        catch (InvariantViolation violation)
        {
            failures.Add(violation.Message);
        }
        failures.AddRange(cluster.Violations.Distinct().Take(3));
        return ([.. failures.Select(failure => where + failure)], cluster.Digest);
    }

    private static FaultMix Mix(SeededRandom random) => new()
    {
        LossPercent = random.Chance(1, 2) ? random.NextBelow(30) : 0,
        DuplicatePercent = random.NextBelow(20),
        SlowestMs = random.Chance(1, 3) ? 1_500 : random.NextBetween(5, 200),
        SlowestDiskMs = random.Chance(1, 3) ? 300 : 10,
        CrashesPerNode = random.NextBelow(4),
        LosesJournals = random.Chance(1, 4),
        Partitions = random.Chance(1, 3),
    };

    private static void RunPhases(Cluster cluster, SeededRandom random, List<string> failures)
    {
        cluster.StartAll();
        cluster.ScheduleFaults(FaultyMs);
        for (ulong i = 1; i <= 20; i++)
        {
            ulong transaction = i;
            int to = random.NextBelow(cluster.Nodes.Count);
            cluster.After(random.NextBetween(0, FaultyMs), () =>
            {
                cluster.Nodes[to].Submit(transaction);
                cluster.After(20, () => cluster.SubmitToAll(transaction));
            });
        }
        cluster.RunFor(FaultyMs);
        cluster.Heal();
        // Those down come back within a third of the faulty span; timeouts may have grown to 10 s.
        cluster.RunFor(FaultyMs / 3);
        const ulong Late = 1_000;
        cluster.SubmitToAll(Late);
        bool recovered = cluster.RunUntil(
            () => cluster.Honest.All(node => node.Included.Contains(Late)), 30_000);
        if (!recovered)
        {
            string heights = string.Join(' ', cluster.Nodes.Select(node =>
                $"{node.Chain[^1].Block.Height}@{node.Machine?.Current}"));
            failures.Add($"no progress after healing: height@view {heights}");
        }
    }
}
