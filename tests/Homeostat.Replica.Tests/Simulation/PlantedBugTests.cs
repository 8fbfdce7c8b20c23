using Homeostat.Consensus;
using Homeostat.Simulator;
using Xunit.Abstractions;

namespace Homeostat.Replica.Tests;

/// <summary>
/// A test of the simulator itself (issue 4, point 2): faults planted in the consensus of all honest
/// validators must be found. The seeds that a run of the suite looks at are chosen to find them
/// soon; with HOMEOSTAT_PLANTED_SEEDS=1000 each is looked for from seed 1 on.
/// </summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int UsualSeeds = 60;

    [Theory]
    [InlineData(nameof(PlantedBugs.NoJournal), 15UL)]
    [InlineData(nameof(PlantedBugs.QuorumOffByOne), 15UL)]
    [InlineData(nameof(PlantedBugs.FinalizeAfterNullify), 1UL)]
    [InlineData(nameof(PlantedBugs.UncheckedCertificate), 1UL)]
    [InlineData(nameof(PlantedBugs.UncheckedParent), 75UL)]
    [InlineData(nameof(PlantedBugs.BodyNotStored), 35UL)]
    [InlineData(nameof(PlantedBugs.EpochFromUnfinalized), 1UL)]
    public void A_planted_bug_finds_its_seed(string name, ulong seedBase)
    {
        var bugs = new PlantedBugs();
        typeof(PlantedBugs).GetProperty(name)!.SetValue(bugs, true);
        // What goes wrong where epochs end is looked for where they end often.
        var setup = new ClusterSetup(bugs.EpochFromUnfinalized
            ? SimulationRunner.ShortestEpochs(4)
            : SimulationRunner.Network(4))
        {
            Bugs = bugs,
            ChecksVotes =
                Environment.GetEnvironmentVariable("HOMEOSTAT_PLANTED_VOTES") != "unchecked",
        };
        bool isFull = int.TryParse(
            Environment.GetEnvironmentVariable("HOMEOSTAT_PLANTED_SEEDS"), out int seeds);
        (ulong first, int count) = isFull ? (1UL, seeds) : (seedBase, UsualSeeds);
        for (int i = 0; i < count; i++)
        {
            ulong seed = first + (ulong)i;
            SeedResult result = new Simulation(seed, new SimulationOptions(), setup).Run();
            // A lost body breaks progress alone; the others break safety, and are to show that.
            string? found = result.Violation ?? (bugs.BodyNotStored ? result.Stall : null);
            if (found is not null)
            {
                output.WriteLine($"{name}: seed {seed}, {i + 1} looked at: {found}");
                return;
            }
        }
        Assert.Fail($"no seed of {count} from {first} shows {name}");
    }
}
