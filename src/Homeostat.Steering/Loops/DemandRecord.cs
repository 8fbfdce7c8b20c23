using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>Demand by the records of blocks: gas that burned base fee, by time.</summary>
internal static class DemandRecord
{
    public static ulong GasOfParent(BlockFacts facts) =>
        facts.ParentGasUsed > facts.ParentSteeringGas
            ? facts.ParentGasUsed - facts.ParentSteeringGas
            : 0;

    /// <summary>
    /// Newest first: the parent's demand from the facts, older blocks' from their children's
    /// records.
    /// </summary>
    public static List<Fixed> Recent(SteeringStorage storage, BlockFacts facts)
    {
        var recent = new List<Fixed>(DemandFeatures.Lags);
        ulong gas = GasOfParent(facts);
        for (ulong height = facts.Height.Value - 1; recent.Count < DemandFeatures.Lags; height--)
        {
            if (height == 0 || !TryGetElapsed(storage, height, out ulong elapsedMs))
            {
                break;
            }
            recent.Add(DemandFeatures.Rate(gas, elapsedMs));
            gas = storage.TryGetRecord(new Height(height), out BlockRecord record)
                ? record.ParentDemandGas
                : 0;
        }
        if (recent.Count == 0)
        {
            recent.Add(Fixed.Zero);
        }
        return recent;
    }

    /// <summary>
    /// Gas of so many blocks from a decision's own on, by the time from the block before it to the
    /// last of them.
    /// </summary>
    public static Fixed Realised(
        SteeringStorage storage, BlockFacts facts, Height decidedAt, uint blocks)
    {
        ulong end = decidedAt.Value + blocks;
        ulong gas = 0;
        for (ulong height = decidedAt.Value; height < end; height++)
        {
            gas += height + 1 == facts.Height.Value
                ? GasOfParent(facts)
                : storage.TryGetRecord(new Height(height + 1), out BlockRecord child)
                    ? child.ParentDemandGas
                    : 0;
        }
        ulong start = TimeOf(storage, decidedAt.Value - 1, TimeOf(storage, decidedAt.Value, 0));
        ulong last = TimeOf(storage, end - 1, storage.Head.TimeMs);
        return DemandFeatures.Rate(gas, last > start ? last - start : 0);
    }

    private static bool TryGetElapsed(
        SteeringStorage storage, ulong height, out ulong elapsedMs)
    {
        bool known = storage.TryGetRecord(new Height(height), out BlockRecord block);
        known &= storage.TryGetRecord(new Height(height - 1), out BlockRecord parent);
        elapsedMs = known && block.TimeMs > parent.TimeMs ? block.TimeMs - parent.TimeMs : 0;
        return known;
    }

    // A record is missing only where its block's transaction 0 failed.
    private static ulong TimeOf(SteeringStorage storage, ulong height, ulong otherwise) =>
        storage.TryGetRecord(new Height(height), out BlockRecord record)
            ? record.TimeMs
            : otherwise;
}
