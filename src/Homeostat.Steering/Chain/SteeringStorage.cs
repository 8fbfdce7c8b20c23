using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>Slot 0 of Steering: the last block that stepped, and the count of decisions.</summary>
public readonly record struct SteeringHead(Height Height, ulong TimeMs, ulong NextDecision)
{
    public static SteeringHead FromWord(in UInt256 word) =>
        new(new Height(word.U0), word.U1, word.U2);

    public UInt256 ToWord() => new(Height.Value, TimeMs, NextDecision, 0);
}

/// <summary>A loop's counters and its last decision's place.</summary>
/// <param name="Decided">Decisions so far.</param>
/// <param name="Scored">Of these, those with an outcome or dropped.</param>
/// <param name="LastHeight">Of the last decision.</param>
/// <param name="LastTimeMs">Of that block.</param>
public readonly record struct LoopHead(
    ulong Decided, ulong Scored, Height LastHeight, ulong LastTimeMs)
{
    public static LoopHead FromWord(in UInt256 word) =>
        new(word.U0, word.U1, new Height(word.U2), word.U3);
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
/// slot by slot after their first; the rest are mappings.
/// </summary>
public sealed class SteeringStorage(IStorageReader state)
{
    public const ulong RingSize = 8192;
    public const ulong DecisionRingSize = 64;

    public const ulong HeadSlot = 0;
    public const ulong EstimatorsSlot = 1;
    public const ulong WordsSlot = 2;
    public const ulong ObservationsSlot = 3;
    public const ulong RootsSlot = 4;
    public const ulong RecordsSlot = RootsSlot + RingSize;
    public const ulong SignalsSlot = RecordsSlot + RingSize;
    public const ulong LoopsSlot = SignalsSlot + 1;
    public const ulong PendingSlot = SignalsSlot + 2;
    public const ulong OutcomesSlot = SignalsSlot + 3;
    public const ulong AttestationsSlot = SignalsSlot + 4;

    public SteeringHead Head => SteeringHead.FromWord(Read(HeadSlot));

    public Estimators Estimators => Estimators.FromWord(Read(EstimatorsSlot));

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

    public LoopHead Loop(in Hash256 loop) => LoopHead.FromWord(
        Read(StorageLayout.MappingSlot(UInt256.FromHash256(loop), LoopsSlot)));

    /// <summary>The loop's n-th decision while it waits for its outcome.</summary>
    public bool TryGetPending(in Hash256 loop, ulong n, out PendingOutcome pending)
    {
        UInt256 word = Read(StorageLayout.MappingSlot(
            UInt256.FromHash256(KeyOf(loop, (byte)(n % DecisionRingSize))), PendingSlot));
        pending = new PendingOutcome(word.U0, new Height(word.U1),
            Fixed.FromRaw(unchecked((long)word.U2)), Fixed.FromRaw(unchecked((long)word.U3)));
        return pending.DecidedAt.Value != 0;
    }

    /// <summary>What came of the loop's last scored decision, and how far off each was.</summary>
    public (Fixed Realised, Fixed ModelError, Fixed TwinError) LastOutcome(in Hash256 loop)
    {
        UInt256 word = Read(StorageLayout.MappingSlot(UInt256.FromHash256(loop), OutcomesSlot));
        return (Fixed.FromRaw(unchecked((long)word.U0)), Fixed.FromRaw(unchecked((long)word.U1)),
            Fixed.FromRaw(unchecked((long)word.U2)));
    }

    /// <summary>A word of a loop's own state.</summary>
    public UInt256 ReadWord(in Hash256 loop, byte index) => Read(StorageLayout.MappingSlot(
        UInt256.FromHash256(KeyOf(loop, index)), WordsSlot));

    /// <summary>A loop's name with a number in its last byte, which a name leaves free.</summary>
    public static Hash256 KeyOf(in Hash256 loop, byte index)
    {
        byte[] key = loop.ToArray();
        key[^1] = index;
        return new Hash256(key);
    }

    /// <summary>What the validator signalled last.</summary>
    public ObservationSignals Signals(in Address validator)
    {
        UInt256 key = validator.ToWord();
        return new ObservationSignals(
            Read(StorageLayout.MappingSlot(key, SignalsSlot)).ToHash256(),
            Read(StorageLayout.MappingSlot(key, AttestationsSlot)).ToHash256());
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

    private UInt256 Read(in UInt256 slot) => state.Read(PredeployAddresses.Steering, slot);
}
