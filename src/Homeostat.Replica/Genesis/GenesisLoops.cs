using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The loops a network starts with, in the order of their places in the Constitution, and the
/// invariants across them. A loop is added here, in <see cref="SteeringLoops.All"/>, and nowhere
/// else.
/// </summary>
public static class GenesisLoops
{
    /// <summary>Least blocks between two switches of a loop's mode by its owner.</summary>
    public const uint ModeDwellBlocks = 32;

    /// <summary>Capacity's place: its vector is slot 0, which block validity reads.</summary>
    public const int CapacityPlace = 0;

    /// <summary>The last one's: rules read the others.</summary>
    public const int RulesPlace = 2;

    /// <summary>Wei per gas that validators share, in every class.</summary>
    public const ulong InclusionFee = 1_000_000;

    private const uint IntervalsPerLimit = 1;
    private const uint SecondsPerLimit = 12;
    private const uint StepBasisPoints = 2_500;
    private const uint CooldownBlocks = 2;
    private const uint DistanceBasisPoints = 40_000;

    public static IReadOnlyList<LoopGenesis> All(ChainConfig config) =>
    [
        Capacity(config.Capacity), OrderingGenesis.Loop(ModeDwellBlocks),
        RulesGenesis.Loop(config.Voting, ModeDwellBlocks),
        ConsensusGenesis.Loop(config, ModeDwellBlocks),
    ];

    public static IReadOnlyList<InvariantCode> Invariants() =>
    [
        .. CapacityRules.Invariants(CapacityPlace),
        .. SteeringProgram.OrderingInvariants(OrderingParameters.Place),
        .. RulesGenesis.Invariants(RulesPlace, OrderingParameters.Place),
    ];

    /// <summary>
    /// Any ratified vector may move by a factor of four either way, inside bounds that hold
    /// whatever people ratify, a quarter at a time.
    /// </summary>
    /// <remarks>
    /// The twin acts and the model is recorded: out of sample it does not beat its twin
    /// (docs/evidence.md, "Capacity").
    /// </remarks>
    public static LoopGenesis Capacity(in ChainParameters ratified) => new(
        SteeringProgram.CapacityLoopName, LoopMode.Advise, ModeDwellBlocks,
        LoopParameters.Default.ToSettings(IntervalsPerLimit, SecondsPerLimit),
        [
            Rules(1_000_000, 1_000_000_000, ratified.GasTargetPerSecond),
            // Osaka's largest transaction is 2^24 gas: one must fit beside transaction 0.
            Rules(20_000_000, 1_000_000_000, ratified.GasLimit),
            Rules(0, 1_000_000_000_000, ratified.MinimumBaseFee),
            Rules(50, 60_000, ratified.BlockIntervalMs),
        ]);

    /// <summary>The capacity rules as they stand at genesis.</summary>
    public static CapacityRules InitialRules(in ChainParameters ratified)
    {
        LoopGenesis loop = Capacity(ratified);
        return CapacityRules.From(new LoopRules(
            CapacityPlace, loop.Mode, [.. loop.Actuators.Select(a => a.Ratified)],
            loop.Parameters, loop.Actuators));
    }

    private static ActuatorRules Rules(ulong minimum, ulong maximum, ulong ratified) => new(
        minimum, maximum, ratified, 0, StepBasisPoints, CooldownBlocks, DistanceBasisPoints);
}
