using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>A validator and its voting weight, which is at least 1.</summary>
public readonly record struct Validator(Address Address, ulong Weight);

/// <summary>
/// An epoch's validators, ordered by address (so an index is canonical), 1 to
/// <see cref="MaxValidators"/> of them; total weight below 2^62, so that sums never overflow.
/// </summary>
public sealed class ValidatorSet
{
    /// <summary>
    /// A certificate at this size is about 6.5 kB; larger sets need aggregated votes.
    /// </summary>
    public const int MaxValidators = 128;

    private const ulong MaxTotalWeight = 1UL << 62;
    private readonly Validator[] _validators;
    private readonly LookupTable<Address, ValidatorIndex> _indexes = new();

    private ValidatorSet(Validator[] ordered, ulong totalWeight)
    {
        _validators = ordered;
        TotalWeight = totalWeight;
        for (int i = 0; i < ordered.Length; i++)
        {
            _indexes.Add(ordered[i].Address, new ValidatorIndex(i));
        }
        Hash = ComputeHash();
    }

    public int Count => _validators.Length;

    public ulong TotalWeight { get; }

    /// <summary>Keccak-256 of the RLP list of [address, weight] pairs, in order.</summary>
    public Hash256 Hash { get; }

    public Validator this[ValidatorIndex index] => _validators[index.Value];

    public IReadOnlyList<Validator> Validators => _validators;

    /// <summary>Why the entries make no set, or null and the set.</summary>
    public static string? TryCreate(IEnumerable<Validator> entries, out ValidatorSet? set)
    {
        set = null;
        Validator[] ordered = [.. entries.OrderBy(entry => entry.Address)];
        if (ordered.Length is 0 or > MaxValidators)
        {
            return $"a validator set has 1 to {MaxValidators} validators, not {ordered.Length}";
        }
        ulong total = 0;
        for (int i = 0; i < ordered.Length; i++)
        {
            if (ordered[i].Weight == 0 || ordered[i].Weight > MaxTotalWeight - total)
            {
                return $"weight {ordered[i].Weight} of {ordered[i].Address} is out of range";
            }
            if (i > 0 && ordered[i].Address == ordered[i - 1].Address)
            {
                return $"validator {ordered[i].Address} appears twice";
            }
            total += ordered[i].Weight;
        }
        set = new ValidatorSet(ordered, total);
        return null;
    }

    /// <summary>The set of entries known to be good (a genesis already checked).</summary>
    public static ValidatorSet Create(params IEnumerable<Validator> entries)
    {
        string? error = TryCreate(entries, out ValidatorSet? set);
        Invariant.Require(error is null, error ?? "validator set");
        return set!;
    }

    public bool TryIndexOf(in Address address, out ValidatorIndex index) =>
        _indexes.TryGetValue(address, out index);

    public bool Contains(ValidatorIndex index) => (uint)index.Value < (uint)Count;

    /// <summary>True for strictly more than two thirds of all weight.</summary>
    public bool IsQuorum(ulong weight) => (UInt128)weight * 3 > (UInt128)TotalWeight * 2;

    /// <summary>True for strictly more than one third: surely some of it is honest.</summary>
    public bool HasHonest(ulong weight) => (UInt128)weight * 3 > TotalWeight;

    private Hash256 ComputeHash() => ValidatorSetHash.Of(
    [
        .. _validators.Select(
            validator => KeyValuePair.Create(validator.Address, validator.Weight)),
    ]);
}

/// <summary>
/// Who leads a view: a pure function of the epoch's set and the view, so that every validator
/// names the same leader.
/// </summary>
public interface ILeaderSchedule
{
    ValidatorIndex LeaderOf(ValidatorSet validators, View view);
}

/// <summary>Each validator in turn, whatever its weight.</summary>
public sealed class RoundRobin : ILeaderSchedule
{
    public ValidatorIndex LeaderOf(ValidatorSet validators, View view) =>
        new((int)(view.Value % (ulong)validators.Count));
}
