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

    /// <summary>
    /// Under this recorded gas half of it is used before a call even starts (21,000 for the
    /// transaction, 608 at most for the word of calldata): nothing would be left to burn, so the
    /// transaction is played as a plain transfer.
    /// </summary>
    public const ulong LowestGas = 2 * (21_000 + 608);

    /// <summary>One word: the recorded gas limit.</summary>
    public static byte[] Data(ulong recordedGas) => new UInt256(recordedGas).ToBigEndian();
}
