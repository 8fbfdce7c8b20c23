using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The ModelRegistry predeploy by its documented layout (docs/spec/steering.md, "Storage").
/// </summary>
public static class ModelStorage
{
    /// <summary>
    /// Longest model a decision reads; a longer champion gives the twin (over budget).
    /// </summary>
    public const int BudgetBytes = 4_096;

    public const ulong OwnerSlot = 0;
    private const ulong ModelsSlot = 1;
    private const ulong ChampionsSlot = 2;
    private const ulong TrialsSlot = 3;
    private const ulong EntriesSlot = 4;
    private const ulong PartsSlot = 5;
    public const ulong MinimumBondSlot = 6;
    private const byte StatusChampion = 2;

    /// <summary>Champions of a loop.</summary>
    public const int Seats = 3;

    /// <summary>The champion of the loop's first seat, zero when it has none.</summary>
    public static Hash256 Champion(IStorageReader state, in Hash256 loop) =>
        Read(state, SlotOf(loop, ChampionsSlot)).ToHash256();

    /// <summary>All seats; zero where one is free.</summary>
    public static Hash256[] Champions(IStorageReader state, in Hash256 loop)
    {
        UInt256 slot = SlotOf(loop, ChampionsSlot);
        var seats = new Hash256[Seats];
        for (int i = 0; i < Seats; i++)
        {
            seats[i] = Read(state, slot + (UInt256)(ulong)i).ToHash256();
        }
        return seats;
    }

    /// <summary>The loop's last named trial; of no model when there was none.</summary>
    public static TrialWindow Trial(IStorageReader state, in Hash256 loop)
    {
        UInt256 slot = SlotOf(loop, TrialsSlot);
        Hash256 model = Read(state, slot).ToHash256();
        UInt256 window = model.IsZero ? UInt256.Zero : Read(state, slot + UInt256.One);
        return new TrialWindow(model, window.U0, window.U1, window.U2);
    }

    /// <summary>Accounts whose code, less its first byte, is a long model.</summary>
    public static UInt256 PartsSlotOf(in Hash256 model) => SlotOf(model, PartsSlot);

    /// <summary>The word of a model's bytes in storage: Solidity's for `bytes`.</summary>
    public static UInt256 BytesSlotOf(in Hash256 model) => SlotOf(model, ModelsSlot);

    /// <summary>The model's bytes; says why where there are none that carry this name.</summary>
    public static SteeringFailure TryRead(IStorageReader state, in Hash256 hash, out byte[] bytes)
    {
        UInt256 slot = StorageLayout.MappingSlot(UInt256.FromHash256(hash), ModelsSlot);
        if (!StorageLayout.TryReadBytes(
            state, PredeployAddresses.ModelRegistry, slot, BudgetBytes, out bytes))
        {
            return SteeringFailure.OverBudget;
        }
        if (bytes.Length == 0)
        {
            return SteeringFailure.MissingModel;
        }
        return Keccak.Hash(bytes) == hash ? SteeringFailure.None : SteeringFailure.HashMismatch;
    }

    public static void Write(SortedDictionary<UInt256, UInt256> storage, byte[] model) =>
        StorageLayout.WriteBytes(storage,
            StorageLayout.MappingSlot(UInt256.FromHash256(Keccak.Hash(model)), ModelsSlot), model);

    public static void WriteChampion(
        SortedDictionary<UInt256, UInt256> storage, in Hash256 loop, in Hash256 model) =>
        storage[SlotOf(loop, ChampionsSlot)] = UInt256.FromHash256(model);

    /// <summary>The life of a genesis champion: registered by the owner, without a bond.</summary>
    public static void WriteEntry(
        SortedDictionary<UInt256, UInt256> storage, in Hash256 model, in Address bonder) =>
        storage[SlotOf(model, EntriesSlot)] =
            bonder.ToWord() | ((UInt256)(ulong)StatusChampion << 160);

    private static UInt256 SlotOf(in Hash256 key, ulong mapping) =>
        StorageLayout.MappingSlot(UInt256.FromHash256(key), mapping);

    private static UInt256 Read(IStorageReader state, in UInt256 slot) =>
        state.Read(PredeployAddresses.ModelRegistry, slot);
}

/// <summary>A shadow's trial: what it says in [start, end) is judged.</summary>
/// <param name="Tried">Shadows tried on the loop so far, this one included.</param>
public readonly record struct TrialWindow(Hash256 Model, ulong Start, ulong End, ulong Tried)
{
    public bool IsOpen(Height height) =>
        !Model.IsZero && height.Value >= Start && height.Value < End;
}
