using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The Constitution predeploy by its documented layout (docs/spec/steering.md, "Storage").
/// </summary>
public static class ConstitutionStorage
{
    public const int MaximumLoops = 16;
    public const int MaximumFields = 8;
    public const int MaximumInvariants = 16;

    /// <summary>uint32 settings of a loop.</summary>
    public const int ParametersOfLoop = 16;

    public const ulong VectorsSlot = 0;
    public const ulong ParametersSlot = 32;
    public const ulong LoopsSlot = 64;
    public const ulong NamesSlot = 80;
    public const ulong OwnerSlot = 96;
    public const ulong GuardianSlot = 97;
    public const ulong PlacesSlot = 98;
    public const ulong InvariantsSlot = 99;
    public const ulong ActuatorsSlot = 131;

    /// <summary>The loop's place, or false when the Constitution does not know it.</summary>
    public static bool TryGetPlace(IStorageReader state, in Hash256 loop, out int place)
    {
        UInt256 word = Read(state, StorageLayout.MappingSlot(
            UInt256.FromHash256(loop), PlacesSlot));
        bool isKnown = word.IsUInt64 && word.U0 is > 0 and <= MaximumLoops;
        place = isKnown ? (int)word.U0 - 1 : -1;
        return isKnown;
    }

    /// <summary>A loop's rules, or null when the Constitution does not know it.</summary>
    public static LoopRules? ReadLoop(IStorageReader state, in Hash256 loop)
    {
        if (!TryGetPlace(state, loop, out int place))
        {
            return null;
        }
        UInt256 word = Read(state, LoopsSlot + (ulong)place);
        int fields = Math.Min((int)((word.U0 >> 8) & 0xff), MaximumFields);
        var actuators = new ActuatorRules[fields];
        for (int i = 0; i < fields; i++)
        {
            actuators[i] = ReadActuator(state, MaximumFields * place + i);
        }
        return new LoopRules(
            place, (LoopMode)(word.U0 & 0xff), ReadVector(state, place, fields),
            ReadParameters(state, place), actuators);
    }

    /// <summary>The vector in force of a loop whose place and length are known.</summary>
    public static ulong[] ReadVector(IStorageReader state, int place, int fields)
    {
        UInt256 low = Read(state, VectorsSlot + 2 * (ulong)place);
        UInt256 high = fields > 4 ? Read(state, VectorsSlot + 2 * (ulong)place + 1) : default;
        ulong[] all = [low.U0, low.U1, low.U2, low.U3, high.U0, high.U1, high.U2, high.U3];
        return all[..fields];
    }

    /// <summary>The field's value in the vector in force, of any loop.</summary>
    public static ulong ReadField(IStorageReader state, int place, int field)
    {
        UInt256 word = Read(state, VectorsSlot + 2 * (ulong)place + (ulong)(field / 4));
        return (word >> (64 * (field % 4))).U0;
    }

    public static LoopSettings ReadParameters(IStorageReader state, int place) => new(
        Read(state, ParametersSlot + 2 * (ulong)place),
        Read(state, ParametersSlot + 2 * (ulong)place + 1));

    /// <summary>The invariants in force that read this loop, by number.</summary>
    public static IReadOnlyList<(int Number, InvariantCode Code)> ReadInvariants(
        IStorageReader state, int place)
    {
        var found = new List<(int, InvariantCode)>();
        UInt256 loop = Read(state, LoopsSlot + (ulong)place);
        ulong reading = (loop >> 112).U0 & 0xffff;
        for (int i = 0; i < MaximumInvariants; i++)
        {
            ulong slot = InvariantsSlot + 2 * (ulong)i;
            if (((reading >> i) & 1) != 0 &&
                StorageLayout.TryReadBytes(state, PredeployAddresses.Constitution,
                    slot + UInt256.One, InvariantCode.MaximumBytes, out byte[] bytes) &&
                InvariantCode.TryCreate(bytes, out InvariantCode? code))
            {
                found.Add((i, code!));
            }
        }
        return found;
    }

