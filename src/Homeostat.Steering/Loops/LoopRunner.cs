using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What one loop adds to a block's transaction 0.</summary>
internal sealed record LoopStep(
    IReadOnlyList<LoopWord> Words, DecisionInput? Decision, OutcomeInput? Outcome)
{
    public static readonly LoopStep None = new([], null, null);
}

/// <summary>
/// One loop in one block: its words move on, its oldest decision is scored when its horizon has
/// passed (learners learn from it, a trial and the drift detector count it), and it decides when it
/// may and is due.
/// </summary>
internal sealed class LoopRunner(BlockContext block, ISteeringLoop loop)
{
    private readonly LoopHead _head = block.Storage.Loop(loop.Name);

    /// <summary>Height of the loop's last decision, 0 before the first.</summary>
    public ulong LastHeight => _head.LastHeight.Value;

    public LoopRules? Rules { get; } = ConstitutionStorage.ReadLoop(block.State, loop.Name);

    /// <summary>
    /// From block 2 on, when enough blocks and enough time have passed since the last decision.
    /// </summary>
    public bool IsDue
    {
        get
        {
            ulong height = block.Facts.Height.Value;
            if (Rules is not { Settings.MinimumBlocks: > 0 } || height < 2
                || !loop.MayDecide(block.State, block.Facts.Height))
            {
                return false;
            }
            return _head.Decided == 0 ||
                (height >= _head.LastHeight.Value + Rules.Settings.MinimumBlocks &&
                block.Facts.TimeMs >= _head.LastTimeMs + Rules.Settings.PeriodMs);
        }
    }

    /// <summary>Whether the horizon of the oldest decision not scored has passed.</summary>
    public bool IsScoreDue(out PendingOutcome pending)
    {
        pending = default;
        return Rules is not null && _head.Scored < _head.Decided &&
            block.Storage.TryGetPending(loop.Name, _head.Scored, out pending) &&
            block.Facts.Height.Value >= pending.DecidedAt.Value + Rules.Settings.HorizonBlocks;
    }

    /// <summary>Never throws: a loop that fails leaves its part of the block out.</summary>
    public LoopStep Run(bool decides, bool scores)
    {
        Estimators before = block.Estimators;
        try
        {
            var context = new LoopContext(block, loop.Name);
            loop.Advance(context);
            TrialWindow trial = ModelStorage.Trial(block.State, loop.Name);
            OutcomeInput? outcome = scores && IsScoreDue(out PendingOutcome pending)
                ? Score(context, pending, trial)
                : null;
            DecisionInput? decision = decides && IsDue ? Decide(context, trial) : null;
            return new LoopStep([.. context.Written], decision, outcome);
        }
#pragma warning disable CA1031 // A bug in one loop must stop neither the chain nor other loops.
        catch (Exception)
#pragma warning restore CA1031
        {
            block.Estimators = before;
            return LoopStep.None;
        }
    }

    private OutcomeInput Score(
        LoopContext context, in PendingOutcome pending, in TrialWindow trial)
    {
        var memory = new LoopMemory(context);
        Fixed realised = loop.Score(context, pending, Rules!);
        Fixed twinError = Fixed.Abs(pending.TwinOutput - realised);
        if (pending.ModelOutput != Fixed.Zero)
        {
            memory.Watch(
                ModelStorage.Champions(block.State, loop.Name), _head,
                Fixed.Abs(pending.ModelOutput - realised), twinError, realised,
                Rules!.Settings.DriftThreshold);
        }
        (bool isPending, ulong decision, Fixed output) = memory.Pending(trial);
        if (isPending && decision <= _head.Scored)
        {
            // One that the ring dropped is never judged: the next takes its place.
            memory.Count(trial,
                decision == _head.Scored ? Fixed.Abs(output - realised) : twinError, twinError);
        }
        Learn(memory, trial, realised);
        return new OutcomeInput(loop.Name, realised);
    }

