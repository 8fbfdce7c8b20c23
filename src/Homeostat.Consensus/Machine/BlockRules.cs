using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Bodies of blocks: executed as soon as their parent is, fetched when a quorum voted for one that
/// is not here, and handed over as final in the order of the chain.
/// </summary>
internal sealed class BlockRules(
    MachineContext context, CertificateRules certificates, ProposalRules proposals)
{
    private readonly SortedDictionary<Hash256, long> _fetches = [];
    private readonly LookupSet<Hash256> _parentsProven = new();
    private long _nextCatchUpAt;
    private View _pendingSince;

    public void Advance()
    {
        ConsiderBacked(context.CurrentRound);
        foreach (BlockEntry entry in context.Tree.Ascending.ToArray())
        {
            TakeParentNotarization(entry);
            Execute(entry);
            GiveNotarized(entry);
        }
        EndEpochUnfinalized();
        HandOverFinal();
        Fetch();
        CatchUp();
    }

    public void OnVerified(ConsensusInput.Verified verified)
    {
        if (context.Tree.Find(verified.BlockHash) is not { Status: BlockStatus.Verifying } entry)
        {
            return;
        }
        switch (verified.Result)
        {
            case VerificationResult.Valid:
                entry.Status = BlockStatus.Valid;
                entry.Observation = verified.Observation;
                break;
            case VerificationResult.Unwanted:
                entry.Status = BlockStatus.Valid;
                entry.IsUnwanted = true;
                Round round = context.RoundOf(entry.Reference.View);
                round.IsHopeless |= round.Proposal == verified.BlockHash;
                break;
            case VerificationResult.Invalid:
                Refuse(entry, verified.Reason, verified.OwnStateRoot);
                break;
            default:
                // The hash may still be a good block's: forget the bytes, not the hash.
                context.Tree.Remove(entry);
                break;
        }
    }

    public void Serve(PeerId peer, BlockRequestMessage request)
    {
        if (context.Tree.Find(request.BlockHash) is { } entry)
        {
            context.Emit(new ConsensusEffect.Send(peer, new BlockResponseMessage(entry.Encoded)));
        }
    }

    public void Receive(PeerId peer, BlockResponseMessage response)
    {
        if (!context.Blocks.TryRead(response.EncodedBlock, out BlockReference block, out _))
        {
            context.Penalize(peer, 5, "bytes are no block");
        }
        else if (_fetches.ContainsKey(block.Hash))
        {
            proposals.TakeBody(peer, response.EncodedBlock, block.Hash);
        }
    }

    public void Receive(PeerId peer, RefusalAdvisory advisory)
    {
        if (advisory.Epoch != context.Epoch || advisory.View < context.Finalized.View
            || advisory.View.Value > context.Current.Value + ConsensusLimits.VoteViewsAhead
            || !context.Validators.Contains(advisory.Signer))
        {
            return;
        }
        Round round = context.RoundOf(advisory.View);
        Hash256 digest = context.Digests.OfRefusal(
            advisory.Epoch, advisory.View, advisory.BlockHash, advisory.OwnStateRoot,
            advisory.Reason);
        if (round.RefusedSigners.Contains(advisory.Signer.Value))
        {
            return;
        }
        if (!context.Verifier.Signed(digest, advisory.Signature, advisory.Signer))
        {
            context.Penalize(peer, 5, "refusal with a wrong signature");
            return;
        }
        round.RefusedSigners.Add(advisory.Signer.Value);
        context.Emit(new ConsensusEffect.Refused(advisory));
    }

    public void OnAdopted(BlockReference block, Certificate finalization)
    {
        if (block.View <= context.Finalized.View)
        {
            return;
        }
        certificates.Accept(finalization, formedHere: false);
        MoveFinal(block, finalization);
        if (context.PendingFinalization?.View <= block.View)
        {
            context.PendingFinalization = null;
        }
    }

    private static bool IsNear(BlockReference block, BlockReference final) =>
        block.Height.Value <= final.Height.Value + ConsensusLimits.MaxFetchDepth;

    /// <summary>The notarization in a block's payload was checked when the block came.</summary>
    private void TakeParentNotarization(BlockEntry entry)
    {
        if (entry.Payload.ParentNotarization is { } notarization
            && notarization.Epoch == context.Epoch && IsNear(entry.Reference, context.Finalized)
            && _parentsProven.Add(entry.Reference.Hash))
        {
            certificates.Accept(notarization, formedHere: false);
        }
    }

    private void Execute(BlockEntry entry)
    {
        BlockReference block = entry.Reference;
        if (entry.Status != BlockStatus.Unverified || block.View <= context.Finalized.View)
        {
            return;
        }
        bool isNotarized = IsNotarized(block);
        bool isProposal = context.CurrentRound.Proposal == block.Hash
            && context.Fits(block, context.Current)
            && proposals.ParentIsProven(entry, context.CurrentRound);
        BlockReference? parent = ParentOf(block, out bool parentIsInvalid);
        if (parentIsInvalid)
        {
            entry.Status = BlockStatus.Invalid;
            context.RoundOf(block.View).IsHopeless = true;
        }
        else if (parent is not null && (isNotarized || isProposal))
        {
            if (block.Height != parent.Height.Next || block.ParentView != parent.View)
            {
                entry.Status = BlockStatus.Verifying;
                Refuse(entry, "height or parent view is not its parent's", Hash256.Zero);
                return;
            }
            entry.Status = BlockStatus.Verifying;
            context.Emit(new ConsensusEffect.Verify(block, entry.Payload, parent, entry.Encoded));
        }
    }

    /// <summary>In its own view; the epoch's last block also in a later one.</summary>
    private bool IsNotarized(BlockReference block) =>
        context.RoundOf(block.View).NotarizedHash == block.Hash
        || (context.EndsEpoch(block)
            && context.RoundsAscending.Any(round => round.NotarizedHash == block.Hash));

    private BlockReference? ParentOf(BlockReference block, out bool isInvalid)
    {
        isInvalid = false;
        if (block.ParentHash == context.Finalized.Hash)
        {
            return context.Finalized;
        }
        BlockEntry? parent = context.Tree.Find(block.ParentHash);
        isInvalid = parent?.Status == BlockStatus.Invalid;
        return parent?.Status == BlockStatus.Valid ? parent.Reference : null;
    }

    private void GiveNotarized(BlockEntry entry)
    {
        if (entry.Status == BlockStatus.Valid && entry.Reference.View > context.Finalized.View
            && context.RoundOf(entry.Reference.View) is { NotarizedGiven: false } round
            && round.Notarization is { } notarization
            && notarization.BlockHash == entry.Reference.Hash)
        {
            round.NotarizedGiven = true;
            context.Emit(new ConsensusEffect.Notarized(entry.Reference, notarization));
        }
    }

    private void Refuse(BlockEntry entry, string reason, in Hash256 ownStateRoot)
    {
        BlockReference block = entry.Reference;
        entry.Status = BlockStatus.Invalid;
        context.RoundOf(block.View).IsHopeless = true;
        if (context.Self is not { } self)
        {
            return;
        }
        string bounded = reason.Length <= WireLimits.MaxReasonBytes / 4
            ? reason
            : reason[..(WireLimits.MaxReasonBytes / 4)];
        Hash256 digest = context.Digests.OfRefusal(
            context.Epoch, block.View, block.Hash, ownStateRoot, bounded);
        var advisory = new RefusalAdvisory(
            context.Epoch, block.View, block.Hash, ownStateRoot, bounded, self,
            context.Signer!.Sign(digest));
        context.Broadcast(new RefusalMessage(advisory));
        context.Emit(new ConsensusEffect.Refused(advisory));
    }

    /// <summary>Only with the bug planted.</summary>
    private void EndEpochUnfinalized()
    {
        if (context.Bugs.EpochFromUnfinalized && !context.IsClosed
            && context.Tree.Ascending.FirstOrDefault(entry =>
                entry.Status == BlockStatus.Valid && context.EndsEpoch(entry.Reference))
                is { Reference: var last })
        {
            context.PendingFinalization = new Certificate(
                VoteKind.Finalize, context.Epoch, last.View, last.Hash, [], [], []);
        }
    }

    /// <summary>
    /// A finalization reaches back to the last final block over valid blocks only.
    /// </summary>
    private void HandOverFinal()
    {
        if (context.PendingFinalization is not { } proof)
        {
            return;
        }
        var path = new List<BlockReference>();
        Hash256 hash = proof.BlockHash;
        while (hash != context.Finalized.Hash)
        {
            BlockEntry? entry = context.Tree.Find(hash);
            bool conflicts = entry?.Reference.View <= context.Finalized.View;
            if (entry?.Status == BlockStatus.Invalid || conflicts)
            {
                Diverge(entry!.Reference, proof);
            }
            if (entry?.Status != BlockStatus.Valid || conflicts)
            {
                return;
            }
            path.Add(entry.Reference);
            hash = entry.Reference.ParentHash;
        }
        context.PendingFinalization = null;
        if (path.Count == 0)
        {
            return;
        }
        path.Reverse();
        foreach (BlockReference block in path)
        {
            Certificate own = context.FindRound(block.View)?.Finalization ?? proof;
            context.Emit(new ConsensusEffect.Finalized(block, own));
        }
        MoveFinal(path[^1], proof);
    }

    private void MoveFinal(BlockReference block, Certificate proof)
    {
        context.Finalized = block;
        context.FinalizedProof = proof;
        context.TimeoutGrowth /= 2;
        context.Prune();
        _fetches.Clear();
        _parentsProven.Clear();
        if (context.Current <= block.View)
        {
            certificates.Enter(block.View.Next);
        }
    }

    private void Diverge(BlockReference block, Certificate proof)
    {
        if (!context.HasDiverged)
        {
            context.HasDiverged = true;
            context.Emit(new ConsensusEffect.Diverged(block, proof));
        }
    }

    /// <summary>Asks for each wanted body, one validator after another.</summary>
    private void Fetch()
    {
        long retryMs = Math.Max(1, context.Parameters.RetransmitMs / 2);
        List<Hash256> wanted = Wanted();
        foreach (Hash256 hash in _fetches.Keys.Except(wanted).ToArray())
        {
            _fetches.Remove(hash);
        }
        foreach (Hash256 hash in wanted)
        {
            if (!_fetches.TryGetValue(hash, out long dueAt))
            {
                // It may be on its way: blocks are larger than votes.
                dueAt = context.Clock + Math.Max(1, context.Parameters.RetransmitMs / 8);
                _fetches[hash] = dueAt;
            }
            if (context.Clock >= dueAt && certificates.NextPeer() is { } peer)
            {
                dueAt = context.Clock + retryMs;
                _fetches[hash] = dueAt;
                context.Emit(new ConsensusEffect.Send(peer, new BlockRequestMessage(hash)));
            }
            context.Wake(dueAt);
        }
    }

    private List<Hash256> Wanted()
    {
        var wanted = new List<Hash256>();
        foreach (Round round in context.RoundsAscending)
        {
            if (round.View <= context.Finalized.View)
            {
                continue;
            }
            Hash256? hash = round.NotarizedHash
                ?? (round.View == context.Current ? Backed(round) : null);
            if (hash is { } missing && context.Tree.Find(missing) is null
                && wanted.Count < ConsensusLimits.MaxFetchDepth)
            {
                wanted.Add(missing);
            }
        }
        return wanted;
    }

    /// <summary>
    /// The leader's message was lost, but somebody honest voted for its block, and a peer gave the
    /// body: as good as the message, since a validator votes for one block a view anyhow.
    /// </summary>
    private void ConsiderBacked(Round round)
    {
        if (round.Proposal is null && Backed(round) is { } hash
            && context.Tree.Find(hash) is { } entry && context.Fits(entry.Reference, round.View))
        {
            proposals.Consider(round, hash);
        }
    }

    /// <summary>A block of the current view that somebody honest voted for.</summary>
    private Hash256? Backed(Round round)
    {
        foreach ((Hash256 hash, ulong weight) in round.NotarizeVotes.Weights)
        {
            if (context.Validators.HasHonest(weight))
            {
                return hash;
            }
        }
        return null;
    }

    /// <summary>
    /// When single fetches do not reach back to the last final block, sync is asked.
    /// </summary>
    private void CatchUp()
    {
        if (context.PendingFinalization is not { } proof || context.HasDiverged)
        {
            return;
        }
        if (_pendingSince <= context.Finalized.View)
        {
            bool isFar = context.Tree.Find(proof.BlockHash) is { } entry
                && !IsNear(entry.Reference, context.Finalized);
            long pauseMs = isFar ? 0 : Math.Max(1, context.Parameters.RetransmitMs / 2);
            _pendingSince = proof.View;
            _nextCatchUpAt = context.Clock + pauseMs;
        }
        if (context.Clock >= _nextCatchUpAt)
        {
            _nextCatchUpAt = context.Clock + Math.Max(1, 2 * context.Parameters.RetransmitMs);
            context.Emit(new ConsensusEffect.CatchUp(proof));
        }
        context.Wake(_nextCatchUpAt);
    }
}
