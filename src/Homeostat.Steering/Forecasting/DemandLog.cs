using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The demand of recent blocks from Steering's ring of records: the bounded log in state that
/// forecasters are retrained from. The same state gives the same series on every node, however it
/// came by the state.
/// </summary>
public static class DemandLog
{
    /// <summary>Most blocks: the ring's, less the two at its ends whose neighbours are gone.
    /// </summary>
    public const int MaximumBlocks = (int)SteeringStorage.RingSize - 2;

    /// <summary>Slots that <see cref="Read"/> reads of Steering, for fetching them together.
    /// </summary>
    public static IEnumerable<UInt256> Slots(Height head, int blocks)
    {
        ulong first = First(head, blocks);
        for (ulong height = first - 1; height <= head.Value; height++)
        {
            yield return SteeringStorage.RecordsSlot + height % SteeringStorage.RingSize;
        }
    }

    /// <summary>
    /// Demand of the last so many blocks whose gas is known (the head's is not), oldest first;
    /// fewer where the chain or the ring has fewer.
    /// </summary>
    public static List<Fixed> Read(IStorageReader state, int blocks)
    {
        Invariant.Require(blocks is > 0 and <= MaximumBlocks);
        var storage = new SteeringStorage(state);
        Height head = storage.Head.Height;
        var samples = new List<Fixed>();
        for (ulong height = First(head, blocks); height < head.Value; height++)
        {
            bool isKnown = storage.TryGetRecord(new Height(height - 1), out BlockRecord parent);
            isKnown &= storage.TryGetRecord(new Height(height), out BlockRecord block);
            isKnown &= storage.TryGetRecord(new Height(height + 1), out BlockRecord child);
            if (isKnown && block.TimeMs > parent.TimeMs)
            {
                samples.Add(DemandFeatures.Rate(
                    child.ParentDemandGas, block.TimeMs - parent.TimeMs));
            }
        }
        return samples;
    }

    private static ulong First(Height head, int blocks) =>
        head.Value > (ulong)blocks ? head.Value - (ulong)blocks : 1;
}
