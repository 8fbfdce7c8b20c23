using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Fetches finalized blocks this node lacks, and serves those it has. Sans-IO like
/// <see cref="SimplexMachine"/>. One request is out at a time, and the next follows when its blocks
/// are committed: so what is buffered is one answer. Nothing an answer says is believed but by its
/// finalization certificate and the hash links down to the own last block.
/// </summary>
public sealed class SyncMachine
{
    private readonly VoteDigests _digests;
    private readonly IVoteVerifier _votes;
    private CertificateVerifier _verifier;
    private readonly IBlockReader _blocks;
    private readonly SortedDictionary<PeerId, SyncPeer> _peers = [];
    private readonly PeerBudgets _budgets = new();
    private readonly List<SyncEffect> _effects = [];
    private BlockReference? _committed;
    private Certificate? _goal;
    private (PeerId From, Height To)? _applying;
    private OpenRequest? _request;
    private long _patienceMs = SyncLimits.MinTimeoutMs;
    private long _graceMs = SyncLimits.MinGraceMs;
    private ulong _lastId;
    private PeerId _lastPeer;
    private long? _timerAt;

    public SyncMachine(
        ConsensusConfig config, Epoch epoch, ValidatorSet validators, IVoteVerifier verifier,
        IBlockReader blocks)
    {
        (_digests, _votes, _blocks) = (new VoteDigests(config), verifier, blocks);
        _verifier = new CertificateVerifier(_digests, epoch, validators, verifier);
    }

    /// <summary>True while blocks are known to be missing.</summary>
    public bool IsBehind => _committed is { } committed && _goal?.View > committed.View;

    /// <summary>
    /// The highest block that a peer says it can serve and has not failed to; at least the own.
    /// </summary>
    public Height Highest
    {
        get
        {
            Height highest = _committed?.Height ?? Height.Genesis;
            foreach (SyncPeer peer in _peers.Values)
            {
                highest = peer.Finalized > highest ? peer.Finalized : highest;
            }
            return highest;
        }
    }

    /// <summary>As <see cref="SimplexMachine.Step"/>.</summary>
    public IReadOnlyList<SyncEffect> Step(long nowMs, SyncInput input)
    {
        _effects.Clear();
        switch (input)
        {
            case SyncInput.Committed committed:
                OnCommitted(committed.Block);
                break;
            case SyncInput.Tick:
                break;
            case SyncInput.PeerConnected peer:
                if (_peers.Count < SyncLimits.MaxPeers)
                {
                    _peers[peer.Peer] = new SyncPeer { Finalized = peer.Finalized };
                }
                break;
            case SyncInput.PeerAhead ahead:
                if (_committed is { } own && _peers.TryGetValue(ahead.Peer, out SyncPeer? known)
                    && known.Finalized <= own.Height)
                {
                    known.Finalized = own.Height.Next;
                }
                break;
            case SyncInput.EpochStarted started:
                // What was asked for is of the epoch before, and so is what was missing.
                (_request, _goal) = (null, null);
                _verifier = new CertificateVerifier(
                    _digests, started.Epoch, started.Validators, _votes);
                break;
            case SyncInput.PeerDisconnected peer:
                _peers.Remove(peer.Peer);
                _request = _request?.Peer == peer.Peer ? null : _request;
                break;
            case SyncInput.Received received:
                Receive(received.Peer, received.Message, nowMs);
                break;
            case SyncInput.Behind behind:
                _goal = behind.Finalization.View > (_goal?.View ?? View.Genesis)
                    ? behind.Finalization
                    : _goal;
                break;
            case SyncInput.ArchiveRead read:
                _effects.Add(new SyncEffect.Send(read.Peer, new SyncResponseMessage(
                    read.RequestId, read.Blocks, read.Finalization)));
                break;
            case SyncInput.ApplyFailed failed:
                OnApplyFailed(failed, nowMs);
                break;
            default:
                Invariant.Require(false, "every input has its arm");
                break;
        }
        Expire(nowMs);
        Request(nowMs);
        Probe(nowMs);
        SetTimer(nowMs, input);
        return _effects;
    }

