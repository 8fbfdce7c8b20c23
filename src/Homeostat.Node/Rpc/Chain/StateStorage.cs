using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>Predeploys' storage in a state, as the steering code reads it.</summary>
internal sealed class StateStorage(WorldSnapshot state) : IStorageReader
{
    public UInt256 Read(in Address contract, in UInt256 slot) => state.GetStorage(contract, slot);
}
