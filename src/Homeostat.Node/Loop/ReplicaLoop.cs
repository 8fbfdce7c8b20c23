using System.Collections.Concurrent;
using System.Diagnostics;
using Homeostat.Consensus;
using Homeostat.Node.Network;
using Homeostat.Node.Store;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Homeostat.Node.Loop;

/// <summary>
/// The one thread that steps the replica, and what carries its effects out. Everything else in
/// the process either brings inputs here or reads published views, so the replica needs no lock
/// and its whole behaviour follows from the order of the inputs.
///
/// Nothing the loop does blocks: sends are queued, works and writes have their own threads, logs
/// and views are handed over. Pressure goes the other way: while works or writes pile up, the
/// loop takes no input from outside, the inbox fills, and peers and clients wait.
/// </summary>
internal sealed class ReplicaLoop : INodeGateway, IDisposable
{
    private const int MostWorksWaiting = 1024;
    private const int MostWaitMs = 1000;
    private const int SlowStepMs = 100;

    // Half of the loop: one peer alone can't keep it from the others.
    private const long PeerMicrosecondsPerSecond = 500_000;

    // The replica says that ten of its weight are a ban; the transport bans at a hundred.
    private const int BanPointsPerWeight = 10;

    private readonly ReplicaMachine _machine;
    private readonly RecoveredState _recovered;
    private readonly NodeClock _clock;
    private readonly Inbox _inbox = new();
    private readonly WorkPool _works;
    private readonly Persistence _persistence;
    private readonly NodeMetrics _metrics;
    private readonly CrashReport _crash;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private readonly ViewPublisher _publisher;
    private readonly PeerTime _peerTime =
        new(PeerMicrosecondsPerSecond, () => Environment.TickCount64);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<IReadOnlyList<SubmitResult>>>
        _replies = [];
    private PeerNetwork? _network;
    private volatile bool _stopping;
    private long _timerAtMs = long.MaxValue;
    private long _lastToken;
    private long _lastTurn = Stopwatch.GetTimestamp();

    public ReplicaLoop(
        ReplicaMachine machine, NodeStore store, RecoveredState recovered, int workThreads,
        NodeClock clock, NodeMetrics metrics, CrashReport crash, ILogger log)
    {
        _clock = clock;
        _machine = machine;
        _recovered = recovered;
        _metrics = metrics;
        _crash = crash;
        _log = log;
        _works = new WorkPool(workThreads, _inbox.AddAnswer, metrics);
        _persistence = new Persistence(store, _inbox.AddAnswer, Fail, metrics);
        _publisher = new ViewPublisher(Fail);
        _thread = new Thread(Run)
        {
            Name = "replica",
            IsBackground = true,
            Priority = ThreadPriority.AboveNormal,
        };
        metrics.AddGauge("homeostat_inbox_depth", "Inputs waiting", () => _inbox.Depth);
        metrics.AddGauge("homeostat_works_waiting", "Works waiting", () => _works.Waiting);
        metrics.AddGauge("homeostat_writes_waiting", "Writes waiting", () => _persistence.Waiting);
    }

    public event Action<ChainView> ViewChanged
    {
        add => _publisher.Changed += value;
        remove => _publisher.Changed -= value;
    }

    public ChainView? View => _publisher.View;

    public int PeerCount => _network?.ConnectedCount ?? 0;

    public string? NotReadyBecause => View switch
    {
        null => "the replica recovers its state",
        { Sync: { State: { } state } sync } =>
            $"the state of block {sync.Highest} is {state.PerMille / 10} % here",
        { Sync: { } sync } => $"block {sync.Current} of {sync.Highest} is here",
        _ => null,
    };

