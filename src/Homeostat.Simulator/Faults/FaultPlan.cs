using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// The faults of one seed. Every fault has ended at <see cref="HealedUs"/>; before that anything
/// may overlap, also more nodes down than the protocol needs for progress: safety must hold
/// whatever happens, progress is demanded only after the healing.
/// </summary>
internal sealed record FaultPlan(IReadOnlyList<PlannedFault> Faults, long HealedUs)
{
    private const long Second = 1_000_000;

    /// <summary>No faults at all: the healthy network.</summary>
    public static FaultPlan Calm { get; } = new([], 0);

    /// <summary>A mix drawn from the seed over the given time.</summary>
    public static FaultPlan Draw(SeededRandom random, int nodes, long lengthUs)
    {
        var faults = new List<PlannedFault>();
        int count = 3 + random.NextBelow(8);
        for (int i = 0; i < count; i++)
        {
            long at = random.NextBetween(lengthUs / 20, lengthUs);
            faults.Add(new PlannedFault(at, DrawOne(random, nodes, lengthUs - at)));
        }
        faults.Sort((x, y) => x.AtUs.CompareTo(y.AtUs));
        return new FaultPlan(faults, lengthUs);
    }

    /// <summary>
    /// The same plan with one disk lost, or one journal torn, on the way. A validator whose journal
    /// is gone counts among the faulty ones the protocol bears, so a plan has at most one, and no
    /// adversary beside it.
    /// </summary>
    public FaultPlan WithLostDisk(SeededRandom random, int nodes)
    {
        long at = random.NextBetween(HealedUs / 4, HealedUs);
        long downUs = Math.Min(HealedUs - at, random.NextBetween(Second / 5, 4 * Second));
        int node = random.NextBelow(nodes);
        var lost = new PlannedFault(
            at,
            random.Chance(1, 2)
                ? new Fault.LostDisk(node, downUs)
                : new Fault.TornJournal(node, downUs));
        return this with { Faults = [.. Faults.Append(lost).OrderBy(fault => fault.AtUs)] };
    }

    private static Fault DrawOne(SeededRandom random, int nodes, long leftUs)
    {
        long length = Math.Min(leftUs, random.NextBetween(Second / 5, 6 * Second));
        int node = random.NextBelow(nodes);
        return random.NextBelow(100) switch
        {
            < 10 => new Fault.Crash(node, LosesPower: false, length),
            < 20 => new Fault.Restart(node, length),
            < 38 => new Fault.Crash(node, LosesPower: true, length),
            < 43 => new Fault.Blackout(length),
            < 55 => new Fault.Partition(DrawMask(random, nodes), OneWay: false, length),
            < 61 => new Fault.Partition(DrawMask(random, nodes), OneWay: true, length),
            < 68 => new Fault.Flapping(
                DrawMask(random, nodes), random.NextBetween(Second / 20, Second), length),
            < 83 => new Fault.BadLinks(DrawLinks(random), length),
            < 88 => new Fault.SlowDisk(node, random.NextBetween(10_000, 400_000), length),
            < 93 => new Fault.FullDisk(node, length),
            < 96 => new Fault.ClockDrift(node, random.NextBetween(-200, 201), length),
            _ => new Fault.ClockJump(node, random.NextBetween(-3_000, 3_001), length),
        };
    }

    /// <summary>At least one node on each side.</summary>
    private static ulong DrawMask(SeededRandom random, int nodes)
    {
        ulong all = nodes == 64 ? ulong.MaxValue : (1UL << nodes) - 1;
        ulong mask = random.NextUInt64() & all;
        return mask == 0 || mask == all ? 1UL : mask;
    }

    private static NetworkFaults DrawLinks(SeededRandom random) => new()
    {
        MaxDelayUs = random.NextBetween(5_000, 150_000),
        LossPerMille = random.NextBelow(200),
        DuplicatePerMille = random.NextBelow(100),
        LatePerMille = random.NextBelow(200),
        LongDelayUs = random.NextBetween(50_000, 1_500_000),
    };
}