    /// <summary>
    /// The Constitution's storage at genesis: loops in the order of their places.
    /// </summary>
    public static void WriteGenesis(
        SortedDictionary<UInt256, UInt256> storage, IReadOnlyList<LoopGenesis> loops,
        IReadOnlyList<InvariantCode> invariants)
    {
        Invariant.Require(loops.Count <= MaximumLoops);
        Invariant.Require(invariants.Count <= MaximumInvariants);
        storage[OwnerSlot] = (UInt256)(ulong)loops.Count << 160;
        for (int i = 0; i < loops.Count; i++)
        {
            ulong reading = 0;
            for (int k = 0; k < invariants.Count; k++)
            {
                reading |= ((invariants[k].Loops >> i) & 1) << k;
            }
            WriteLoop(storage, i, loops[i], reading);
        }
        for (int i = 0; i < invariants.Count; i++)
        {
            ulong slot = InvariantsSlot + 2 * (ulong)i;
            storage[slot] = invariants[i].Loops;
            StorageLayout.WriteBytes(storage, slot + UInt256.One, invariants[i].Bytes.Span);
        }
    }

    private static void WriteLoop(
        SortedDictionary<UInt256, UInt256> storage, int place, LoopGenesis loop,
        ulong invariants)
    {
        Invariant.Require(loop.Actuators.Count is > 0 and <= MaximumFields);
        ulong at = (ulong)place;
        ulong[] values = [.. loop.Actuators.Select(a => a.Ratified), 0, 0, 0, 0, 0, 0, 0];
        storage[VectorsSlot + 2 * at] = new UInt256(values[0], values[1], values[2], values[3]);
        storage[VectorsSlot + 2 * at + 1] =
            new UInt256(values[4], values[5], values[6], values[7]);
        storage[ParametersSlot + 2 * at] = loop.Parameters.First;
        storage[ParametersSlot + 2 * at + 1] = loop.Parameters.Second;
        storage[LoopsSlot + at] = (UInt256)(ulong)loop.Mode |
            ((UInt256)(ulong)loop.Actuators.Count << 8) | ((UInt256)loop.DwellBlocks << 80) |
            ((UInt256)invariants << 112);
        storage[NamesSlot + at] = UInt256.FromHash256(loop.Name);
        storage[StorageLayout.MappingSlot(UInt256.FromHash256(loop.Name), PlacesSlot)] =
            at + 1;
        for (int i = 0; i < loop.Actuators.Count; i++)
        {
            WriteActuator(storage, MaximumFields * place + i, loop.Actuators[i]);
        }
    }

    private static ActuatorRules ReadActuator(IStorageReader state, int number)
    {
        UInt256 values = Read(state, ActuatorsSlot + 2 * (ulong)number);
        UInt256 rates = Read(state, ActuatorsSlot + 2 * (ulong)number + 1);
        return new ActuatorRules(values.U0, values.U1, values.U2, values.U3,
            (uint)(rates.U0 & uint.MaxValue), (uint)(rates.U0 >> 32),
            (uint)(rates.U1 & uint.MaxValue));
    }

    private static void WriteActuator(
        SortedDictionary<UInt256, UInt256> storage, int number, in ActuatorRules rules)
    {
        ulong slot = ActuatorsSlot + 2 * (ulong)number;
        storage[slot] = new UInt256(
            rules.Minimum, rules.Maximum, rules.Ratified, rules.ChangedAt);
        storage[slot + 1] = new UInt256(
            rules.StepBasisPoints | ((ulong)rules.CooldownBlocks << 32),
            rules.DistanceBasisPoints);
    }

    private static UInt256 Read(IStorageReader state, in UInt256 slot) =>
        state.Read(PredeployAddresses.Constitution, slot);
}
