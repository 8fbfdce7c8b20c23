using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A node that has its state: its parts, put together, and the routes between them. Each subject
/// (building, verifying, committing, syncing, transactions, views) stands in a class of its own;
/// here is only who gets what.
/// </summary>
internal sealed class RunningReplica
{
    private readonly SortedSet<PeerId> _met = [];
    private readonly ReplicaConfig _config;
    private readonly RecoveredState _recovered;
    private readonly Outbox _outbox;
    private readonly StepClock _clock;
    private readonly Timers _timers;
    private readonly Mailbox _mail = new();
    private readonly ConsensusConfig _network;
    private readonly EpochMachines _epochs;
    private readonly BlockTree _tree;
    private readonly TransactionPool _pool;
    private readonly Gossip _gossip;
    private readonly TransactionIntake _intake;
    private readonly Publisher _publisher;
    private readonly Journal _journal;
    private readonly BlockCommitter _committer;
    private readonly BlockProposer _proposer;
    private readonly BlockVerifier _verifier;
    private readonly SyncedBlocks _synced;
    private readonly SnapshotServer _snapshots;
    private readonly CompactRelay _relay;
    private readonly EvidenceKeeper _evidence;

    public RunningReplica(
        ReplicaConfig config, Protocol protocol, RecoveredState recovered, TreeBlock genesis,
        ReplayWork.Replayed replayed, Outbox outbox, StepClock clock, Timers timers)
    {
        (_config, _recovered, _outbox, _clock, _timers) =
            (config, recovered, outbox, clock, timers);
        TreeBlock last = replayed.Last;
        ChainId chainId = protocol.Rules.ChainId;
        _network = new ConsensusConfig(chainId, genesis.Hash) { Epochs = protocol.Epochs };
        _epochs = new EpochMachines(config, protocol, _network, _mail, last);
        _tree = new BlockTree(last);
        _pool = new TransactionPool(
            config.PoolLimits, new SnapshotAccounts(last.State),
            new PoolChain(chainId, last.Parameters.GasLimit)
            {
                Rules = protocol.Rules.Of(last.Revision),
            });
        _gossip = new Gossip(config.Limits, outbox, _pool, timers, clock);
        var observer = new Observer(
            new Telemetry(), _pool, _gossip, clock,
            new DryRunDesk(protocol, outbox, config.Signer?.Address));
        _intake = new TransactionIntake(
            config.Limits, config.Senders, outbox, _pool, _gossip,
            peer => IsValidator(config.Self) && !IsValidator(peer));
        var work = new PendingWork(_mail, clock, timers, _pool);
        _publisher = new Publisher(
            config, genesis, outbox, work, _tree, _pool, _epochs.Sync);
        _journal = new Journal(outbox, _mail);
        var checkpointer = new Checkpointer(config.Limits, outbox, replayed.Start);
        _evidence = new EvidenceKeeper(_network, config.Votes, outbox, _tree);
        var revisions = new RevisionWatch(protocol.Rules, outbox, observer);
        revisions.Follow(last, isLast: true);
        _committer = new BlockCommitter(
            protocol, outbox, _mail, _tree, _pool, _publisher, _journal, checkpointer, observer,
            _epochs, revisions, _evidence);
        _proposer = new BlockProposer(
            protocol, config.Signer, config.Limits, outbox, _mail, _tree, _pool, observer,
            _evidence);
        _verifier = new BlockVerifier(protocol, outbox, _mail, clock, _tree, _pool, observer);
        _synced = new SyncedBlocks(protocol, outbox, _mail, _tree, _committer);
        _relay = new CompactRelay(config.Limits, outbox, _mail, clock, _tree, _pool);
        _snapshots = new SnapshotServer(
            config.Limits, protocol, recovered, outbox, clock, _publisher);
        _epochs.Start(recovered, last);
    }

    private bool IsValidator(PeerId peer) => _epochs.Validators.TryIndexOf(peer.Address, out _);