    // Every learner that the loop asks learns from the decision that was scored.
    private void Learn(LoopMemory memory, in TrialWindow trial, Fixed realised)
    {
        bool isLogged = _head.Decided - _head.Scored <= LoopMemory.LogSize;
        bool hasChampion = false;
        foreach (Hash256 model in ModelStorage.Champions(block.State, loop.Name))
        {
            if (isLogged && !hasChampion && TryReadLearner(model, out LearnerSpec? spec))
            {
                LearnOne(memory, model, spec!, realised, isChampion: true);
                hasChampion = true;
            }
        }
        if (isLogged && trial.IsOpen(block.Facts.Height) &&
            TryReadLearner(trial.Model, out LearnerSpec? shadow))
        {
            LearnOne(memory, trial.Model, shadow!, realised, isChampion: false);
        }
    }

    private void LearnOne(
        LoopMemory memory, in Hash256 hash, LearnerSpec spec, Fixed realised, bool isChampion)
    {
        Fixed[] features = memory.Logged(_head.Scored, spec.FirstWeights.Count);
        Fixed[] weights = memory.WeightsOf(spec, hash);
        memory.Remember(hash, spec.Learn(weights, features, realised), isChampion);
    }

    private bool TryReadLearner(in Hash256 hash, out LearnerSpec? spec)
    {
        spec = null;
        return !hash.IsZero && Rules is not null &&
            ModelStorage.TryRead(block.State, hash, out byte[] bytes) == SteeringFailure.None &&
            LearnerSpec.TryDecode(bytes, out spec) &&
            spec!.HorizonBlocks == Rules.Settings.HorizonBlocks;
    }

    private DecisionInput Decide(LoopContext context, in TrialWindow trial)
    {
        LoopRules rules = Rules!;
        LoopInputs inputs = loop.Read(context, rules);
        var asked = new Panel(context, inputs, rules);
        PanelAnswer panel = asked.Ask(loop.Name);
        bool learns = panel.Members.Any(m => m.Learner is not null);
        learns |= AskShadow(context, asked, trial);
        if (learns)
        {
            new LoopMemory(context).Log(_head.Decided, inputs.Features);
        }
        ulong[] model = [];
        ulong[] twin;
        if (rules.Mode == LoopMode.Off)
        {
            twin = rules.TowardRatified(block.State, block.Facts.Height);
        }
        else
        {
            twin = inputs.Propose(inputs.TwinOutput);
            model = panel.Failure == SteeringFailure.None
                ? inputs.Propose(panel.Forecast.Output)
                : model;
        }
        return new DecisionInput(
            loop.Name, panel.Model, InputsHash(rules, panel, inputs), panel.Failure,
            panel.Forecast.Output, inputs.TwinOutput, inputs.Readings, model, twin,
            inputs.Features, panel.Forecast.Attributions,
            [.. panel.Members.Select(m => m.Model)],
            [.. panel.Members.Select(m => m.Forecast.Output)],
            [.. panel.Members.Select(m => (ulong)m.Failure)]);
    }

    // A shadow on trial is asked after the champions, of one decision at a time: the horizons of
    // those that count do not overlap. One that fails loses.
    private bool AskShadow(LoopContext context, Panel panel, in TrialWindow trial)
    {
        var memory = new LoopMemory(context);
        if (!trial.IsOpen(block.Facts.Height) || memory.Pending(trial).IsPending)
        {
            return trial.IsOpen(block.Facts.Height) && TryReadLearner(trial.Model, out _);
        }
        PanelMember shadow = panel.AskOne(trial.Model);
        if (shadow.Failure == SteeringFailure.None)
        {
            memory.SetPending(trial, _head.Decided, shadow.Forecast.Output);
        }
        else
        {
            memory.Count(trial, Fixed.One, Fixed.Zero);
        }
        return shadow.Learner is not null;
    }

    // What `verify` recomputes a decision from, in the order of the spec.
    private Hash256 InputsHash(LoopRules rules, PanelAnswer panel, LoopInputs inputs) =>
        Keccak.Hash(new AbiTuple()
            .Add(loop.Name).Add(rules.InForce)
            .Add(rules.Settings.First).Add(rules.Settings.Second)
            .Add(panel.Model).Add((UInt256)(ulong)rules.Mode)
            .Add(inputs.Features).Add(inputs.Readings).Encode());
}
