using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>Slot 0 of Steering: the last block that stepped, and the counters.</summary>
public readonly record struct SteeringHead(
    Height Height, ulong TimeMs, ulong NextDecision, ulong NextOutcome)
{
    public static SteeringHead FromWord(in UInt256 word) =>
        new(new Height(word.U0), word.U1, word.U2, word.U3);

    public UInt256 ToWord() => new(Height.Value, TimeMs, NextDecision, NextOutcome);
}

/// <summary>What Steering keeps of a block, with the demand and base fee of its parent.</summary>
public readonly record struct BlockRecord(
    Height Height, ulong TimeMs, ulong ParentDemandGas, ulong ParentBaseFee)
{
    public static BlockRecord FromWord(in UInt256 word) =>
        new(new Height(word.U0), word.U1, word.U2, word.U3);

    public UInt256 ToWord() => new(Height.Value, TimeMs, ParentDemandGas, ParentBaseFee);
}

/// <summary>A decision whose forecasts have not been scored yet.</summary>
public readonly record struct PendingOutcome(
    ulong Id, Height DecidedAt, Fixed ModelOutput, Fixed TwinOutput);

/// <summary>
/// Steering's storage by its documented layout (docs/spec/steering.md, "Storage"). Fixed arrays lie
/// slot by slot after their first; only observations are a mapping.
/// </summary>
public sealed class SteeringStorage(IStorageReader state)
{
    public const ulong RingSize = 8192;
    public const ulong DecisionRingSize = 64;

    public const ulong HeadSlot = 0;
    public const ulong EstimatorsSlot = 1;
    public const ulong ParametersSlot = 2;
    public const ulong ObservationsSlot = 3;
    public const ulong RootsSlot = 4;
    public const ulong RecordsSlot = RootsSlot + RingSize;
    public const ulong PendingSlot = RecordsSlot + RingSize;

    public SteeringHead Head => SteeringHead.FromWord(Read(HeadSlot));

    public Estimators Estimators => Estimators.FromWord(Read(EstimatorsSlot));

    public LoopParameters Parameters => LoopParameters.FromWord(Read(ParametersSlot));

    /// <summary>The block's record, or false when the ring holds another one's.</summary>
    public bool TryGetRecord(Height height, out BlockRecord record)
    {
        record = BlockRecord.FromWord(Read(RecordsSlot + height.Value % RingSize));
        return record.Height == height && record.TimeMs != 0;
    }

    /// <summary>
    /// Root of the block's consensus payload, or zero when it is not kept any more.
    /// </summary>
    public Hash256 PayloadRoot(Height height) =>
        TryGetRecord(height, out _)
            ? Read(RootsSlot + height.Value % RingSize).ToHash256()
            : Hash256.Zero;

    public bool TryGetPending(ulong id, out PendingOutcome pending)
    {
        UInt256 word = Read(PendingSlot + id % DecisionRingSize);
        pending = new PendingOutcome(word.U0, new Height(word.U1),
            Fixed.FromRaw(unchecked((long)word.U2)), Fixed.FromRaw(unchecked((long)word.U3)));
        return pending.Id == id && pending.DecidedAt.Value != 0;
    }

    /// <summary>
    /// The validator's latest valid observation and the height it was recorded at.
    /// </summary>
    public bool TryGetObservation(in Address validator, out Observation observation, out Height at)
    {
        UInt256 slot = StorageLayout.MappingSlot(validator.ToWord(), ObservationsSlot);
        byte[] word = state.Read(PredeployAddresses.Steering, slot).ToBigEndian();
        at = new Height(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(
            word.AsSpan(Observation.Size)));
        return Observation.TryDecode(word.AsSpan(0, Observation.Size), out observation, out _);
    }

    private UInt256 Read(ulong slot) => state.Read(PredeployAddresses.Steering, slot);
}