    private void OnCommitted(BlockReference block)
    {
        if (_committed is null || block.Height > _committed.Height)
        {
            _committed = block;
        }
        _applying = _applying?.To > _committed.Height ? _applying : null;
    }

    /// <summary>
    /// The header is final by its certificate, so what failed is the body, which the certificate
    /// does not cover: the others are asked for it. (A final block that is invalid here halts the
    /// replica instead.)
    /// </summary>
    private void OnApplyFailed(SyncInput.ApplyFailed failed, long nowMs)
    {
        if (_applying is { } applying)
        {
            _applying = null;
            _effects.Add(new SyncEffect.Penalty(applying.From, 5, failed.Reason));
            Postpone(applying.From, nowMs);
        }
    }

    private void Receive(PeerId peer, WireMessage message, long nowMs)
    {
        if (message is SyncRequestMessage request)
        {
            Serve(peer, request, nowMs);
        }
        else if (message is SyncResponseMessage response && _request is { } open
            && open.Peer == peer)
        {
            if (open.Id == response.RequestId)
            {
                _request = null;
                long waitMs = SyncLimits.TimeoutTimes * (nowMs - open.SentAt);
                _patienceMs = Math.Clamp(
                    waitMs, SyncLimits.MinTimeoutMs, SyncLimits.MaxTimeoutMs);
                _graceMs = Math.Clamp(waitMs, SyncLimits.MinGraceMs, SyncLimits.MaxTimeoutMs);
                Take(peer, response, nowMs);
            }
            else if (response.RequestId > open.Id && response.RequestId <= _lastId)
            {
                open.LostAt ??= nowMs + _graceMs;
            }
        }
    }

    private void Serve(PeerId peer, SyncRequestMessage request, long nowMs)
    {
        if (!_budgets.TryTake(peer, nowMs))
        {
            _effects.Add(new SyncEffect.Penalty(peer, 1, "too many sync requests"));
        }
        else if (_committed is null || request.From > _committed.Height || request.MaxBlocks == 0)
        {
            _effects.Add(new SyncEffect.Send(
                peer, new SyncResponseMessage(request.RequestId, [], null)));
        }
        else
        {
            _effects.Add(new SyncEffect.ReadArchive(
                peer, request.RequestId, request.From,
                Math.Min(request.MaxBlocks, WireLimits.MaxSyncBlocks), SyncLimits.MaxAnswerBytes));
        }
    }

    private void Take(PeerId peer, SyncResponseMessage response, long nowMs)
    {
        if (response.Blocks.Count == 0)
        {
            Postpone(peer, nowMs);
            return;
        }
        string? error = Check(response, out List<SyncEffect.Apply> steps);
        if (error is not null)
        {
            _effects.Add(new SyncEffect.Penalty(peer, 5, error));
            Postpone(peer, nowMs);
            return;
        }
        if (_peers.TryGetValue(peer, out SyncPeer? known))
        {
            known.Failures = 0;
        }
        if (steps.Count > 0)
        {
            _applying = (peer, steps[^1].Block.Height);
            _effects.AddRange(steps);
        }
    }

    /// <summary>
    /// What is wrong with the answer, or null and the blocks above the last committed, which may
    /// have moved on by votes since the request.
    /// </summary>
    private string? Check(SyncResponseMessage response, out List<SyncEffect.Apply> steps)
    {
        steps = [];
        BlockReference tip = _committed!;
        if (response.Finalization is not { Kind: VoteKind.Finalize } proof)
        {
            return "blocks without a finalization";
        }
        BlockReference? last = null;
        foreach (byte[] encoded in response.Blocks)
        {
            if (!_blocks.TryRead(encoded, out BlockReference block, out ConsensusPayload payload))
            {
                return "bytes are no block";
            }
            bool isLinked = last is null
                || (block.ParentHash == last.Hash && block.Height == last.Height.Next);
            bool fitsTip = block.Height != tip.Height.Next || block.ParentHash == tip.Hash;
            if (!isLinked || !fitsTip || (last is null && block.Height > tip.Height.Next))
            {
                return "blocks are not linked";
            }
            last = block;
            if (block.Height > tip.Height)
            {
                steps.Add(new SyncEffect.Apply(
                    block, payload, encoded, proof, block.Hash == proof.BlockHash));
            }
        }
        // An epoch's last block may be made final in a later view than its own.
        return last!.Hash != proof.BlockHash || last.View > proof.View
            ? "finalization is of another block"
            : _verifier.Check(proof);
    }

