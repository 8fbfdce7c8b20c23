using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// A ruling asked of the Constitution (DecisionInput of contracts/src/Steering.sol).
/// </summary>
public sealed record DecisionInput(
    Hash256 Loop,
    Hash256 ModelHash,
    Hash256 InputsHash,
    SteeringFailure Failure,
    Fixed ModelOutput,
    Fixed TwinOutput,
    IReadOnlyList<ulong> Readings,
    IReadOnlyList<ulong> ModelProposal,
    IReadOnlyList<ulong> TwinProposal,
    IReadOnlyList<Fixed> Features,
    IReadOnlyList<Fixed> Attributions,
    IReadOnlyList<Hash256> Champions,
    IReadOnlyList<Fixed> Outputs,
    IReadOnlyList<ulong> Failures);

/// <summary>A word of a loop's own state to be written.</summary>
public readonly record struct LoopWord(Hash256 Key, UInt256 Value);

/// <summary>What came of the loop's oldest decision not yet scored.</summary>
public sealed record OutcomeInput(Hash256 Loop, Fixed Realised);

/// <summary>The arguments of `step` (contracts/src/Steering.sol).</summary>
public sealed record StepCall(
    ulong TimeMs,
    Hash256 PayloadHash,
    ulong DemandGas,
    ulong BaseFee,
    UInt256 Estimators,
    IReadOnlyList<SignedObservation> Observations,
    IReadOnlyList<ChangedSignals> Signals,
    IReadOnlyList<LoopWord> Words,
    IReadOnlyList<DecisionInput> Decisions,
    IReadOnlyList<OutcomeInput> Outcomes)
{
    /// <summary>The block's, as its payload names it.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Calldata for the ValidatorSet predeploy; empty for none.</summary>
    public ReadOnlyMemory<byte> Evidence { get; init; }

    /// <summary>The function's signature, whose hash begins the calldata.</summary>
    public const string Signature =
        "step((uint64,bytes32,uint64,uint64,bytes32,uint64,bytes),(address,bytes24)[]," +
        "(address,bytes32,bytes32)[],(bytes32,bytes32)[]," +
        "(bytes32,bytes32,bytes32,uint16,int64,int64," +
        "uint64[],uint64[],uint64[],int64[],int64[],bytes32[],int64[],uint16[])[]," +
        "(bytes32,int64)[])";

    private static readonly byte[] Selector =
        Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(Signature)).Bytes[..4].ToArray();

    public byte[] Encode()
    {
        byte[] arguments = new AbiTuple()
            .AddDynamic(new AbiTuple()
                .Add((UInt256)TimeMs).Add(PayloadHash).Add((UInt256)DemandGas)
                .Add((UInt256)BaseFee).Add(Estimators).Add((UInt256)Epoch)
                .AddBytes(Evidence.Span))
            .Add([.. Observations.Select(Encode)], tuplesAreDynamic: false)
            .Add([.. Signals.Select(Encode)], tuplesAreDynamic: false)
            .Add([.. Words.Select(Encode)], tuplesAreDynamic: false)
            .Add([.. Decisions.Select(Encode)], tuplesAreDynamic: true)
            .Add([.. Outcomes.Select(Encode)], tuplesAreDynamic: false)
            .Encode();
        return [.. Selector, .. arguments];
    }

    private static AbiTuple Encode(SignedObservation observation) =>
        new AbiTuple().Add(observation.Validator)
            .AddLeftAligned(observation.Encoded.Span[..Observation.Size]);

    private static AbiTuple Encode(ChangedSignals change) =>
        new AbiTuple().Add(change.Validator)
            .Add(change.Signals.Revision).Add(change.Signals.Attestation);

    private static AbiTuple Encode(LoopWord word) =>
        new AbiTuple().Add(word.Key).Add(word.Value);

    private static AbiTuple Encode(DecisionInput decision) =>
        new AbiTuple()
            .Add(decision.Loop).Add(decision.ModelHash).Add(decision.InputsHash)
            .Add((UInt256)(ulong)decision.Failure)
            .Add(decision.ModelOutput.Raw).Add(decision.TwinOutput.Raw)
            .Add(decision.Readings).Add(decision.ModelProposal).Add(decision.TwinProposal)
            .Add(decision.Features).Add(decision.Attributions)
            .Add(decision.Champions).Add(decision.Outputs).Add(decision.Failures);

    private static AbiTuple Encode(OutcomeInput outcome) =>
        new AbiTuple().Add(outcome.Loop).Add(outcome.Realised.Raw);
}
