using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A whole node as one deterministic machine. It has no clock, disk, network or threads of its
/// own: the same inputs at the same times give the same effects.
/// </summary>
public sealed class ReplicaMachine
{
    private readonly ReplicaConfig _config;
    private readonly Protocol _protocol;
    private readonly Outbox _outbox = new();
    private readonly StepClock _clock = new();
    private readonly Timers _timers = new();

    /// <summary>
    /// Who connected before the state was there, and the greeting that came, if any.
    /// </summary>
    private readonly SortedDictionary<PeerId, byte[]?> _earlyPeers = [];
    private RunningReplica? _running;
    private SnapshotJoin? _joining;

    public ReplicaMachine(ReplicaConfig config)
    {
        config.Limits.Validate();
        ChainConfig chain = config.Genesis.Config;
        _config = chain.Validators.Count == 1 ? OnDemand(config) : config;
        _protocol = new Protocol
        {
            Rules = new NetworkRules(chain.ChainId, config.NewestRevision),
            Epochs = new EpochSchedule(chain.Staking.EpochBlocks)
            {
                Recoveries = [.. config.Recoveries.Select(x => x.Height)],
            },
            Recoveries = config.Recoveries,
            GenesisValidators = ValidatorSet.Create(
                chain.Validators.Select(entry => new Validator(entry.Address, entry.Weight))),
            Engine = config.Engine,
            Senders = config.Senders,
            Transaction0 = config.Transaction0,
            BeforeTransaction = config.BeforeTransaction,
        };
    }

    /// <summary>
    /// A developer's chain: nobody waits for a sign of life, so there are blocks only for
    /// transactions.
    /// </summary>
    private static ReplicaConfig OnDemand(ReplicaConfig config) =>
        config with { Timing = config.Timing with { HeartbeatMs = 0 } };

    /// <summary>What votes on this network are bound to: its chain id and genesis hash.</summary>
    public static ConsensusConfig NetworkOf(GenesisDocument genesis) => new(
        genesis.Config.ChainId,
        GenesisBlock.Create(genesis, new MemoryNodeSource()).Hash)
        {
            Epochs = new EpochSchedule(genesis.Config.Staking.EpochBlocks),
        };

    /// <summary>
    /// Takes one input at a time in Unix milliseconds; returns what is to be done. Never blocks,
    /// never throws for anything a peer or client sent. An exception is a broken invariant over
    /// local state: the shell ends the process as for <see cref="ReplicaEffect.Halt"/>.
    /// </summary>
    public IReadOnlyList<ReplicaEffect> Step(long nowMs, ReplicaInput input)
    {
        if (_outbox.IsHalted)
        {
            return [];
        }
        _clock.Advance(nowMs);
        switch (input)
        {
            case ReplicaInput.WorkDone done:
                _outbox.WorkDone(done);
                break;
            case ReplicaInput.Persisted persisted:
                _outbox.Persisted(persisted.Ticket);
                break;
            case ReplicaInput.Tick:
                _timers.Rang();
                break;
            default:
                Route(input);
                break;
        }
        _joining?.Settle();
        _running?.Settle();
        if (_timers.TryNext(out long atMs))
        {
            _outbox.Add(new ReplicaEffect.SetTimer(atMs));
        }
        return _outbox.Take();
    }

    private void Route(ReplicaInput input)
    {
        if (_running is not null)
        {
            _running.Step(input);
            return;
        }
        _joining?.Step(input);
        switch (input)
        {
            case ReplicaInput.Start start:
                Recover(start.State);
                break;
            case ReplicaInput.PeerConnected connected:
                _earlyPeers[connected.Peer] = null;
                break;
            case ReplicaInput.PeerDisconnected gone:
                _earlyPeers.Remove(gone.Peer);
                break;
            case ReplicaInput.SubmitTransactions submission:
                Refuse(submission);
                break;
            case ReplicaInput.PeerMessage message when IsGreeting(message):
                _earlyPeers[message.Peer] = message.Bytes;
                break;
            default:
                break; // Peers send again what else matters.
        }
    }

    /// <summary>The one message that is sent only once.</summary>
    private bool IsGreeting(ReplicaInput.PeerMessage message) =>
        _earlyPeers.ContainsKey(message.Peer) && message.Bytes.Length > 0
        && (WireKind)message.Bytes[0] == WireKind.Hello;