    private void Postpone(PeerId peer, long nowMs)
    {
        if (_peers.TryGetValue(peer, out SyncPeer? known))
        {
            int doublings = Math.Min(known.Failures++, SyncLimits.MaxRetryDoublings);
            known.NotBefore = nowMs + (SyncLimits.RetryMs << doublings);
            known.Finalized = Height.Genesis;
        }
    }

    /// <summary>
    /// A peer that answers a probe, sent after the request, but not the request has not got it, or
    /// its answer was lost; one that answers neither may be slow: the next is waited for longer.
    /// </summary>
    private void Expire(long nowMs)
    {
        if (_request is not { } open)
        {
            return;
        }
        bool isLost = nowMs >= open.LostAt;
        if (isLost || nowMs >= open.TimeoutAt)
        {
            _request = null;
            ref long wait = ref isLost ? ref _graceMs : ref _patienceMs;
            wait = Math.Min(2 * wait, SyncLimits.MaxTimeoutMs);
            Postpone(open.Peer, nowMs);
            _effects.Add(new SyncEffect.Penalty(open.Peer, 1, "no answer to a sync request"));
        }
    }

    private void Request(long nowMs)
    {
        if (_committed is not { } tip || _request is not null
            || _applying is not null || PeerToAsk(tip, nowMs) is not { } peer)
        {
            return;
        }
        _lastPeer = peer;
        _request = new OpenRequest(peer, ++_lastId, nowMs, nowMs + _patienceMs)
        {
            ProbeAt = nowMs + SyncLimits.ProbeMs,
        };
        _effects.Add(new SyncEffect.Send(peer, new SyncRequestMessage(
            _lastId, tip.Height.Next, WireLimits.MaxSyncBlocks)));
    }

    /// <summary>
    /// Asks the peer whose answer is waited for for nothing: over a line that carries messages
    /// again, that is answered at once.
    /// </summary>
    private void Probe(long nowMs)
    {
        if (_request is { LostAt: null } open && nowMs >= open.ProbeAt && _committed is { } tip)
        {
            open.ProbeAt = nowMs + SyncLimits.ProbeMs;
            _effects.Add(new SyncEffect.Send(
                open.Peer, new SyncRequestMessage(++_lastId, tip.Height.Next, 0)));
        }
    }

    /// <summary>
    /// The next peer in turn that may be asked now: any when a finalization says blocks are
    /// missing, else only one that says it has more.
    /// </summary>
    private PeerId? PeerToAsk(BlockReference tip, long nowMs)
    {
        PeerId? first = null;
        foreach ((PeerId peer, SyncPeer state) in _peers)
        {
            bool isUseful = IsBehind || state.Finalized > tip.Height;
            if (isUseful && nowMs >= state.NotBefore)
            {
                if (peer > _lastPeer)
                {
                    return peer;
                }
                first ??= peer;
            }
        }
        return first;
    }

    private void SetTimer(long nowMs, SyncInput input)
    {
        long? at = _request?.WakeAt;
        if (_request is null && _applying is null && IsBehind && _peers.Count > 0)
        {
            at = Math.Max(nowMs + 1, _peers.Values.Min(peer => peer.NotBefore));
        }
        if (at is { } due && (input is SyncInput.Tick || due != _timerAt))
        {
            _effects.Add(new SyncEffect.SetTimer(due));
        }
        _timerAt = at;
    }

    private sealed record OpenRequest(PeerId Peer, ulong Id, long SentAt, long TimeoutAt)
    {
        public long ProbeAt { get; set; }

        /// <summary>Set by an answer to a probe: the answer is due by then.</summary>
        public long? LostAt { get; set; }

        public long WakeAt => Math.Min(TimeoutAt, LostAt ?? ProbeAt);
    }

    private sealed class SyncPeer
    {
        public Height Finalized { get; set; }
        public long NotBefore { get; set; }
        public int Failures { get; set; }
    }
}
