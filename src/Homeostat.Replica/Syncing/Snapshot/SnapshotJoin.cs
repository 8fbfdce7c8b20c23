using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A node without a state that joins from a checkpoint: it takes a final block from its peers that
/// stands on the checkpoint (or under it), fetches the whole state of that block in pieces from all
/// who have it, and then goes on as any node that starts from its disk.
///
/// What is believed, and why. The checkpoint, because the operator says so. The block, because a
/// quorum of the validators finalized it and its headers lead down to the checkpoint by hash. Each
/// piece of state, because it is proven against the block's state root (<see cref="TrieRanges"/>),
/// code because of its hash. No peer is believed: one that answers what can't be true is banned,
/// and what it was asked is asked again elsewhere.
///
/// Order of writing: nodes with or before the plan that no longer asks for them; the block and the
/// reference to its state last. A crash at any point goes on from the last plan.
/// </summary>
internal sealed class SnapshotJoin
{
    private readonly ReplicaConfig _config;
    private readonly SnapshotTrust _trust;
    private readonly RecoveredState _disk;
    private readonly Outbox _outbox;
    private readonly StepClock _clock;
    private readonly Timers _timers;
    private readonly StoredState _stored;
    private readonly ChainHead _genesis;
    private readonly Action<RecoveredState> _done;
    private readonly SnapshotPeers _peers = new();
    private readonly SnapshotProgress _progress;
    private SnapshotPivot? _best;
    private PeerId _bestPeer;
    private SnapshotPlan? _plan;
    private long _decideAtMs;
    private long _wroteMs;
    private int _underWay;
    private bool _isInstalling;

    public SnapshotJoin(
        ReplicaConfig config, SnapshotTrust trust, RecoveredState disk, TreeBlock genesis,
        Outbox outbox, StepClock clock, Timers timers, Action<RecoveredState> done)
    {
        (_config, _trust, _disk, _done) = (config, trust, disk, done);
        (_outbox, _clock, _timers) = (outbox, clock, timers);
        _stored = new StoredState(disk.State);
        _genesis = ChainHead.Of(genesis);
        _progress = new SnapshotProgress(
            outbox, config.Genesis.Config, _genesis, trust.Checkpoint);
        _plan = disk.Snapshot is { } written ? SnapshotPlan.TryDecode(written, trust) : null;
        _peers.LastUsefulMs = clock.NowMs;
        if (_plan is not null)
        {
            outbox.Log(
                LogLevel.Information,
                $"going on to fetch the state of block {_plan.Pivot.Reference.Height}");
        }
        _progress.Publish(_plan);
    }

    public void Step(ReplicaInput input)
    {
        switch (input)
        {
            case ReplicaInput.PeerConnected connected:
                _outbox.Send(connected.Peer, new HelloMessage(
                    HelloMessage.CurrentVersion, _trust.Network.ChainId,
                    _trust.Network.GenesisHash, _config.Self.Address, Height.Genesis));
                break;
            case ReplicaInput.PeerDisconnected gone:
                GiveBack(_peers.Remove(gone.Peer));
                break;
            case ReplicaInput.PeerMessage message:
                Receive(message.Peer, message.Bytes);
                break;
        }
    }

    /// <summary>Ends a step: what is due, and what can be asked for now.</summary>
    public void Settle()
    {
        _timers.TakeDue(TimerKind.Snapshot, _clock.NowMs);
        if (_isInstalling)
        {
            return;
        }
        foreach ((PeerId peer, SnapshotTask? task) in _peers.Expire(_clock.NowMs))
        {
            Penalize(peer, 1, "no answer to a request for state");
            GiveBack(task is null ? [] : [task]);
        }
        if (_plan is null)
        {
            AskForOffers();
        }
        else if (_plan.IsComplete && _underWay == 0)
        {
            Install(_plan);
            return;
        }
        else
        {
            AskForState(_plan);
            DropLostPivot();
        }
        _progress.Report(_plan, _peers.Count, _clock.NowMs);
        _timers.Set(TimerKind.Snapshot, _clock.NowMs + SnapshotLimits.RetryMs);
    }

    private void Receive(PeerId peer, byte[] bytes)
    {
        if (WireMessage.TryDecode(bytes, out WireMessage? message) is { } error)
        {
            Penalize(peer, 1, error);
        }
        else if (message is HelloMessage hello)
        {
            if (hello.MismatchWith(_trust.Network) is { } mismatch)
            {
                Penalize(peer, 10, mismatch);
            }
            else
            {
                _peers.Add(peer);
            }
        }
        else if (message is SnapshotMessage answer
            && _peers.TryAnswer(peer, answer.RequestId, out SnapshotTask? task))
        {
            if (_plan is not null && task is not null)
            {
                _plan.Bytes += bytes.Length;
            }
            Take(peer, task, answer);
        }
    }

