using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// One seed: a cluster with load, faults until the healing, then the demand that it goes on. The
/// safety checks look at every effect on the way.
/// </summary>
internal sealed class Simulation
{
    private const long Second = 1_000_000;

    /// <summary>Blocks that must become final, on every node, after the healing.</summary>
    private const ulong BlocksAfterHealing = 3;

    /// <summary>
    /// Until a new block is final somewhere, in timeouts as they are in force when the last fault
    /// heals; until all nodes have three, in those that <see cref="ClusterSetup.Timing"/> grows to.
    /// </summary>
    private const int TimeoutsToRecover = 10;

    private readonly ulong _seed;
    private readonly SimulationOptions _options;
    private readonly SeededRandom _random;
    private readonly ClusterSetup _setup;

    public Simulation(ulong seed, SimulationOptions options, ClusterSetup setup)
    {
        (_seed, _options, _setup) = (seed, options, setup);
        _random = new SeededRandom(seed ^ 0x53494d);
        Cluster = new Cluster(seed, setup);
        Churn = setup.Churns
            ? new StakeChurn(
                Cluster, setup, new SeededRandom(seed ^ 0x5354414b),
                options.FaultSeconds * Second)
            : null;
    }

    public Cluster Cluster { get; }

    /// <summary>Null where the set of genesis stands.</summary>
    public StakeChurn? Churn { get; }

    public SeedResult Run()
    {
        FaultPlan plan = FaultPlan.Draw(
            _random.Fork(), _options.Validators, _options.FaultSeconds * Second);
        if (!TryCorrupt() && _options.Validators >= 4 && _random.Chance(1, 4))
        {
            plan = plan.WithLostDisk(_random.Fork(), _options.Validators);
        }
        string? violation = null;
        string? stall = null;
        long recoveryMs = 0;
        long newBlockMs = 0;
        long timeoutMs = 0;
        try
        {
            Cluster.StartAll();
            long deadlineUs = plan.HealedUs
                + TimeoutsToRecover * _setup.Timing.MaxTimeoutMs * 1_000;
            Cluster.Load(_options.TransactionsPerSecond, deadlineUs);
            var injector = new FaultInjector(Cluster);
            injector.Plan(plan);
            Cluster.RunUntil(plan.HealedUs);
            timeoutMs = Cluster.LeaderTimeoutMs(_setup.Timing);
            injector.Heal();
            Cluster.ResubmitToAll();
            stall = AwaitNewBlock(plan.HealedUs, timeoutMs);
            newBlockMs = (Cluster.NowUs - plan.HealedUs) / 1_000;
            stall = Recover(deadlineUs) ?? stall;
            recoveryMs = (Cluster.NowUs - plan.HealedUs) / 1_000;
        }
        catch (SafetyViolation broken)
        {
            violation = broken.Message;
        }
#pragma warning disable CA1031 // Whatever a node throws ends the run with its seed.
        catch (Exception thrown)
        {
            violation = $"a node threw: {thrown}";
        }
#pragma warning restore CA1031
        return Result(violation ?? Halted(), stall, recoveryMs) with
        {
            NewBlockMs = newBlockMs,
            TimeoutMs = timeoutMs,
        };
    }

    /// <summary>
    /// Every second seed has validators that do not keep to the protocol: one, or up to a third.
    /// </summary>
    private bool TryCorrupt()
    {
        int bearable = (_options.Validators - 1) / 3;
        bool isCorrupt = _random.Chance(1, 2) || _setup.HasRealKeys;
        if (bearable == 0 || !isCorrupt)
        {
            return false;
        }
        int count = _random.Chance(1, 2) ? 1 : 1 + _random.NextBelow(bearable);
        int first = _random.NextBelow(_options.Validators);
        var draw = new AdversaryDraw(Cluster, _setup, _random);
        for (int i = 0; i < count; i++)
        {
            draw.Corrupt((first + i) % _options.Validators);
        }
        return true;
    }

    /// <summary>Some block proposed after the healing becomes final on some honest node.</summary>
    private string? AwaitNewBlock(long healedUs, long timeoutMs)
    {
        Height before = Cluster.Checks.Highest;
        long healedMs = SimulatedNode.StartMs + healedUs / 1_000;
        bool HasNew() => Cluster.Checks.Highest > before
            && Cluster.Checks.HighestTimeMs >= healedMs;
        return Cluster.RunUntil(healedUs + TimeoutsToRecover * timeoutMs * 1_000, HasNew)
            ? null
            : $"no new block is final {TimeoutsToRecover} timeouts of {timeoutMs} ms after the "
                + $"healing: height {before}";
    }

    private string? Recover(long deadlineUs)
    {
        ulong target = Cluster.Checks.Highest.Value + BlocksAfterHealing;
        bool HasRecovered() => Cluster.Nodes.All(node =>
            !Cluster.IsHonest(node.Index) || Cluster.Checks.Announced(node.Index).Value >= target);
        if (Cluster.RunUntil(deadlineUs, HasRecovered))
        {
            return null;
        }
        string heights = string.Join(
            ", ", Cluster.Nodes.Select(node => Cluster.Checks.Announced(node.Index)));
        return $"not all nodes have block {target} final {TimeoutsToRecover} timeouts after the "
            + $"healing: heights {heights}";
    }

    private string? Halted()
    {
        SimulatedNode? halted = Cluster.Nodes.FirstOrDefault(
            node => node.HaltReason is not null && Cluster.IsHonest(node.Index));
        return halted is null ? null : $"node {halted.Index} halted: {halted.HaltReason}";
    }

    private SeedResult Result(string? violation, string? stall, long recoveryMs) => new()
    {
        Seed = _seed,
        Digest = Cluster.Digest,
        Violation = violation,
        Stall = violation is null ? stall : null,
        FinalizedHeight = Cluster.Checks.Highest.Value,
        Transactions = Cluster.Checks.Transactions,
        RecoveryMs = recoveryMs,
        Events = Cluster.Events,
    };
}
