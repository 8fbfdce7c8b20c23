using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a loop may do.</summary>
public enum LoopMode : byte
{
    /// <summary>The model acts, else the twin.</summary>
    Act = 0,

    /// <summary>The twin acts; the model's proposal is recorded.</summary>
    Advise = 1,

    /// <summary>The vector steps to the ratified one.</summary>
    Off = 2,
}

/// <summary>One field's rules (struct Actuator of contracts/src/Constitution.sol).</summary>
public readonly record struct ActuatorRules(
    ulong Minimum, ulong Maximum, ulong Ratified, ulong ChangedAt,
    uint StepBasisPoints, uint CooldownBlocks, uint DistanceBasisPoints)
{
    public const uint Basis = 10_000;

    /// <summary>
    /// Least value that is inside the bounds and not too far from the ratified one.
    /// </summary>
    public ulong LeastLegal => Math.Max(Minimum, DividedUp(Ratified, DistanceBasisPoints));

    /// <summary>Greatest such value.</summary>
    public ulong GreatestLegal => Math.Min(Maximum,
        (ulong)UInt128.Min((UInt128)Ratified * DistanceBasisPoints / Basis, ulong.MaxValue));

    /// <summary>Most change from a value in one decision.</summary>
    public ulong StepFrom(ulong value) =>
        (ulong)UInt128.Clamp((UInt128)value * StepBasisPoints / Basis, 1, ulong.MaxValue);

    private static ulong DividedUp(ulong value, uint basisPoints) => basisPoints == 0
        ? ulong.MaxValue
        : (ulong)UInt128.Min(
            ((UInt128)value * Basis + basisPoints - 1) / basisPoints, ulong.MaxValue);
}

/// <summary>
/// The rules of the capacity loop as steering reads them (slots 0, 1 and 4 to 11).
/// </summary>
public sealed record CapacityRules(
    ChainParameters InForce,
    LoopMode Mode,
    uint IntervalsPerLimit,
    uint SecondsPerLimit,
    IReadOnlyList<ActuatorRules> Actuators)
{
    public const int Fields = 4;
    public const ulong LoopSlot = 1;
    public const ulong OwnerSlot = 2;
    public const ulong GuardianSlot = 3;
    public const ulong ActuatorsSlot = 4;

    public ActuatorRules GasTarget => Actuators[0];

    public ActuatorRules GasLimit => Actuators[1];

    public ActuatorRules MinimumBaseFee => Actuators[2];

    public ActuatorRules BlockInterval => Actuators[3];

    public static CapacityRules Read(IStorageReader state)
    {
        // uint8 mode, uint64 since, uint32 dwell, uint32 intervals, uint32 seconds: 8, 64, 32, 32,
        // 32
        UInt256 loop = Read(state, LoopSlot);
        var actuators = new ActuatorRules[Fields];
        for (int i = 0; i < Fields; i++)
        {
            UInt256 values = Read(state, ActuatorsSlot + 2 * (ulong)i);
            UInt256 rates = Read(state, ActuatorsSlot + 2 * (ulong)i + 1);
            actuators[i] = new ActuatorRules(values.U0, values.U1, values.U2, values.U3,
                (uint)(rates.U0 & uint.MaxValue), (uint)(rates.U0 >> 32),
                (uint)(rates.U1 & uint.MaxValue));
        }
        return new CapacityRules(ChainParameters.Read(state), (LoopMode)(loop.U0 & 0xff),
            (uint)((loop >> 104).U0 & uint.MaxValue), (uint)((loop >> 136).U0 & uint.MaxValue),
            actuators);
    }

    /// <summary>The words of slots 1 and 4 to 11, for genesis.</summary>
    public void WriteTo(SortedDictionary<UInt256, UInt256> storage, uint dwellBlocks)
    {
        storage[ChainParameters.Slot] = InForce.ToWord();
        storage[LoopSlot] = (UInt256)(ulong)Mode | ((UInt256)dwellBlocks << 72) |
            ((UInt256)IntervalsPerLimit << 104) | ((UInt256)SecondsPerLimit << 136);
        for (int i = 0; i < Fields; i++)
        {
            ActuatorRules rules = Actuators[i];
            ulong slot = ActuatorsSlot + 2 * (ulong)i;
            storage[slot] = new UInt256(
                rules.Minimum, rules.Maximum, rules.Ratified, rules.ChangedAt);
            storage[slot + 1] = new UInt256(
                rules.StepBasisPoints | ((ulong)rules.CooldownBlocks << 32),
                rules.DistanceBasisPoints);
        }
    }

    private static UInt256 Read(IStorageReader state, ulong slot) =>
        state.Read(PredeployAddresses.Constitution, slot);
}
