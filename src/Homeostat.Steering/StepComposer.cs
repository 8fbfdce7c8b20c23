namespace Homeostat.Steering;

/// <summary>
/// Computes one block's transaction 0 in the order of docs/spec/steering.md: record the parent's
/// demand, keep the stalest observations fresh, then run the loops.
/// </summary>
internal sealed class StepComposer(IStorageReader state, BlockFacts facts)
{
    /// <summary>
    /// The block's context alone: no observation, no decision, estimators as they were.
    /// </summary>
    public static StepCall ContextOnly(IStorageReader state, BlockFacts facts) => new(
        facts.TimeMs, facts.PayloadHash, DemandRecord.GasOfParent(facts),
        facts.ParentBaseFee.ToUInt64Saturating(),
        state.Read(PredeployAddresses.Steering, SteeringStorage.EstimatorsSlot),
        [], [], [], [], [])
    {
        Epoch = facts.Epoch,
    };

    public StepCall Compose()
    {
        var block = new BlockContext(state, facts);
        LoopRunner[] runners = [.. SteeringLoops.All.Select(loop => new LoopRunner(block, loop))];
        LoopRunner[] deciding = Chosen(
            runners, r => r.IsDue, SteeringProgram.MaximumDecisions);
        LoopRunner[] scoring = Chosen(
            runners, r => r.IsScoreDue(out _), SteeringProgram.MaximumOutcomes);
        LoopStep[] steps = [.. runners.Select(
            runner => runner.Run(deciding.Contains(runner), scoring.Contains(runner)))];
        return ContextOnly(state, facts) with
        {
            // The last block of an epoch has a set to write.
            Evidence = EpochClock.Read(state).IsLast(facts.Height) ? default : facts.Evidence,
            Estimators = block.Estimators.ToWord(),
            Observations = block.Fresh,
            Signals = block.Signals,
            Words = [.. steps.SelectMany(step => step.Words)],
            Decisions = [.. steps.Select(step => step.Decision).OfType<DecisionInput>()],
            Outcomes = [.. steps.Select(step => step.Outcome).OfType<OutcomeInput>()],
        };
    }

    // Whose last decision is oldest goes first, so that none is passed over for good.
    private static LoopRunner[] Chosen(
        LoopRunner[] runners, Func<LoopRunner, bool> isDue, int most) =>
        [.. runners.Where(isDue).OrderBy(runner => runner.LastHeight).Take(most)];
}
