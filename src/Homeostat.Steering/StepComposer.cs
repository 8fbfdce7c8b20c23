using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Computes one block's transaction 0 in the order of docs/spec/steering.md: record the parent's
/// demand, keep the stalest observations fresh, score the oldest decision that is due, decide when
/// it is time.
/// </summary>
internal sealed class StepComposer(IStorageReader state, BlockFacts facts)
{
    private readonly SteeringStorage _storage = new(state);

    /// <summary>
    /// The block's context alone: no observation, no decision, estimators as they were.
    /// </summary>
    public static StepCall ContextOnly(IStorageReader state, BlockFacts facts) => new(
        facts.TimeMs, facts.PayloadHash, DemandGas(facts),
        facts.ParentBaseFee.ToUInt64Saturating(),
        state.Read(PredeployAddresses.Steering, SteeringStorage.EstimatorsSlot), [], [], []);

    public StepCall Compose()
    {
        LoopParameters parameters = _storage.Parameters;
        IReadOnlyList<ValidatorEntry> validators = ValidatorStorage.Read(state);
        List<Fixed> recent = RecentDemand();
        Estimators estimators = facts.Height.Value > 1
            ? _storage.Estimators.After(recent[0])
            : _storage.Estimators;
        var fresh = FreshObservations(validators, parameters);
        DecisionInput? decision = null;
        if (IsTimeToDecide(parameters))
        {
            var readings = CapacityReadings.Take(
                validators, address => Latest(address, fresh, parameters), estimators);
            estimators = estimators with
            {
                NanosecondsPerKilogas = readings.NanosecondsPerKilogas,
                PropagationMs = readings.PropagationMs,
            };
            Fixed[] features = DemandFeatures.Of(
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(recent), estimators);
            decision = CapacityLoop.Decide(
                state, facts.Height, parameters, features, readings, estimators);
        }
        OutcomeInput? outcome = DueOutcome(parameters);
        return ContextOnly(state, facts) with
        {
            Estimators = estimators.ToWord(),
            Observations = fresh,
            Decisions = decision is null ? [] : [decision],
            Outcomes = outcome is null ? [] : [outcome],
        };
    }

    private static ulong DemandGas(BlockFacts facts) =>
        facts.ParentGasUsed > facts.ParentSteeringGas
            ? facts.ParentGasUsed - facts.ParentSteeringGas
            : 0;

    // Newest first: the parent's demand from the facts, older blocks' from their children's
    // records.
    private List<Fixed> RecentDemand()
    {
        var recent = new List<Fixed>(DemandFeatures.Lags);
        ulong gas = DemandGas(facts);
        for (ulong height = facts.Height.Value - 1; recent.Count < DemandFeatures.Lags; height--)
        {
            if (height == 0 || !TryGetElapsed(height, out ulong elapsedMs))
            {
                break;
            }
            recent.Add(DemandFeatures.Rate(gas, elapsedMs));
            gas = _storage.TryGetRecord(new Height(height), out BlockRecord record)
                ? record.ParentDemandGas
                : 0;
        }
        if (recent.Count == 0)
        {
            recent.Add(Fixed.Zero);
        }
        return recent;
    }

    private bool TryGetElapsed(ulong height, out ulong elapsedMs)
    {
        bool known = _storage.TryGetRecord(new Height(height), out BlockRecord block);
        known &= _storage.TryGetRecord(new Height(height - 1), out BlockRecord parent);
        elapsedMs = known && block.TimeMs > parent.TimeMs ? block.TimeMs - parent.TimeMs : 0;
        return known;
    }

    // The valid observations of known validators whose stored one is missing or old enough to be
    // worth a write: stalest first, then by address, at most MaximumObservations.
    private List<SignedObservation> FreshObservations(
        IReadOnlyList<ValidatorEntry> validators, LoopParameters parameters)
    {
        var known = new LookupSet<Address>();
        foreach (ValidatorEntry validator in validators)
        {
            known.Add(validator.Address);
        }
        var due = new List<(ulong StoredAt, SignedObservation Observation)>();
        foreach (SignedObservation candidate in facts.Observations)
        {
            if (!known.Remove(candidate.Validator) ||
                !Observation.TryDecode(candidate.Encoded.Span, out _, out _))
            {
                continue;
            }
            bool isStored = _storage.TryGetObservation(candidate.Validator, out _, out Height at);
            ulong storedAt = isStored ? at.Value : 0;
            if (!isStored || storedAt + parameters.ObservationRefreshBlocks <= facts.Height.Value)
            {
                due.Add((storedAt, candidate));
            }
        }
        return [.. due.OrderBy(d => d.StoredAt).ThenBy(d => d.Observation.Validator)
            .Take(SteeringProgram.MaximumObservations).Select(d => d.Observation)];
    }

    private Observation? Latest(
        Address validator, List<SignedObservation> fresh, LoopParameters parameters)
    {
        foreach (SignedObservation candidate in fresh)
        {
            if (candidate.Validator == validator &&
                Observation.TryDecode(candidate.Encoded.Span, out Observation seen, out _))
            {
                return seen;
            }
        }
        bool isKept = _storage.TryGetObservation(validator, out Observation kept, out Height at) &&
            at.Value + parameters.ObservationExpiryBlocks > facts.Height.Value;
        return isKept ? kept : null;
    }

    private bool IsTimeToDecide(LoopParameters parameters)
    {
        SteeringHead head = _storage.Head;
        if (parameters.DecisionMinimumBlocks == 0 || facts.Height.Value < 2)
        {
            return false;
        }
        if (head.NextDecision == 0 ||
            !_storage.TryGetPending(head.NextDecision - 1, out PendingOutcome last))
        {
            return true;
        }
        bool enoughBlocks =
            facts.Height.Value >= last.DecidedAt.Value + parameters.DecisionMinimumBlocks;
        bool enoughTime = !_storage.TryGetRecord(last.DecidedAt, out BlockRecord record) ||
            facts.TimeMs >= record.TimeMs + parameters.DecisionPeriodMs;
        return enoughBlocks && enoughTime;
    }

    // Gas of the blocks from the decision's own over the horizon, by the time they took.
    private OutcomeInput? DueOutcome(LoopParameters parameters)
    {
        SteeringHead head = _storage.Head;
        if (head.NextOutcome >= head.NextDecision ||
            !_storage.TryGetPending(head.NextOutcome, out PendingOutcome pending))
        {
            return null;
        }
        ulong end = pending.DecidedAt.Value + parameters.HorizonBlocks;
        if (facts.Height.Value < end)
        {
            return null;
        }
        ulong gas = 0;
        for (ulong height = pending.DecidedAt.Value; height < end; height++)
        {
            gas += GasOf(height);
        }
        ulong start = TimeOf(pending.DecidedAt.Value - 1, TimeOf(pending.DecidedAt.Value, 0));
        ulong last = TimeOf(end - 1, head.TimeMs);
        return new OutcomeInput(
            CapacityLoop.Name, DemandFeatures.Rate(gas, last > start ? last - start : 0));
    }

    private ulong GasOf(ulong height) => height + 1 == facts.Height.Value
        ? DemandGas(facts)
        : _storage.TryGetRecord(new Height(height + 1), out BlockRecord child)
            ? child.ParentDemandGas
            : 0;

    // A record is missing only where its block's transaction 0 failed.
    private ulong TimeOf(ulong height, ulong otherwise) =>
        _storage.TryGetRecord(new Height(height), out BlockRecord record)
            ? record.TimeMs
            : otherwise;
}
