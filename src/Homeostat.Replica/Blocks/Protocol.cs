using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// What makes a block valid on this network beside the block itself: the same for building,
/// verifying and replaying it. Immutable, so works on any thread share it.
/// </summary>
internal sealed record Protocol
{
    public required NetworkRules Rules { get; init; }

    public required EpochSchedule Epochs { get; init; }

    public required ValidatorSet GenesisValidators { get; init; }

    public IReadOnlyList<ValidatorRecovery> Recoveries { get; init; } = [];

    /// <summary>Those who vote on the children of a block, of the set that its state names.
    /// </summary>
    public ValidatorSet VotersAfter(Height height, ValidatorSet set) =>
        ValidatorRecovery.After(Recoveries, height, set);

    /// <summary>Who made the block of this height final, by its state.</summary>
    public ValidatorSet VotersOf(Height height, WorldSnapshot state)
    {
        ValidatorSet? named = Epochs.IsRegularLast(height)
            ? EpochSets.ReadPrevious(state)
            : EpochSets.Read(state);
        return VotersAfter(new Height(height.Value - 1), named ?? GenesisValidators);
    }

    /// <summary>An engine serves one thread at a time: each work makes its own.</summary>
    public required Func<IEvmEngine> Engine { get; init; }

    public required ISenderRecovery Senders { get; init; }

    public required Func<IStorageReader, BlockFacts, byte[]> Transaction0 { get; init; }

    /// <summary>See <see cref="BlockProcessor.BeforeTransaction"/>.</summary>
    public Action<RecoveredTransaction>? BeforeTransaction { get; init; }

    /// <summary>For children of this block, whose protocol revision this node knows.</summary>
    public BlockProcessor ProcessorOn(TreeBlock parent) =>
        new(Rules.ChildOf(parent.Revision), Engine()) { BeforeTransaction = BeforeTransaction };

    /// <summary>The inputs of the block with this payload on this parent; runs steering.</summary>
    public BlockInputs InputsOf(
        TreeBlock parent, ConsensusPayload payload, in Address leader)
    {
        Hash256 payloadHash = payload.Hash;
        var storage = new SnapshotStorage(parent.State);
        byte[] data = Transaction0(storage, FactsOf(parent, payload, payloadHash));
        return new BlockInputs
        {
            TimeMs = (ulong)payload.TimeMs,
            ParentTimeMs = (ulong)parent.Reference.TimeMs,
            PayloadHash = payloadHash,
            Transaction0Target = SteeringProgram.Target,
            Transaction0Data = data,
            Transaction0Gas =
                SteeringProgram.GasLimitAt(storage, parent.Reference.Height.Next),
            GasLimit = parent.Parameters.GasLimit,
            GasTarget = parent.Parameters.GasTargetPerSecond,
            MinimumBaseFee = parent.Parameters.MinimumBaseFee,
            Ordering = OrderingOf(parent, payload, leader),
        };
    }

    /// <summary>The terms of the order of the block with this payload on this parent.</summary>
    public static OrderingTerms OrderingOf(
        TreeBlock parent, ConsensusPayload payload, in Address leader)
    {
        Hash256 reveal = payload.RandomnessReveal;
        bool isReveal = PlaceSeed.IsReveal(reveal, CommitmentOf(parent, leader));
        OrderingParameters vector = OrderingParameters.Read(new SnapshotStorage(parent.State));
        return new OrderingTerms
        {
            Prices = new ClassPrices(
                vector.FastPremium, vector.UrgentPremium, vector.InclusionFee),
            FastShare = (int)Math.Min(vector.FastShare, OrderingTerms.Basis),
            UrgentShare = (int)Math.Min(vector.UrgentShare, OrderingTerms.Basis),
            Seed = PlaceSeed.Next(parent.Header.MixHash, isReveal ? reveal : Hash256.Zero),
            Reveal = reveal,
            Sealed = SealedCommitments.Read(
                parent.State, PredeployAddresses.FeePool, parent.Header.Number.Next),
            Overdue = OverdueIn(parent.Validators, payload.ParentNotarization),
        };
    }

