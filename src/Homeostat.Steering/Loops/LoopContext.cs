using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a loop sees of the chain while one block's transaction 0 is composed.</summary>
public sealed class LoopContext
{
    /// <summary>
    /// Words one loop may write in one block, so that its gas stays bounded: what the consensus
    /// loop writes at an epoch's end for the largest set.
    /// </summary>
    public const int MaximumWords = 15;

    /// <summary>Words from here on are the machinery's (LoopMemory).</summary>
    public const byte FirstReserved = 128;

    private readonly SortedDictionary<int, UInt256> _written = [];
    private readonly BlockContext _block;
    private readonly Hash256 _loop;

    internal LoopContext(BlockContext block, in Hash256 loop) => (_block, _loop) = (block, loop);

    public IStorageReader State => _block.State;

    public BlockFacts Facts => _block.Facts;

    public Height Height => _block.Facts.Height;

    public SteeringStorage Storage => _block.Storage;

    public IReadOnlyList<ValidatorEntry> Validators => _block.Validators;

    /// <summary>Demand of the last blocks, newest first, at least one.</summary>
    public IReadOnlyList<Fixed> RecentDemand => _block.RecentDemand;

    /// <summary>
    /// The means of demand after the parent, and the readings in force: shared by all loops, and
    /// what is set here is what the chain keeps.
    /// </summary>
    public Estimators Estimators
    {
        get => _block.Estimators;
        set => _block.Estimators = value;
    }

    /// <summary>The validator's latest unexpired observation, this block's included.</summary>
    public Observation? Latest(Address validator) => _block.Latest(validator);

    /// <summary>
    /// A reading over the validators' latest observations: see <see cref="WeightedReading"/>.
    /// </summary>
    /// <param name="value">Of one observation; null: it says nothing of this.</param>
    public bool TryRead(
        Func<Observation, ulong?> value, uint numerator, uint denominator, out ulong reading)
    {
        var reports = new List<WeightedValue>();
        UInt128 all = 0;
        foreach (ValidatorEntry validator in Validators)
        {
            all += validator.Weight;
            if (Latest(validator.Address) is { } seen && value(seen) is { } said)
            {
                reports.Add(new WeightedValue(said, validator.Weight));
            }
        }
        return WeightedReading.TryQuantile(reports, all, numerator, denominator, out reading);
    }

    /// <summary>A word of the loop's own state, as written in this block or before.</summary>
    public UInt256 ReadWord(byte index) => _written.TryGetValue(index, out UInt256 word)
        ? word
        : Storage.ReadWord(_loop, index);

    public void WriteWord(byte index, in UInt256 value)
    {
        Invariant.Require(index < FirstReserved);
        WriteAny(index, value);
        Invariant.Require(_written.Keys.Count(key => key < FirstReserved) <= MaximumWords);
    }

    internal void WriteAny(byte index, in UInt256 value)
    {
        if (ReadWord(index) != value)
        {
            _written[index] = value;
        }
    }

    internal IEnumerable<LoopWord> Written => _written.Select(pair => new LoopWord(
        SteeringStorage.KeyOf(_loop, (byte)pair.Key), pair.Value));
}
