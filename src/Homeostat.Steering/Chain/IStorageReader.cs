using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The only way steering reads the chain: one contract storage word of one fixed state. An absent
/// account or slot reads as zero.
/// </summary>
public interface IStorageReader
{
    UInt256 Read(in Address contract, in UInt256 slot);
}