    private static IReadOnlyList<Hash256> OverdueIn(
        ValidatorSet validators, Certificate? notarization)
    {
        var votes = new List<OverdueVote>();
        foreach (SignedObservation observation in ObservationsOf(validators, notarization))
        {
            if (validators.TryIndexOf(observation.Validator, out ValidatorIndex index)
                && ObservationReport.TryDecode(
                    observation.Encoded.Span, out ObservationReport? report, out _)
                && report!.Overdue.Count > 0)
            {
                votes.Add(new OverdueVote(validators[index].Weight, report.Overdue));
            }
        }
        return votes.Count == 0 ? [] : OverdueLane.Agree(votes, validators.TotalWeight);
    }

    /// <summary>
    /// Why this node does not vote for a valid block, or null: it owed a place to an overdue
    /// transaction the node has.
    /// </summary>
    public static string? FindOmitted(
        TreeBlock parent, TreeBlock block, OrderingTerms terms,
        Func<Hash256, RecoveredTransaction?> known) => OverdueLane.FindOmitted(
            block.UserTransactions.ToArray(), terms, known, parent.State,
            block.Header.BaseFee ?? UInt256.Zero, block.Header.GasLimit,
            RoomBesideTransaction0(parent));

    /// <summary>Gas of a child of this block for users' transactions.</summary>
    public static ulong RoomBesideTransaction0(TreeBlock parent)
    {
        ulong own = SteeringProgram.GasLimitAt(
            new SnapshotStorage(parent.State), parent.Reference.Height.Next);
        return parent.Parameters.GasLimit - Math.Min(parent.Parameters.GasLimit, own);
    }

    /// <summary>What the leader of a child of this block is committed to.</summary>
    public static Hash256 CommitmentOf(TreeBlock parent, in Address leader) =>
        PlaceSeed.CommitmentOf(parent.State, leader, parent.Header.Number.Next);

    /// <summary>Whether that leader has a next chain on its way.</summary>
    public static bool IsRenewing(TreeBlock parent, in Address leader) =>
        PlaceSeed.IsRenewing(parent.State, leader, parent.Header.Number.Next);

    /// <summary>
    /// Why the leader can't reveal what the payload does, or null. What is no reveal commits to
    /// its next chain, and there can be one such only.
    /// </summary>
    public static string? CheckReveal(
        TreeBlock parent, ConsensusPayload payload, in Address leader) =>
        PlaceSeed.IsReveal(payload.RandomnessReveal, CommitmentOf(parent, leader))
            || !IsRenewing(parent, leader)
            ? null
            : $"the randomness reveal is not what {leader} is committed to, "
                + "and its next chain is on its way";

    /// <summary>Why the payload's time can't follow the parent's, or null.</summary>
    public static string? CheckTime(TreeBlock parent, ConsensusPayload payload)
    {
        long earliest = parent.Reference.TimeMs + (long)parent.Parameters.BlockIntervalMs;
        return payload.TimeMs < earliest
            ? $"time {payload.TimeMs} ms is before {earliest} ms, the block interval's end"
            : null;
    }

    private static BlockFacts FactsOf(
        TreeBlock parent, ConsensusPayload payload, Hash256 payloadHash) =>
        new(
            parent.Reference.Height.Next,
            (ulong)payload.TimeMs,
            payloadHash,
            parent.Header.GasUsed,
            parent.SteeringGas,
            parent.Header.BaseFee ?? UInt256.Zero,
            ObservationsOf(parent.Validators, payload.ParentNotarization))
        {
            View = payload.View.Value,
            ParentView = payload.ParentView.Value,
            Voters = payload.ValidatorSetHash,
            Epoch = payload.Epoch.Value,
            Evidence = EvidenceCall.Of(payload),
        };

    /// <summary>
    /// The notarization is of the same epoch as the block that carries it; an epoch's first block
    /// carries a finalization, which has no observations.
    /// </summary>
    private static List<SignedObservation> ObservationsOf(
        ValidatorSet validators, Certificate? notarization)
    {
        var observations = new List<SignedObservation>();
        if (notarization is null)
        {
            return observations;
        }
        int next = 0;
        foreach (ValidatorIndex signer in notarization.SignerIndexes())
        {
            if (next >= notarization.Observations.Count || !validators.Contains(signer))
            {
                break; // Consensus has checked the certificate; nothing here may throw on it.
            }
            observations.Add(new SignedObservation(
                validators[signer].Address, notarization.Observations[next++]));
        }
        return observations;
    }
}
