using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>A block as state still has it.</summary>
/// <param name="ElapsedMs">From its parent to it.</param>
/// <param name="DemandGas">Gas in it that burned base fee.</param>
/// <param name="NanosecondsPerKilogas">The reading of execution speed then; 0 where none is kept.
/// </param>
/// <param name="PropagationMs">The reading of propagation then.</param>
/// <param name="BaseFee">That it had, wei, at most 64 bits.</param>
internal readonly record struct RecordedBlock(
    ulong ElapsedMs, ulong DemandGas, uint NanosecondsPerKilogas, uint PropagationMs,
    ulong BaseFee)
{
    /// <summary>
    /// Those before the head whose gas is known, oldest first, at most so many: from Steering's
    /// ring and, for the readings, the RuleBook's.
    /// </summary>
    public static List<RecordedBlock> Read(IStorageReader state, int most)
    {
        var storage = new SteeringStorage(state);
        ulong head = storage.Head.Height.Value;
        var blocks = new List<RecordedBlock>();
        for (ulong height = head - Math.Min(head, (ulong)most); height < head; height++)
        {
            if (height > 0
                && storage.TryGetRecord(new Height(height - 1), out BlockRecord parent)
                && storage.TryGetRecord(new Height(height), out BlockRecord block)
                && storage.TryGetRecord(new Height(height + 1), out BlockRecord child)
                && block.TimeMs > parent.TimeMs)
            {
                RuleRecord? readings = RuleStorage.Record(state, new Height(height));
                blocks.Add(new RecordedBlock(
                    block.TimeMs - parent.TimeMs, child.ParentDemandGas,
                    readings?.NanosecondsPerKilogas ?? 0, readings?.PropagationMs ?? 0,
                    child.ParentBaseFee));
            }
        }
        return blocks;
    }
}
