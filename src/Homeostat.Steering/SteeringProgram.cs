using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>One validator's observation as the parent's notarization carries it.</summary>
/// <param name="Validator">The voter's address.</param>
/// <param name="Encoded">Bytes as signed; an undecodable one is left out by the program.</param>
public readonly record struct SignedObservation(Address Validator, ReadOnlyMemory<byte> Encoded);

/// <summary>
/// What transaction 0 of a block depends on beyond its parent's state: all of it is known to the
/// proposer before it builds and to every validator before it executes.
/// </summary>
/// <param name="Height">The block's number.</param>
/// <param name="TimeMs">The block's time.</param>
/// <param name="PayloadHash">Hash of the consensus payload, the header's
/// parentBeaconBlockRoot.</param>
/// <param name="ParentGasUsed">gasUsed of the parent's header (0 for genesis).</param>
/// <param name="ParentSteeringGas">Gas of the parent's own transaction 0 (its first receipt; 0 for
/// genesis). It burned no base fee, so it is no demand.</param>
/// <param name="ParentBaseFee">baseFeePerGas of the parent's header.</param>
/// <param name="Observations">Those in the parent's notarization, in any order.</param>
public sealed record BlockFacts(
    Height Height,
    ulong TimeMs,
    Hash256 PayloadHash,
    ulong ParentGasUsed,
    ulong ParentSteeringGas,
    UInt256 ParentBaseFee,
    IReadOnlyList<SignedObservation> Observations)
{
    /// <summary>The block's view; 0 where there is no consensus and no leader.</summary>
    public ulong View { get; init; }

    public ulong ParentView { get; init; }

    /// <summary>
    /// <see cref="ValidatorStorage.HashOf"/> of those who vote on the block, as its payload has it;
    /// zero where there is no consensus. A recovery leaves some of the state's set out.
    /// </summary>
    public Hash256 Voters { get; init; }

    /// <summary>The block's epoch, as its payload names it; 0 where there is none.</summary>
    public ulong Epoch { get; init; }

    /// <summary>
    /// Calldata of the ValidatorSet's `slash`, of the evidence in the payload; empty for none.
    /// </summary>
    public ReadOnlyMemory<byte> Evidence { get; init; }
}

/// <summary>
/// Transaction 0: the protocol's own call to the Steering predeploy in every block.
/// </summary>
public static class SteeringProgram
{
    /// <summary>Where transaction 0 goes.</summary>
    public static Address Target => PredeployAddresses.Steering;

    /// <summary>
    /// Gas limit of transaction 0 but in an epoch's last block. A constant of the protocol: the
    /// builder keeps this much of the block's gas free (docs/spec/steering.md gives the measured
    /// use).
    /// </summary>
    public const ulong GasLimit = 2_000_000;

    /// <summary>
    /// The same in an epoch's last block, which writes the next set: of 128 validators at most.
    /// </summary>
    public const ulong EpochEndGasLimit = 6_000_000;

    /// <summary>The gas limit of the transaction 0 of this height, a child of the state.</summary>
    public static ulong GasLimitAt(IStorageReader parentState, Height height) =>
        EpochClock.Read(parentState).IsLast(height) ? EpochEndGasLimit : GasLimit;

    /// <summary>The ordering loop's name on chain: "ordering" as bytes32 text.</summary>
    public static Hash256 OrderingLoopName => OrderingLoop.LoopName;

    /// <summary>The consensus loop's name on chain: "consensus" as bytes32 text.</summary>
    public static Hash256 ConsensusLoopName => ConsensusLoop.LoopName;

    /// <summary>Names the features of the consensus loop in a model's encoding.</summary>
    public static byte ConsensusFeatureSet => FeatureSets.Free(ConsensusLoop.FeatureCount);

    /// <summary>See <see cref="OrderingLoop.Invariants"/>.</summary>
    public static IReadOnlyList<InvariantCode> OrderingInvariants(int place) =>
        OrderingLoop.Invariants(place);

    /// <summary>The capacity loop's name on chain: "capacity" as bytes32 text.</summary>
    public static Hash256 CapacityLoopName => CapacityLoop.LoopName;

    /// <summary>
    /// Observations recorded in one block, so that its gas stays bounded at any n.
    /// </summary>
    public const int MaximumObservations = 8;

    /// <summary>Decisions in one block, of different loops; others wait a block.</summary>
    public const int MaximumDecisions = 2;

    /// <summary>Outcomes in one block, of different loops.</summary>
    public const int MaximumOutcomes = 2;

    /// <summary>
    /// The calldata of the block's transaction 0: a pure function that every validator recomputes.
    /// Never throws: whatever fails inside gives the twin, or no decision, and the event says why.
    /// </summary>
    public static byte[] Transaction0(IStorageReader parentState, BlockFacts facts) =>
        Compose(parentState, facts).Encode();

    /// <summary>The same before encoding.</summary>
    public static StepCall Compose(IStorageReader parentState, BlockFacts facts)
    {
        try
        {
            return new StepComposer(parentState, facts).Compose();
        }
#pragma warning disable CA1031 // A bug here must not stop the chain: this block decides nothing.
        catch (Exception)
#pragma warning restore CA1031
        {
            return StepComposer.ContextOnly(parentState, facts);
        }
    }
}
