using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The consensus loop: how long votes take to come together in, view timeout and leader policy out
/// (docs/spec/consensus.md, "The consensus loop"). It decides in an epoch's last block only. The
/// cap on weights and the presence asked of validators stand in the same vector and are moved by
/// people.
/// </summary>
internal sealed class ConsensusLoop : ISteeringLoop
{
    public static readonly Hash256 LoopName = SteeringLoops.NameOf("consensus");

    /// <summary>The time a quorum takes, and its mean, in seconds.</summary>
    public const int FeatureCount = 2;

    /// <summary>
    /// A view waits this many times as long as votes take: the leader may have entered it one way
    /// later, and builds a block.
    /// </summary>
    public const int TimeoutsOfQuorum = 3;

    /// <summary>Of ten thousand, what the model leaves to failing leaders.</summary>
    public const ulong ModelFloor = 500;

    /// <summary>A view that took so many timeouts had nothing to do.</summary>
    private const ulong IdleTimeouts = 4;

    /// <summary>Views counted between two blocks.</summary>
    private const ulong MostFailures = 32;

    private const byte MeanWord = 0;
    private const int MeanShift = 6;

    public Hash256 Name => LoopName;

    public LoopWords Words { get; } = new(
        [
            new("leader timeout", "ms"), new("turns left to failing leaders", "ten-thousandths"),
            new("weight cap", "ten-thousandths"), new("presence", "ten-thousandths"),
        ],
        [
            new("time to a quorum", "ms"), new("mean of it", "ms"),
            new("views that failed in the epoch", ""), new("views that gave a block", ""),
        ],
        ["time to a quorum", "mean time to a quorum"], new("time to a quorum", "s"));

    public bool MayDecide(IStorageReader state, Height height) =>
        EpochClock.Read(state).IsLast(height);

    public void Advance(LoopContext context)
    {
        EpochClock epochs = EpochClock.Read(context.State);
        if (epochs.Blocks == 0)
        {
            return;
        }
        ulong epoch = ValidatorStorage.ReadEpoch(context.State);
        PresenceCounts.Count(context, epoch, SignersOf(context));
        // While a recovery leaves validators out, the others lead in turn, by no one's record.
        if (!epochs.IsFirst(context.Height) && context.Facts.View > 0
            && context.Facts.Voters == ValidatorStorage.HashOf(context.Validators))
        {
            CountLeaders(context, epoch);
        }
        if (epochs.IsLast(context.Height))
        {
            LeaderProbation.Judge(context, epoch);
        }
        if (TimeToQuorum(context) is { } quorum)
        {
            Fixed mean = MeanOf(context);
            Fixed sample = Seconds(quorum);
            mean = mean == Fixed.Zero ? sample : mean + (sample - mean).Scale(-MeanShift);
            context.WriteWord(MeanWord, (ulong)mean.Raw);
        }
    }

    public IReadOnlyList<Fixed> Features(LoopContext context)
    {
        Fixed mean = MeanOf(context);
        return [TimeToQuorum(context) is { } quorum ? Seconds(quorum) : mean, mean];
    }

    public LoopInputs Read(LoopContext context, LoopRules rules)
    {
        IReadOnlyList<Fixed> features = Features(context);
        (Fixed now, Fixed mean) = (features[0], features[1]);
        ulong[] plain = [.. rules.Actuators.Select(
            (field, i) => field.Step(rules.InForce[i], field.Ratified, context.Height))];
        // The plain estimate: that the ratified timeout is right.
        Fixed twin = Fixed.FromRatio((long)rules.Actuators[0].Ratified, 1_000 * TimeoutsOfQuorum);
        LeaderRecord[] records = LeaderCounts.Read(
            context.Storage, ValidatorStorage.ReadEpoch(context.State), context.Validators.Count);
        return new LoopInputs(
            features, FeatureSets.Free(FeatureCount), twin,
            [
                Milliseconds(now), Milliseconds(mean),
                records.Aggregate(0UL, (sum, record) => sum + record.Failed),
                records.Aggregate(0UL, (sum, record) => sum + record.Led),
            ],
            output => output == twin ? plain : Steered(output, rules, plain, context.Height));
    }

    public Fixed Score(LoopContext context, Height madeAt, LoopRules rules) =>
        TimeToQuorum(context) is { } quorum ? Seconds(quorum) : MeanOf(context);

    private static ulong[] Steered(
        Fixed output, LoopRules rules, ulong[] plain, Height height)
    {
        ulong wanted = Milliseconds(output) * TimeoutsOfQuorum;
        ulong[] next = [.. plain];
        next[0] = rules.Actuators[0].Step(rules.InForce[0], wanted, height);
        next[1] = rules.Actuators[1].Step(rules.InForce[1], ModelFloor, height);
        return next;
    }

    /// <summary>
    /// There and back between validators of two thirds of the weight, and the execution: a block's
    /// way to them, until they vote, and the votes' way back.
    /// </summary>
    private static ulong? TimeToQuorum(LoopContext context) =>
        context.TryRead(seen => 2UL * seen.PropagationMs + seen.VoteLatencyMs, 2, 3, out ulong ms)
            ? ms
            : null;

    private static void CountLeaders(LoopContext context, ulong epoch)
    {
        BlockFacts facts = context.Facts;
        LeaderSchedule leaders = LeaderSchedule.Read(context.State);
        ulong elapsedMs = facts.TimeMs - Math.Min(facts.TimeMs, context.Storage.Head.TimeMs);
        ulong views = facts.View - Math.Min(facts.View, facts.ParentView);
        ulong timeoutMs = ConsensusVector.Read(context.State).LeaderTimeoutMs;
        bool hadWork = views > 0 && elapsedMs <= IdleTimeouts * timeoutMs * views;
        var failed = new List<int>();
        for (ulong view = facts.ParentView + 1; hadWork && view < facts.View; view++)
        {
            if (facts.View - view <= MostFailures)
            {
                failed.Add(leaders.LeaderOf(view));
            }
        }
        if (hadWork && views == 1 && IsSlow(context, elapsedMs))
        {
            failed.Add(leaders.LeaderOf(facts.ParentView));
        }
        LeaderCounts.Count(context, epoch, leaders.LeaderOf(facts.View), failed);
    }

    /// <summary>
    /// The parent's leader kept the next one waiting: twice as long as a block takes, which is the
    /// interval or, where that is longer, what a quorum takes.
    /// </summary>
    private static bool IsSlow(LoopContext context, ulong elapsedMs)
    {
        ulong quorumMs = Milliseconds(MeanOf(context));
        ulong intervalMs = ChainParameters.Read(context.State).BlockIntervalMs;
        return quorumMs > 0 && elapsedMs > 2 * Math.Max(intervalMs, quorumMs);
    }

    private static SortedSet<int> SignersOf(LoopContext context)
    {
        var indexes = new LookupTable<Address, int>();
        for (int i = 0; i < context.Validators.Count; i++)
        {
            indexes.TryAdd(context.Validators[i].Address, i);
        }
        var signers = new SortedSet<int>();
        foreach (SignedObservation observation in context.Facts.Observations)
        {
            if (indexes.TryGetValue(observation.Validator, out int index))
            {
                signers.Add(index);
            }
        }
        return signers;
    }

    private static Fixed MeanOf(LoopContext context) =>
        Fixed.FromRaw((long)context.ReadWord(MeanWord).U0);

    private static Fixed Seconds(ulong ms) => Fixed.FromRatio((long)ms, 1_000);

    private static ulong Milliseconds(Fixed seconds) =>
        (ulong)Math.Max(0, seconds.MultiplyInteger(1_000));
}
