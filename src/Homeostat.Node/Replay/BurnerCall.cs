using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Replay;

/// <summary>
/// What plays a recorded contract call: the recorded contracts are not on this network, so the
/// GasBurner predeploy burns half of the recorded gas limit (contracts/src/GasBurner.sol).
/// </summary>
internal static class BurnerCall
{
    public static Address Target => PredeployAddresses.GasBurner;

    /// <summary>One word: the recorded gas limit.</summary>
    public static byte[] Data(ulong recordedGas) => new UInt256(recordedGas).ToBigEndian();
}
