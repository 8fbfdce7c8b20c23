using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What the RuleBook keeps of a block (RuleBook.sol, `_pack`).</summary>
public readonly record struct RuleRecord(
    uint Height, uint DemandKilogas, uint ExecutionMicros, uint NanosecondsPerKilogas,
    uint IntervalMs, uint PropagationMs, ulong BaseFee)
{
    public static RuleRecord FromWord(in UInt256 word) => new(
        Low(word.U0), High(word.U0), Low(word.U1), High(word.U1), Low(word.U2), High(word.U2),
        word.U3);

    public ulong Of(RuleSeries series) => series switch
    {
        RuleSeries.DemandKilogas => DemandKilogas,
        RuleSeries.ExecutionMicros => ExecutionMicros,
        RuleSeries.NanosecondsPerKilogas => NanosecondsPerKilogas,
        RuleSeries.IntervalMs => IntervalMs,
        RuleSeries.PropagationMs => PropagationMs,
        _ => BaseFee,
    };

    private static uint Low(ulong word) => (uint)(word & uint.MaxValue);

    private static uint High(ulong word) => (uint)(word >> 32);
}

/// <summary>The RuleBook predeploy by its layout (docs/spec/governance.md, "Storage").</summary>
public static class RuleStorage
{
    public const ulong RingSize = 1_024;

    /// <summary>The array of rules in force.</summary>
    public const ulong ActiveSlot = 1_026;

    /// <summary>Rules in force at a time (RuleBook.sol, MAXIMUM_ACTIVE).</summary>
    public const ulong MaximumActive = 16;

    /// <summary>Ids of the rules in force.</summary>
    public static IReadOnlyList<Hash256> Active(IStorageReader state)
    {
        ulong count = Math.Min(MaximumActive,
            state.Read(PredeployAddresses.RuleBook, ActiveSlot).ToUInt64Saturating());
        UInt256 content = StorageLayout.ContentSlot(ActiveSlot);
        var ids = new List<Hash256>();
        for (ulong i = 0; i < count; i++)
        {
            ids.Add(state.Read(
                PredeployAddresses.RuleBook, content + (UInt256)i).ToHash256());
        }
        return ids;
    }

    /// <summary>
    /// The block's record, or null where it is not kept any more, or the block is to come.
    /// </summary>
    public static RuleRecord? Record(IStorageReader state, Height height)
    {
        UInt256 word = state.Read(PredeployAddresses.RuleBook, height.Value % RingSize);
        var record = RuleRecord.FromWord(word);
        bool isKept = word != UInt256.Zero && record.Height == (uint)(height.Value & uint.MaxValue);
        return isKept ? record : null;
    }
}