    private void Recover(RecoveredState recovered)
    {
        TreeBlock genesis = GenesisBlock.Create(
            _config.Genesis, new CodeMemo(new StoredState(recovered.State)));
        if (_config.Recoveries.Select(x => Contradiction(x, recovered))
            .FirstOrDefault(x => x is not null) is { } contradiction)
        {
            _outbox.Halt(contradiction);
            return;
        }
        bool isNew = recovered.LastFinalized is null || recovered.Snapshot is not null;
        if (_config.Checkpoint is { } checkpoint && isNew)
        {
            Join(recovered, genesis, checkpoint);
        }
        else if (recovered.Snapshot is not null)
        {
            _outbox.Halt(
                "the data folder holds a part of a state: give the checkpoint again that it was "
                + "begun with, or start with an empty data folder");
        }
        else if (_config.Checkpoint is { } trusted
            && recovered.BlockLog.TryGet(trusted.Height, out FinalizedBlock own)
            && own.Hash != trusted.Hash)
        {
            _outbox.Halt(
                $"block {own.Height} of the chain in the data folder is {own.Hash}, and the "
                + $"checkpoint says {trusted.Hash}: one of the two is not the network's");
        }
        else
        {
            Replay(recovered, genesis);
        }
    }

    /// <summary>Why the chain on this disk can't have been recovered so, or null.</summary>
    private string? Contradiction(ValidatorRecovery recovery, RecoveredState disk)
    {
        if (disk.BlockLog.TryGet(recovery.Height, out FinalizedBlock last)
            && last.Hash != recovery.BlockHash)
        {
            return $"block {recovery.Height} is final here as {last.Hash}, and the recovery names "
                + $"{recovery.BlockHash}: compare the records of all operators";
        }
        return disk.BlockLog.TryGet(recovery.Height.Next, out FinalizedBlock next)
            && new BlockCodec().TryRead(next.Encoded, out _, out ConsensusPayload payload)
            && payload.Epoch != _protocol.Epochs.Of(next.Height)
            ? $"block {next.Height} is final here by the validators of before, so the recovery "
                + $"at {recovery.Height} is too low: agree on the highest block that is final "
                + "anywhere"
            : null;
    }

    private void Join(RecoveredState recovered, TreeBlock genesis, TrustedCheckpoint checkpoint)
    {
        var network = new ConsensusConfig(_protocol.Rules.ChainId, genesis.Hash);
        _joining = new SnapshotJoin(
            _config, new SnapshotTrust(_protocol, network, _config.Votes, checkpoint), recovered,
            genesis, _outbox, _clock, _timers, whole =>
            {
                _joining = null;
                Replay(whole, genesis);
            });
        foreach ((PeerId peer, byte[]? greeting) in _earlyPeers)
        {
            _joining.Step(new ReplicaInput.PeerConnected(peer));
            if (greeting is not null)
            {
                _joining.Step(new ReplicaInput.PeerMessage(peer, greeting));
            }
        }
    }

    private void Replay(RecoveredState recovered, TreeBlock genesis) =>
        _outbox.Run(new ReplayWork(_protocol, genesis, recovered), (result, _) =>
        {
            if (result is not ReplayWork.Replayed replayed)
            {
                _outbox.Halt($"the stored chain can't be replayed: {result}");
                return;
            }
            if (!_protocol.Rules.Knows(replayed.Last.Revision))
            {
                _outbox.Outdated(
                    RevisionWatch.WhatToInstall(replayed.Last.Revision!, _protocol.Rules));
                return;
            }
            _running = new RunningReplica(
                _config, _protocol, recovered, genesis, replayed, _outbox, _clock, _timers);
            foreach ((PeerId peer, byte[]? greeting) in _earlyPeers)
            {
                _running.Step(new ReplicaInput.PeerConnected(peer));
                if (greeting is not null)
                {
                    _running.Step(new ReplicaInput.PeerMessage(peer, greeting));
                }
            }
            _earlyPeers.Clear();
        });

    private void Refuse(ReplicaInput.SubmitTransactions submission)
    {
        var results = new SubmitResult[submission.Raw.Count];
        Array.Fill(results, new SubmitResult(
            Hash256.Zero, _joining is null ? "node is starting" : "node is syncing"));
        _outbox.Add(new ReplicaEffect.Reply(submission.ReplyToken, results));
    }
}