    public void Step(ReplicaInput input)
    {
        _pool.NowMs = _clock.NowMs;
        switch (input)
        {
            case ReplicaInput.Tick:
                break; // What is due is looked at in every step.
            case ReplicaInput.PeerConnected connected:
                Greet(connected.Peer);
                break;
            case ReplicaInput.PeerDisconnected gone:
                _intake.Forget(gone.Peer);
                _relay.Forget(gone.Peer);
                _met.Remove(gone.Peer);
                _mail.Post(new SyncInput.PeerDisconnected(gone.Peer));
                break;
            case ReplicaInput.PeerMessage message:
                Receive(message.Peer, message.Bytes);
                break;
            case ReplicaInput.SubmitTransactions submission:
                _intake.Submit(submission);
                break;
            case ReplicaInput.Leave:
                _mail.Post(new ConsensusInput.Leaving());
                break;
            case ReplicaInput.WorkDone or ReplicaInput.Persisted or ReplicaInput.Start:
                break; // Work and writes come back through the outbox; start is over.
            default:
                Invariant.Require(false, $"input {input.GetType().Name}");
                break;
        }
    }

    /// <summary>
    /// Ends a step: timers that are due, the machines' turn, what is to be published.
    /// </summary>
    public void Settle()
    {
        RingTimers();
        Drain();
        bool poolChanged = _intake.HasChanged;
        _intake.HasChanged = false;
        _publisher.Publish(poolChanged);
        _intake.Reply();
        Drain();
    }

    private void RingTimers()
    {
        if (_timers.TakeDue(TimerKind.Consensus, _clock.NowMs))
        {
            _mail.Post(new ConsensusInput.Tick());
        }
        if (_timers.TakeDue(TimerKind.Sync, _clock.NowMs))
        {
            _mail.Post(new SyncInput.Tick());
        }
        if (_timers.TakeDue(TimerKind.Gossip, _clock.NowMs))
        {
            _gossip.Flush();
        }
        if (_timers.TakeDue(TimerKind.Resend, _clock.NowMs))
        {
            _gossip.Resend();
        }
        bool feeHasFallen = _timers.TakeDue(TimerKind.Fee, _clock.NowMs);
        if (_timers.TakeDue(TimerKind.Follower, _clock.NowMs) || feeHasFallen)
        {
            _publisher.LookForWork();
        }
    }

    private void Drain()
    {
        while (!_outbox.IsHalted)
        {
            if (_mail.Consensus.TryDequeue(out ConsensusInput? input))
            {
                foreach (ConsensusEffect effect in _epochs.Consensus.Step(_clock.NowMs, input))
                {
                    Carry(effect);
                }
            }
            else if (_mail.Sync.TryDequeue(out SyncInput? syncInput))
            {
                foreach (SyncEffect effect in _epochs.Sync.Step(_clock.NowMs, syncInput))
                {
                    Carry(effect);
                }
            }
            else
            {
                return;
            }
        }
    }

    private void Greet(PeerId peer)
    {
        _outbox.Send(peer, new HelloMessage(
            HelloMessage.CurrentVersion, _network.ChainId, _network.GenesisHash,
            _config.Self.Address, _publisher.FinalizedReference.Height));
    }

    private void Receive(PeerId peer, byte[] bytes)
    {
        if (WireMessage.TryDecode(bytes, out WireMessage? message) is { } error)
        {
            Penalize(peer, MalformedWeight, error);
            return;
        }
        switch (message)
        {
            case HelloMessage hello:
                Meet(peer, hello);
                break;
            case TransactionsMessage transactions:
                _intake.Receive(peer, transactions);
                break;
            case { IsConsensus: true }:
                _mail.Post(new ConsensusInput.Received(peer, message));
                break;
            case { IsSync: true }:
                _mail.Post(new SyncInput.Received(peer, message));
                break;
            case CompactProposalMessage compact:
                _relay.Receive(peer, compact);
                break;
            case ProposalPartsRequestMessage request:
                _relay.Receive(peer, request);
                break;
            case ProposalPartsMessage parts:
                _relay.Receive(peer, parts);
                break;
            case EvidenceMessage told:
                _evidence.Receive(peer, told.Evidence);
                break;
            case SnapshotMessage snapshot:
                _snapshots.Receive(peer, snapshot);
                break;
            default:
                break; // Kinds of later versions.
        }
    }

    /// <summary>What no honest node sends; ten of them are a ban.</summary>
    private const int MalformedWeight = 1;

    private void Meet(PeerId peer, HelloMessage hello)
    {
        if (hello.MismatchWith(_network) is { } mismatch)
        {
            Penalize(peer, 10, mismatch);
            return;
        }
        _mail.Post(new SyncInput.PeerConnected(peer, hello.Finalized));
        if (!_met.Add(peer))
        {
            return; // Once a connection, so that a hello again and again costs nothing.
        }
        _mail.Post(new ConsensusInput.Met(peer));
        // Not before its hello: until it has recovered it takes nothing else in.
        _gossip.Greet(peer);
        _evidence.Greet(peer);
    }