    private void Take(PeerId peer, SnapshotTask? task, SnapshotMessage answer)
    {
        switch (task, answer)
        {
            case (null, SnapshotResponseMessage { EncodedBlock.Length: > 0 } offer):
                _peers.Offered(peer);
                Run(new CheckOfferWork(offer, _trust), peer, null, Judge);
                break;
            case (null, _):
                _peers.Postpone(peer, _clock.NowMs);
                break;
            case (SnapshotTask.Anchor, HeadersResponseMessage { Headers.Count: 1 } headers):
                Run(
                    new CheckHeadersWork(
                        _trust.Checkpoint.Hash, _trust.Checkpoint.Height, headers.Headers),
                    peer, task, Judge);
                break;
            case (SnapshotTask.Link link, HeadersResponseMessage { Headers.Count: > 0 } headers)
                when headers.Headers.Count <= link.Count:
                Run(
                    new CheckHeadersWork(link.Hash, link.Last, headers.Headers), peer, task,
                    (p, t, result) => Linked(p, link, headers.Headers.Count, result));
                break;
            case (SnapshotTask.Ranges ranges, RangesResponseMessage { Ranges.Count: > 0 } part):
                Run(
                    new CheckRangesWork(ranges.Tasks, part.Ranges, _stored), peer, task, Judge);
                break;
            case (SnapshotTask.Codes codes, CodesResponseMessage { Codes.Count: > 0 } part):
                Run(new CheckCodesWork(codes.Hashes, part.Codes), peer, task, Judge);
                break;
            default:
                // It has not what was asked for, or no time now.
                _peers.Postpone(peer, _clock.NowMs);
                GiveBack([task!]);
                break;
        }
    }

    private void Run(
        IWork work, PeerId peer, SnapshotTask? task,
        Action<PeerId, SnapshotTask?, WorkResult> then)
    {
        SnapshotPlan? plan = _plan;
        _underWay++;
        _outbox.Run(work, (result, _) =>
        {
            _underWay--;
            if (ReferenceEquals(plan, _plan))
            {
                then(peer, task, result);
            }
        });
    }

    private void Judge(PeerId peer, SnapshotTask? task, WorkResult result)
    {
        switch (task, result)
        {
            case (null, CheckOfferWork.Sound sound):
                _peers.Useful(peer, _clock.NowMs);
                Consider(peer, sound.Pivot);
                break;
            case (SnapshotTask.Anchor anchor, CheckHeadersWork.Linked header):
                _peers.Useful(peer, _clock.NowMs);
                Anchored(anchor, header.Lowest!);
                break;
            case (SnapshotTask.Anchor, Lie):
                Differ(peer);
                GiveBack([task]);
                break;
            case (SnapshotTask.Ranges ranges, CheckRangesWork.Found found):
                _peers.Useful(peer, _clock.NowMs);
                _plan!.Fulfilled(ranges, found);
                Write(found.Nodes);
                break;
            case (SnapshotTask.Codes codes, CheckCodesWork.Sound sound):
                _peers.Useful(peer, _clock.NowMs);
                _plan!.Fulfilled(codes, sound.Entries.Count);
                Write(sound.Entries);
                break;
            default:
                Accuse(peer, task, result);
                break;
        }
    }

    /// <summary>Proofs don't fail by accident: one is enough for a ban.</summary>
    private void Accuse(PeerId peer, SnapshotTask? task, WorkResult result)
    {
        string reason = result is Lie lie ? lie.Reason : $"{result}";
        _outbox.Log(LogLevel.Warning, $"peer {peer} lies about the state: {reason}");
        Penalize(peer, 10, $"lies about the state: {reason}");
        _peers.Postpone(peer, _clock.NowMs);
        GiveBack(task is null ? [] : [task]);
    }

    /// <summary>
    /// Perhaps the checkpoint is wrong, and the peer's chain right; perhaps not. Neither a ban nor
    /// an end of this node would be: who serves another chain must not be able to stop it.
    /// </summary>
    private void Differ(PeerId peer)
    {
        _outbox.Log(
            LogLevel.Warning,
            $"peer {peer} has another block at height {_trust.Checkpoint.Height} than the "
            + $"checkpoint {_trust.Checkpoint}: if all have, take it from a source you trust and "
            + "start again with an empty data folder");
        _peers.Postpone(peer, _clock.NowMs);
    }

    private void Linked(PeerId peer, SnapshotTask.Link link, int count, WorkResult result)
    {
        if (result is not CheckHeadersWork.Linked linked)
        {
            if (link.Hash == _trust.Checkpoint.Hash)
            {
                Differ(peer);
                GiveBack([link]);
                return;
            }
            Accuse(peer, link, result);
            return;
        }
        _peers.Useful(peer, _clock.NowMs);
        if (_plan!.Linked(link, count, linked.Parent))
        {
            return;
        }
        if (_plan.Pivot.Reference.Height < _trust.Checkpoint.Height)
        {
            Accuse(_bestPeer, null, new Lie("the block is not under the checkpoint"));
        }
        else
        {
            Differ(_bestPeer);
        }
        DropPlan();
    }

