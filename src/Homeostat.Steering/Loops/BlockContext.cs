using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>The part of a block's steering that all loops share.</summary>
internal sealed class BlockContext
{
    private readonly List<SignedObservation> _fresh;
    private readonly uint _expiryBlocks;

    public BlockContext(IStorageReader state, BlockFacts facts)
    {
        (State, Facts, Storage) = (state, facts, new SteeringStorage(state));
        Validators = ValidatorStorage.Read(state);
        LoopParameters parameters = LoopParameters.Read(state);
        _expiryBlocks = parameters.ObservationExpiryBlocks;
        List<Fixed> recent = DemandRecord.Recent(Storage, facts);
        RecentDemand = recent;
        Estimators = facts.Height.Value > 1
            ? Storage.Estimators.After(recent[0])
            : Storage.Estimators;
        var intake = new ObservationIntake(Storage, facts, Validators);
        _fresh = intake.Fresh(parameters.ObservationRefreshBlocks);
        Signals = intake.ChangedSignals();
    }

    public IStorageReader State { get; }

    public BlockFacts Facts { get; }

    public SteeringStorage Storage { get; }

    public IReadOnlyList<ValidatorEntry> Validators { get; }

    public IReadOnlyList<Fixed> RecentDemand { get; }

    public Estimators Estimators { get; set; }

    /// <summary>Observations recorded in this block.</summary>
    public IReadOnlyList<SignedObservation> Fresh => _fresh;

    public IReadOnlyList<ChangedSignals> Signals { get; }

    public Observation? Latest(Address validator)
    {
        foreach (SignedObservation candidate in _fresh)
        {
            if (candidate.Validator == validator &&
                Observation.TryDecode(candidate.Encoded.Span, out Observation seen, out _))
            {
                return seen;
            }
        }
        bool isKept = Storage.TryGetObservation(validator, out Observation kept, out Height at) &&
            at.Value + _expiryBlocks > Facts.Height.Value;
        return isKept ? kept : null;
    }
}
