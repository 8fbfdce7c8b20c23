using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Accounts as they are now, for tracers.</summary>
internal interface IAccountReader
{
    UInt256 Balance(Address address);

    ulong Nonce(Address address);

    byte[] Code(Address address);

    UInt256 Slot(Address address, UInt256 slot);
}

/// <summary>The state of a block that is being executed.</summary>
internal sealed class WorldReader(IWorld world) : IAccountReader
{
    public UInt256 Balance(Address address) => world.GetBalance(address);

    public ulong Nonce(Address address) => world.GetNonce(address);

    public byte[] Code(Address address) => world.GetCode(address).Bytes;

    public UInt256 Slot(Address address, UInt256 slot) => world.GetStorage(address, slot);
}

/// <summary>The state a call runs on; the call's own changes are not seen.</summary>
internal sealed class SnapshotReader(WorldSnapshot state) : IAccountReader
{
    public UInt256 Balance(Address address) => state.GetAccount(address)?.Balance ?? UInt256.Zero;

    public ulong Nonce(Address address) => state.GetAccount(address)?.Nonce ?? 0;

    public byte[] Code(Address address) => state.GetCode(address).Bytes;

    public UInt256 Slot(Address address, UInt256 slot) => state.GetStorage(address, slot);
}
