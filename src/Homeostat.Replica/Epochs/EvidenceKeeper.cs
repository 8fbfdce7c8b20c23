using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Evidence that this node found or was told of, until the chain has acted on it: each validator
/// puts it into the blocks it proposes, whose transaction 0 brings it to the ValidatorSet
/// (docs/spec/consensus.md, "Evidence"). Told to all others once, so that whoever leads next has
/// it; not kept on disk, as the others have it too.
/// </summary>
internal sealed class EvidenceKeeper(
    ConsensusConfig network, IVoteVerifier verifier, Outbox outbox, BlockTree tree)
{
    /// <summary>Accused validators at a time: a set has no more.</summary>
    public const int Most = ValidatorSet.MaxValidators;

    /// <summary>
    /// Own blocks that bring the same evidence in vain: a contract that does not take it is not
    /// asked for ever.
    /// </summary>
    public const int MostTries = 16;

    /// <summary>Messages of one peer that are looked at between two final blocks.</summary>
    public const int MostOfPeer = 8;

    private const int NonsenseWeight = 5;

    private readonly VoteDigests _digests = new(network);
    private readonly SortedDictionary<Address, Case> _cases = [];
    private readonly SortedDictionary<PeerId, int> _heard = [];

    /// <summary>This node has seen both votes and checked them.</summary>
    public void Found(Evidence evidence)
    {
        if (SignerOf(evidence) is { } accused)
        {
            Keep(accused, evidence);
        }
    }

    /// <summary>A peer's word, which is checked.</summary>
    public void Receive(PeerId peer, Evidence evidence)
    {
        int heard = _heard.GetValueOrDefault(peer);
        if (heard >= MostOfPeer || !IsCurrent(evidence))
        {
            return; // It may have been evidence when it was sent.
        }
        _heard[peer] = heard + 1;
        if (!Conflict(evidence) || SignerOf(evidence) is not { } accused)
        {
            outbox.Add(new ReplicaEffect.Penalize(
                peer, NonsenseWeight, "evidence that shows nothing"));
            return;
        }
        Keep(accused, evidence);
    }

    /// <summary>A new peer may lead before it hears of it from anybody else.</summary>
    public void Greet(PeerId peer)
    {
        foreach (Case open in _cases.Values.Take(MostOfPeer))
        {
            outbox.Send(peer, new EvidenceMessage(open.Evidence));
        }
    }

    /// <summary>A block became final: what has been acted on or has expired is let go.</summary>
    public void Committed()
    {
        _heard.Clear();
        foreach ((Address accused, Case open) in _cases.ToArray())
        {
            if (open.Tries >= MostTries
                || !IsOpen(tree.Finalized, accused, open.Evidence, EpochAfter(tree.Finalized)))
            {
                _cases.Remove(accused);
            }
        }
    }

    /// <summary>What the own block on this parent is to bring, or null.</summary>
    public Evidence? For(TreeBlock parent, Epoch epoch)
    {
        if (network.Epochs.IsRegularLast(parent.Reference.Height.Next))
        {
            return null; // There the next set is written.
        }
        foreach ((Address accused, Case open) in _cases)
        {
            if (open.Tries < MostTries && IsOpen(parent, accused, open.Evidence, epoch))
            {
                open.Tries++;
                return open.Evidence;
            }
        }
        return null;
    }

    private void Keep(Address accused, Evidence evidence)
    {
        if (_cases.ContainsKey(accused) || _cases.Count >= Most
            || !IsOpen(tree.Finalized, accused, evidence, EpochAfter(tree.Finalized)))
        {
            return;
        }
        _cases.Add(accused, new Case(evidence));
        outbox.Broadcast(new EvidenceMessage(evidence));
        outbox.Log(
            LogLevel.Error,
            $"validator {accused} gave two votes in epoch {evidence.First.Epoch}, view "
            + $"{evidence.First.View}: {evidence.First.Kind} {evidence.First.BlockHash} and "
            + $"{evidence.Second.Kind} {evidence.Second.BlockHash}; the next blocks bring this "
            + "to the validators' contract");
    }

    private Epoch EpochAfter(TreeBlock block) => network.Epochs.Of(block.Reference.Height.Next);

    private static bool IsOpen(
        TreeBlock parent, in Address accused, Evidence evidence, Epoch epoch) =>
        ValidatorStorage.CanSlash(
            new SnapshotStorage(parent.State), accused, evidence.First.Epoch.Value, epoch.Value);

    /// <summary>Of an epoch that this node knows of: else no state here can say more.</summary>
    private bool IsCurrent(Evidence evidence) =>
        evidence.First.Epoch.Value <= EpochAfter(tree.Finalized).Value;

    private Address? SignerOf(Evidence evidence)
    {
        bool isSigned = verifier.TryRecover(
                _digests.Of(evidence.First), evidence.First.Signature, out Address first)
            & verifier.TryRecover(
                _digests.Of(evidence.Second), evidence.Second.Signature, out Address second);
        return isSigned && first == second ? first : null;
    }

    /// <summary>The same rule as the contract's.</summary>
    private static bool Conflict(Evidence evidence)
    {
        (Vote a, Vote b) = (evidence.First, evidence.Second);
        if (a.Epoch != b.Epoch || a.View != b.View || !IsWellFormed(a) || !IsWellFormed(b))
        {
            return false;
        }
        if (a.Kind != b.Kind)
        {
            return a.Kind != VoteKind.Notarize && b.Kind != VoteKind.Notarize;
        }
        return a.Kind != VoteKind.Nullify
            && (a.BlockHash != b.BlockHash || a.ObservationHash != b.ObservationHash);
    }

    private static bool IsWellFormed(Vote vote) =>
        (vote.Kind != VoteKind.Nullify || vote.BlockHash.IsZero)
        && (vote.Kind == VoteKind.Notarize || vote.Observation.Length == 0);

    private sealed class Case(Evidence evidence)
    {
        public Evidence Evidence { get; } = evidence;

        /// <summary>Own blocks that brought it.</summary>
        public int Tries { get; set; }
    }
}