    /// <summary>False when the loop has not turned for five seconds.</summary>
    public bool IsAlive => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastTurn)).TotalSeconds < 5;

    public void Start(PeerNetwork network)
    {
        _network = network;
        _works.Start();
        _persistence.Start();
        _publisher.Start();
        _inbox.AddAnswer(new ReplicaInput.Start(_recovered));
        _thread.Start();
    }

    /// <summary>The network's sink.</summary>
    public async ValueTask AddAsync(NetworkEvent networkEvent, CancellationToken cancel)
    {
        if (networkEvent is NetworkEvent.Message
            && _peerTime.PauseMs(networkEvent.Peer) is > 0 and var pause)
        {
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
        else if (networkEvent is NetworkEvent.Disconnected)
        {
            _peerTime.Forget(networkEvent.Peer);
        }
        await _inbox.AddFromPeerAsync(
            networkEvent switch
            {
                NetworkEvent.Connected up => new ReplicaInput.PeerConnected(new PeerId(up.Peer)),
                NetworkEvent.Disconnected down =>
                    new ReplicaInput.PeerDisconnected(new PeerId(down.Peer)),
                NetworkEvent.Message message =>
                    new ReplicaInput.PeerMessage(new PeerId(message.Peer), message.Content),
                _ => throw new UnreachableException(),
            },
            cancel).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<SubmitResult>> SubmitAsync(
        IReadOnlyList<byte[]> raw, CancellationToken cancel)
    {
        long token = Interlocked.Increment(ref _lastToken);
        var reply = new TaskCompletionSource<IReadOnlyList<SubmitResult>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _replies[token] = reply;
        try
        {
            await _inbox.AddFromClientAsync(
                new ReplicaInput.SubmitTransactions(raw, token), cancel).ConfigureAwait(false);
            return await reply.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _replies.TryRemove(token, out _);
        }
    }

    /// <summary>Tells the other validators that this node will stop.</summary>
    public void Leave() => _inbox.AddAnswer(new ReplicaInput.Leave());

    /// <summary>Stops stepping, then writes what the replica has asked to be written.</summary>
    public void Dispose()
    {
        _stopping = true;
        _inbox.Wake();
        if (_thread.HasStarted()
            && Thread.CurrentThread != _thread)
        {
            _thread.Join(TimeSpan.FromSeconds(2));
            _works.Dispose();
            _persistence.Dispose();
        }
        _publisher.Dispose();
        foreach (var reply in _replies.Values)
        {
            reply.TrySetCanceled();
        }
        _inbox.Dispose();
    }

    private void Run()
    {
        ReplicaInput? input = null;
#pragma warning disable CA1031 // The crash report is the policy for what nobody expects.
        try
        {
            while (!_stopping)
            {
                Volatile.Write(ref _lastTurn, Stopwatch.GetTimestamp());
                bool hasRoom = _persistence.Waiting < Persistence.Backlog
                    && _works.Waiting < MostWorksWaiting;
                long now = _clock.NowMs();
                input = now >= _timerAtMs ? TakeTick() : _inbox.TryTake(hasRoom);
                if (input is null)
                {
                    _inbox.Wait((int)Math.Clamp(_timerAtMs - now, 0, MostWaitMs));
                }
                else
                {
                    Step(now, input);
                }
            }
        }
        catch (Exception error)
        {
            _crash.End(error, input);
        }
#pragma warning restore CA1031
    }

    private ReplicaInput.Tick TakeTick()
    {
        _timerAtMs = long.MaxValue;
        return new ReplicaInput.Tick();
    }

    private void Step(long now, ReplicaInput input)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (ReplicaEffect effect in _machine.Step(now, input))
        {
            CarryOut(effect);
        }
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        if (input is ReplicaInput.PeerMessage message)
        {
            _peerTime.Charge(message.Peer.Address, (long)elapsed.TotalMicroseconds);
        }
        _metrics.StepSeconds.Record(
            elapsed.TotalSeconds, new KeyValuePair<string, object?>("input", input.GetType().Name));
        if (elapsed.TotalMilliseconds > SlowStepMs && input is not ReplicaInput.Start)
        {
            _log.LogDebug("a step for {Input} took {Ms} ms", input.GetType().Name,
                elapsed.TotalMilliseconds);
        }
    }

    private void CarryOut(ReplicaEffect effect)
    {
        switch (effect)
        {
            case ReplicaEffect.Send send:
                _network!.Send(send.Peer.Address, send.Bytes);
                break;
            case ReplicaEffect.Broadcast broadcast:
                _network!.Broadcast(broadcast.Bytes);
                break;
            case ReplicaEffect.SetTimer timer:
                _timerAtMs = timer.AtMs;
                break;
            case ReplicaEffect.Persist persist:
                CountFinalized(persist.Batch);
                _persistence.Add(persist);
                break;
            case ReplicaEffect.Work work:
                _works.Add(work.Id, work.Task);
                break;
            case ReplicaEffect.Reply reply:
                Answer(reply);
                break;
            case ReplicaEffect.Head head:
                _publisher.Publish(head.View);
                break;
            case ReplicaEffect.Dump dump:
                _crash.DumpBlock(dump.Block);
                break;
            case ReplicaEffect.Penalize penalty:
                _network!.Report(
                    penalty.Peer.Address, penalty.Weight * BanPointsPerWeight, penalty.Reason);
                break;
            case ReplicaEffect.Log line:
                _log.Log(LevelOf(line.Level), "{Text}", line.Text);
                break;
            case ReplicaEffect.Halt { NeedsNewVersion: true } halt:
                _stopping = true;
                _crash.Outdated(halt.Reason);
                break;
            case ReplicaEffect.Halt halt:
                _stopping = true;
                _crash.Halt(halt.Reason);
                break;
            default:
                throw new UnreachableException(effect.GetType().Name);
        }
    }

    private void Answer(ReplicaEffect.Reply reply)
    {
        int refused = reply.Results.Count(x => x.Error is not null);
        if (refused > 0)
        {
            _metrics.Refusals.Add(refused);
        }
        if (_replies.TryGetValue(reply.Token, out var waiting))
        {
            waiting.TrySetResult(reply.Results);
        }
    }

    private void CountFinalized(PersistBatch batch)
    {
        foreach (FinalizedBlock block in batch.Finalized)
        {
            _metrics.Blocks.Add(1);
            _metrics.BlockBytes.Add(block.Encoded.Length);
        }
    }

    /// <summary>
    /// A background writer failed: nothing more can be promised, so the node ends.
    /// </summary>
    private void Fail(Exception error) => _crash.End(error, null);

    private static LogLevel LevelOf(Homeostat.Replica.LogLevel level) => level switch
    {
        Homeostat.Replica.LogLevel.Debug => LogLevel.Debug,
        Homeostat.Replica.LogLevel.Information => LogLevel.Information,
        Homeostat.Replica.LogLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