    private void Penalize(PeerId peer, int weight, string reason) =>
        _outbox.Add(new ReplicaEffect.Penalize(peer, weight, reason));

    private void Carry(ConsensusEffect effect)
    {
        switch (effect)
        {
            case ConsensusEffect.Propose propose:
                _proposer.Propose(propose);
                break;
            case ConsensusEffect.Verify verify:
                _verifier.Verify(verify);
                break;
            case ConsensusEffect.Persist persist:
                _journal.Append(persist);
                break;
            case ConsensusEffect.Send send:
                _outbox.Send(send.Peer, _relay.Outgoing(send.Message));
                break;
            case ConsensusEffect.Broadcast broadcast:
                _outbox.Broadcast(_relay.Outgoing(broadcast.Message));
                break;
            case ConsensusEffect.SetTimer timer:
                _timers.Set(TimerKind.Consensus, timer.AtMs);
                break;
            case ConsensusEffect.Notarized notarized:
                _publisher.Notarized(notarized.Block.Hash);
                break;
            case ConsensusEffect.Finalized finalized:
                Finalize(finalized);
                break;
            case ConsensusEffect.Ahead ahead:
                _mail.Post(new SyncInput.PeerAhead(ahead.Peer));
                break;
            case ConsensusEffect.CatchUp behind:
                _mail.Post(new SyncInput.Behind(behind.Finalization));
                break;
            case ConsensusEffect.Penalty penalty:
                Penalize(penalty.Peer, penalty.Weight, penalty.Reason);
                break;
            default:
                Report(effect);
                break;
        }
    }

    private void Finalize(ConsensusEffect.Finalized finalized)
    {
        if (finalized.Block.Height <= _tree.Finalized.Reference.Height)
        {
            return; // Sync was faster.
        }
        bool isKnown = _tree.TryGet(finalized.Block.Hash, out TreeBlock block);
        Invariant.Require(isKnown);
        _committer.Commit(block, finalized.Proof);
    }

    /// <summary>What a person may want to know.</summary>
    private void Report(ConsensusEffect effect)
    {
        switch (effect)
        {
            case ConsensusEffect.Refused { Advisory: var advisory }:
                _outbox.Log(
                    LogLevel.Warning,
                    $"validator {_epochs.Validators[advisory.Signer].Address} refuses block "
                    + $"{advisory.BlockHash} of view {advisory.View}: {advisory.Reason} "
                    + $"(its state root {advisory.OwnStateRoot})");
                break;
            case ConsensusEffect.Misbehaviour found:
                _evidence.Found(found.Evidence);
                break;
            case ConsensusEffect.Diverged diverged:
                _outbox.Halt(
                    $"block {diverged.Block.Height} {diverged.Block.Hash} is final by the "
                    + "others' certificate and invalid here");
                break;
            case ConsensusEffect.Nullified or ConsensusEffect.EnteredView:
                break;
            default:
                Invariant.Require(false, $"effect {effect.GetType().Name}");
                break;
        }
    }

    private void Carry(SyncEffect effect)
    {
        switch (effect)
        {
            case SyncEffect.Send send:
                _outbox.Send(send.Peer, send.Message);
                break;
            case SyncEffect.SetTimer timer:
                _timers.Set(TimerKind.Sync, timer.AtMs);
                break;
            case SyncEffect.Apply apply:
                _synced.Apply(apply);
                break;
            case SyncEffect.ReadArchive read:
                Serve(read);
                break;
            case SyncEffect.Penalty penalty:
                Penalize(penalty.Peer, penalty.Weight, penalty.Reason);
                break;
            default:
                Invariant.Require(false, $"effect {effect.GetType().Name}");
                break;
        }
    }

    private void Serve(SyncEffect.ReadArchive request)
    {
        var work = new ServeWork(_recovered.BlockLog, _network.Epochs, request);
        _outbox.Run(work, (result, _) =>
        {
            var read = result as ServeWork.Read;
            _mail.Post(new SyncInput.ArchiveRead(
                request.Peer, request.RequestId, read?.Blocks ?? [], read?.Finalization));
        });
    }
}
