using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What one loop adds to a block's transaction 0.</summary>
internal sealed record LoopStep(
    IReadOnlyList<LoopWord> Words, DecisionInput? Decision, OutcomeInput? Outcome)
{
    public static readonly LoopStep None = new([], null, null);
}

/// <summary>
/// One loop in one block: its words move on, learners learn from the block a horizon back, its
/// oldest decision is scored when its horizon has passed (a trial and the drift detector count it),
/// and it decides when it may and is due.
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
            if (Rules is not null)
            {
                new LoopLearning(context, loop, Rules).Step(trial);
            }
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
        Fixed realised = loop.Score(context, pending.DecidedAt, Rules!);
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
        return new OutcomeInput(loop.Name, realised);
    }

    private DecisionInput Decide(LoopContext context, in TrialWindow trial)
    {
        LoopRules rules = Rules!;
        LoopInputs inputs = loop.Read(context, rules);
        var asked = new Panel(context, inputs, rules);
        PanelAnswer panel = asked.Ask(loop.Name);
        AskShadow(context, asked, trial);
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
    private void AskShadow(LoopContext context, Panel panel, in TrialWindow trial)
    {
        var memory = new LoopMemory(context);
        if (!trial.IsOpen(block.Facts.Height) || memory.Pending(trial).IsPending)
        {
            return;
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
    }

    // What `verify` recomputes a decision from, in the order of the spec.
    private Hash256 InputsHash(LoopRules rules, PanelAnswer panel, LoopInputs inputs) =>
        Keccak.Hash(new AbiTuple()
            .Add(loop.Name).Add(rules.InForce)
            .Add(rules.Settings.First).Add(rules.Settings.Second)
            .Add(panel.Model).Add((UInt256)(ulong)rules.Mode)
            .Add(inputs.Features).Add(inputs.Readings).Encode());
}
