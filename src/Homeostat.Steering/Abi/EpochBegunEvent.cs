using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The EpochBegun event of contracts/src/ValidatorSet.sol, in an epoch's last block: who votes in
/// the next one.
/// </summary>
/// <param name="Epoch">The next one, as its votes name it.</param>
/// <param name="FirstBlock">Its first height.</param>
/// <param name="Weight">Of all of them.</param>
/// <param name="SetHash">Keccak-256 of the RLP list of [address, weight], by address.</param>
/// <param name="Validators">They, by address, without their nodes' addresses.</param>
public sealed record EpochBegunEvent(
    ulong Epoch, ulong FirstBlock, ulong Weight, Hash256 SetHash,
    IReadOnlyList<ValidatorEntry> Validators)
{
    public static readonly Hash256 Topic =
        Keccak.Hash("EpochBegun(uint64,uint64,uint256,bytes32,uint256[])"u8);

    /// <summary>Decodes a log of the ValidatorSet predeploy; false for another event.</summary>
    public static bool TryDecode(
        IReadOnlyList<Hash256> topics, ReadOnlySpan<byte> data, out EpochBegunEvent? begun)
    {
        begun = null;
        if (topics.Count != 2 || topics[0] != Topic)
        {
            return false;
        }
        var reader = new AbiReader(data);
        var decoded = new EpochBegunEvent(
            UInt256.FromHash256(topics[1]).ToUInt64Saturating(), reader.ReadUInt64(),
            reader.ReadUInt64(), reader.ReadHash(),
            [
                .. reader.ReadHashArray().Select(hash => UInt256.FromHash256(hash)).Select(word =>
                    new ValidatorEntry(Address.FromWord(word), (word >> 160).U0, "")),
            ]);
        begun = reader.Failed ? null : decoded;
        return begun is not null;
    }
}
