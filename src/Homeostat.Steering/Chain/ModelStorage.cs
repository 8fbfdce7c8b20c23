using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The ModelRegistry predeploy: models at slot 1 by hash, champions at slot 2 by loop.
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

    /// <summary>The loop's champion, zero when it has none.</summary>
    public static Hash256 Champion(IStorageReader state, in Hash256 loop) =>
        state.Read(PredeployAddresses.ModelRegistry,
            StorageLayout.MappingSlot(UInt256.FromHash256(loop), ChampionsSlot)).ToHash256();

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
        storage[StorageLayout.MappingSlot(UInt256.FromHash256(loop), ChampionsSlot)] =
            UInt256.FromHash256(model);
}
