namespace Homeostat.Steering;

/// <summary>
/// Settings of the capacity loop: the first eight of its parameters in the Constitution, and those
/// from the tenth to the twelfth.
/// </summary>
/// <param name="DecisionPeriodMs">Least time between decisions: below it a step could not be seen
/// in the next reading.</param>
/// <param name="DecisionMinimumBlocks">Least blocks between decisions, for slow chains.</param>
/// <param name="HorizonBlocks">Blocks a forecast is about, from the decision's own on.</param>
/// <param name="ObservationExpiryBlocks">Age at which an observation stops counting.</param>
/// <param name="ExecutionShareBasisPoints">Share of wall-clock time the gas target may spend on
/// execution, at the speed slow validators report.</param>
/// <param name="HeadroomBasisPoints">Gas target over forecast demand; 20,000 is twice.</param>
/// <param name="PriorNanosecondsPerKilogas">Execution speed assumed before any reading.</param>
/// <param name="BlockBudgetMs">Most time a full block may take slow validators to execute.</param>
/// <param name="QueueBlocksHundredths">Queue at which the price floor begins to rise, in hundredths
/// of what a block holds; 0: it never does.</param>
/// <param name="FloorRiseBasisPoints">The floor is at most so far above the price in force.</param>
/// <param name="FloorFallBasisPoints">Most that the floor falls in one decision.</param>
public readonly record struct LoopParameters(
    uint DecisionPeriodMs,
    uint DecisionMinimumBlocks,
    uint HorizonBlocks,
    uint ObservationExpiryBlocks,
    uint ExecutionShareBasisPoints,
    uint HeadroomBasisPoints,
    uint PriorNanosecondsPerKilogas,
    uint BlockBudgetMs,
    uint QueueBlocksHundredths,
    uint FloorRiseBasisPoints,
    uint FloorFallBasisPoints)
{
    /// <summary>
    /// What genesis writes: decisions each second; a prior of 10 ns/gas (100 Mgas/s, a slow share
    /// of a core); half of the time for execution, the rest for consensus and reads; two tenths of
    /// headroom, and a floor that holds the price while more than a block and a half could pay
    /// (docs/eval-capacity.md, "What was tuned").
    /// </summary>
    public static readonly LoopParameters Default =
        new(1_000, 2, 10, 64, 5_000, 12_000, 10_000, 1_000, 150, 300, 800);

    /// <summary>
    /// A stored observation younger than this is not written again: it saves gas.
    /// </summary>
    public uint ObservationRefreshBlocks => ObservationExpiryBlocks / 16;

    /// <summary>Those in force; all zero where the Constitution does not know the loop.</summary>
    public static LoopParameters Read(IStorageReader state) =>
        ConstitutionStorage.TryGetPlace(state, CapacityLoop.LoopName, out int place)
            ? From(ConstitutionStorage.ReadParameters(state, place))
            : default;

    public static LoopParameters From(in LoopSettings settings) => new(
        settings[0], settings[1], settings[2], settings[3],
        settings[4], settings[5], settings[6], settings[7],
        settings[10], settings[11], settings[12]);

    /// <summary>
    /// With the two bounds that the invariants of genesis read: parameters 8 and 9.
    /// </summary>
    public LoopSettings ToSettings(uint intervalsPerLimit, uint secondsPerLimit) =>
        LoopSettings.Of(
        [
            DecisionPeriodMs, DecisionMinimumBlocks, HorizonBlocks, ObservationExpiryBlocks,
            ExecutionShareBasisPoints, HeadroomBasisPoints, PriorNanosecondsPerKilogas,
            BlockBudgetMs, intervalsPerLimit, secondsPerLimit,
            QueueBlocksHundredths, FloorRiseBasisPoints, FloorFallBasisPoints,
        ]);
}
