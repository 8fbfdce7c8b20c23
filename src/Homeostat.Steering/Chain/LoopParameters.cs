using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Settings of the capacity loop: slot 2 of Steering, eight uint32, lowest first.
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
public readonly record struct LoopParameters(
    uint DecisionPeriodMs,
    uint DecisionMinimumBlocks,
    uint HorizonBlocks,
    uint ObservationExpiryBlocks,
    uint ExecutionShareBasisPoints,
    uint HeadroomBasisPoints,
    uint PriorNanosecondsPerKilogas,
    uint BlockBudgetMs)
{
    /// <summary>
    /// What genesis writes: decisions each second; a prior of 10 ns/gas (100 Mgas/s, a slow share
    /// of a core); half of the time for execution, the rest for consensus and reads.
    /// </summary>
    public static readonly LoopParameters Default =
        new(1_000, 2, 10, 64, 5_000, 20_000, 10_000, 1_000);

    /// <summary>
    /// A stored observation younger than this is not written again: it saves gas.
    /// </summary>
    public uint ObservationRefreshBlocks => ObservationExpiryBlocks / 16;

    public static LoopParameters FromWord(in UInt256 word) => new(
        Low(word.U0), High(word.U0), Low(word.U1), High(word.U1),
        Low(word.U2), High(word.U2), Low(word.U3), High(word.U3));

    public UInt256 ToWord() => new(
        Pack(DecisionPeriodMs, DecisionMinimumBlocks),
        Pack(HorizonBlocks, ObservationExpiryBlocks),
        Pack(ExecutionShareBasisPoints, HeadroomBasisPoints),
        Pack(PriorNanosecondsPerKilogas, BlockBudgetMs));

    private static uint Low(ulong value) => (uint)(value & uint.MaxValue);

    private static uint High(ulong value) => (uint)(value >> 32);

    private static ulong Pack(uint low, uint high) => low | ((ulong)high << 32);
}
