using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What of a block a condition reads that storage does not hold.</summary>
/// <param name="Height">The newest block with a record.</param>
/// <param name="Timestamp">Unix seconds.</param>
/// <param name="BaseFee">Of that block, wei.</param>
/// <param name="TreasuryBalance">Wei.</param>
public sealed record RuleBlock(
    Height Height, ulong Timestamp, UInt256 BaseFee, UInt256 TreasuryBalance);

/// <summary>What conditions read, from a state as the RuleBook in it would.</summary>
public sealed class StateRuleReads(IStorageReader state, RuleBlock block) : IRuleReads
{
    private const ulong WeiPerGwei = 1_000_000_000;

    public ulong? Record(RuleSeries series, int back) =>
        block.Height.Value >= (ulong)back + 1
            ? RuleStorage.Record(state, new Height(block.Height.Value - (ulong)back))?.Of(series)
            : null;

    public UInt256 Chain(RuleChainValue which) => which switch
    {
        RuleChainValue.Height => block.Height.Value,
        RuleChainValue.Timestamp => block.Timestamp,
        RuleChainValue.TreasuryGwei => block.TreasuryBalance / (UInt256)WeiPerGwei,
        RuleChainValue.BaseFee => block.BaseFee,
        _ => state.Read(PredeployAddresses.RuleBook, RuleStorage.ActiveSlot),
    };

    public ulong Loop(RuleLoopValue which, int place)
    {
        Hash256 name = state.Read(
            PredeployAddresses.Constitution,
            ConstitutionStorage.NamesSlot + (ulong)place).ToHash256();
        var storage = new SteeringStorage(state);
        LoopHead head = storage.Loop(name);
        (Fixed realised, Fixed model, Fixed twin) = storage.LastOutcome(name);
        return which switch
        {
            RuleLoopValue.Mode => state.Read(PredeployAddresses.Constitution,
                ConstitutionStorage.LoopsSlot + (ulong)place).U0 & 0xff,
            RuleLoopValue.Decisions => head.Decided,
            RuleLoopValue.ModelError => (ulong)Math.Max(0, model.Raw),
            RuleLoopValue.TwinError => (ulong)Math.Max(0, twin.Raw),
            RuleLoopValue.Realised => (ulong)Math.Max(0, realised.Raw),
            _ => block.Height.Value - head.LastHeight.Value,
        };
    }

    public ulong Field(int place, int field) =>
        ConstitutionStorage.ReadField(state, place, field);

    public uint Parameter(int place, int index) =>
        ConstitutionStorage.ReadParameters(state, place)[index];
}
