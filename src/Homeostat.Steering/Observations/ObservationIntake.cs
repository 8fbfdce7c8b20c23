using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A validator's signals that are not those the chain has.</summary>
public sealed record ChangedSignals(Address Validator, ObservationSignals Signals);

/// <summary>
/// Which of the observations in the parent's notarization a block records: of validators, whole,
/// and at most so many that the block's gas stays bounded at any number of validators.
/// </summary>
internal sealed class ObservationIntake
{
    private readonly List<(SignedObservation Signed, ObservationReport Report)> _valid = [];
    private readonly SteeringStorage _storage;
    private readonly Height _height;

    public ObservationIntake(
        SteeringStorage storage, BlockFacts facts, IReadOnlyList<ValidatorEntry> validators)
    {
        (_storage, _height) = (storage, facts.Height);
        var known = new LookupSet<Address>();
        foreach (ValidatorEntry validator in validators)
        {
            known.Add(validator.Address);
        }
        foreach (SignedObservation candidate in facts.Observations)
        {
            // The first of two by one validator counts.
            if (known.Remove(candidate.Validator) && ObservationReport.TryDecode(
                candidate.Encoded.Span, out ObservationReport? report, out _))
            {
                _valid.Add((candidate, report!));
            }
        }
    }

    /// <summary>
    /// Those whose stored one is missing or old enough to be worth a write: stalest first, then by
    /// address.
    /// </summary>
    public List<SignedObservation> Fresh(uint refreshBlocks)
    {
        var due = new List<(ulong StoredAt, SignedObservation Observation)>();
        foreach ((SignedObservation signed, _) in _valid)
        {
            bool isStored = _storage.TryGetObservation(signed.Validator, out _, out Height at);
            if (!isStored || at.Value + refreshBlocks <= _height.Value)
            {
                due.Add((isStored ? at.Value : 0, signed));
            }
        }
        return [.. due.OrderBy(d => d.StoredAt).ThenBy(d => d.Observation.Validator)
            .Take(SteeringProgram.MaximumObservations).Select(d => d.Observation)];
    }

    /// <summary>
    /// Signals that differ from the stored ones, at most so many as observations: by address from a
    /// place that moves on with each block, so that none is passed over for good.
    /// </summary>
    public List<ChangedSignals> ChangedSignals()
    {
        var changed = new List<ChangedSignals>();
        foreach ((SignedObservation signed, ObservationReport report) in
            _valid.OrderBy(valid => valid.Signed.Validator))
        {
            if (_storage.Signals(signed.Validator) != report.Signals)
            {
                changed.Add(new ChangedSignals(signed.Validator, report.Signals));
            }
        }
        int first = changed.Count == 0 ? 0 : (int)(
            _height.Value * SteeringProgram.MaximumObservations % (ulong)changed.Count);
        return [.. changed.Skip(first).Concat(changed.Take(first))
            .Take(SteeringProgram.MaximumObservations)];
    }
}