    private void Anchored(SnapshotTask.Anchor anchor, BlockHeader checkpoint)
    {
        long ageMs = _clock.NowMs - (long)checkpoint.Timestamp * 1_000;
        long mostMs = _config.CheckpointAgeMs ?? _config.Genesis.Config.UnbondingMs;
        if (!_plan!.Pivot.IsBoundTo(checkpoint))
        {
            Accuse(_bestPeer, null, new Lie("the block's validators are not the checkpoint's"));
            DropPlan();
            return;
        }
        if (ageMs > mostMs)
        {
            const long DayMs = 86_400_000;
            _outbox.Halt(
                $"checkpoint {_trust.Checkpoint} is {ageMs / DayMs} days old, and validators may "
                + $"leave after {mostMs / DayMs} days: those of that time could "
                + "sign another chain without losing anything. Take a newer final block from a "
                + "source you trust");
            return;
        }
        _plan!.Anchored(anchor);
    }

    private void AskForOffers()
    {
        foreach (PeerId peer in _peers.Unasked(_clock.NowMs))
        {
            ulong id = _peers.Ask(peer, null, _clock.NowMs);
            _outbox.Send(peer, new SnapshotRequestMessage(
                id, _trust.LowestOffer, _trust.Checkpoint.Height));
        }
        if (_best is not null && _clock.NowMs >= _decideAtMs)
        {
            _plan = SnapshotPlan.Begin(_best, _trust.Checkpoint);
            _peers.LastUsefulMs = _clock.NowMs;
            _outbox.Log(
                LogLevel.Information,
                $"fetching the state of block {_best.Reference.Height} {_best.Reference.Hash}, "
                + $"root {_best.Header.StateRoot}");
            AskForState(_plan);
        }
    }

    private void Consider(PeerId peer, SnapshotPivot pivot)
    {
        if (_best is null)
        {
            _decideAtMs = _clock.NowMs + SnapshotLimits.OfferWaitMs;
        }
        if (_best is null || pivot.Reference.Height > _best.Reference.Height)
        {
            (_best, _bestPeer) = (pivot, peer);
        }
    }

    private void AskForState(SnapshotPlan plan)
    {
        while (_peers.Requests + _underWay < SnapshotLimits.Requests
            && _peers.Next(_clock.NowMs) is { } peer && plan.Take() is { } task)
        {
            ulong id = _peers.Ask(peer, task, _clock.NowMs);
            _outbox.Send(peer, Message(id, task));
        }
    }

    private SnapshotMessage Message(ulong id, SnapshotTask task) => task switch
    {
        SnapshotTask.Link link => new HeadersRequestMessage(id, link.Last, link.Count),
        SnapshotTask.Ranges ranges => new RangesRequestMessage(
            id, [.. ranges.Tasks.Select(x => new RangeQuery(x.Root, x.Start, x.End))]),
        SnapshotTask.Codes codes => new CodesRequestMessage(id, codes.Hashes),
        _ => new HeadersRequestMessage(id, _trust.Checkpoint.Height, 1),
    };

    /// <summary>Nobody has the state any more: a newer one is begun.</summary>
    private void DropLostPivot()
    {
        if (_peers.Count == 0 || _underWay > 0
            || _clock.NowMs - _peers.LastUsefulMs < SnapshotLimits.PivotLostMs)
        {
            return;
        }
        _outbox.Log(
            LogLevel.Warning,
            $"nobody serves the state of block {_plan!.Pivot.Reference.Height} any more; asking "
            + "for a newer one");
        DropPlan();
        _peers.LastUsefulMs = _clock.NowMs;
    }

    private void DropPlan()
    {
        (_plan, _best) = (null, null);
        _peers.DropTasks();
    }

    private void GiveBack(IReadOnlyList<SnapshotTask> tasks)
    {
        foreach (SnapshotTask task in tasks)
        {
            _plan?.GiveBack(task);
        }
    }

    private void Write(IReadOnlyList<KeyValuePair<Hash256, byte[]>> nodes)
    {
        bool isDue = _clock.NowMs - _wroteMs >= SnapshotLimits.ProgressMs;
        _wroteMs = isDue ? _clock.NowMs : _wroteMs;
        _underWay++;
        _outbox.Persist(
            new PersistBatch
            {
                Durable = false,
                Snapshot = new SnapshotPart(nodes, isDue ? _plan!.Encode() : null),
            },
            () => _underWay--);
    }

    private void Install(SnapshotPlan plan)
    {
        _isInstalling = true;
        _timers.Set(TimerKind.Snapshot, long.MaxValue);
        _progress.Publish(plan);
        FinalizedBlock block = plan.Pivot.ToFinalizedBlock();
        var batch = new PersistBatch
        {
            Durable = true,
            Snapshot = new SnapshotPart([], plan.Encode()),
            Finalized = [block],
            Checkpoint = new StateCheckpoint(block.Height, block.Hash, block.StateRoot, []),
        };
        _outbox.Persist(batch, () =>
        {
            _progress.Done(plan, _clock.NowMs);
            _done(_disk with
            {
                LastFinalized = block,
                Checkpoint = new CheckpointReference(block.Height, block.Hash, block.StateRoot),
                Snapshot = null,
            });
        });
    }

    private void Penalize(PeerId peer, int weight, string reason) =>
        _outbox.Add(new ReplicaEffect.Penalize(peer, weight, reason));
}
