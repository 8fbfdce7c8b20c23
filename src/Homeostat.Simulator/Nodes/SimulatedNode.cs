using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>What a node needs of the world around it.</summary>
internal interface IWorldOfNodes
{
    void Sent(SimulatedNode from, PeerId? to, byte[] bytes);

    void Observed(SimulatedNode node, ReplicaEffect effect);

    /// <summary>A work of the node has run.</summary>
    void Ran(SimulatedNode node, IWork work, WorkResult result);

    /// <summary>A write failed for want of space: the process ends.</summary>
    void DiskIsFull(SimulatedNode node);
}

/// <summary>
/// The shell of one production replica in virtual time: its disk, its one core, its clock. What
/// belongs to a life of the process ends with it: each start is a new incarnation, and answers to
/// an older one are lost.
/// </summary>
internal sealed class SimulatedNode(
    int index, PeerId id, Func<ReplicaConfig> configure, EventQueue queue, SeededRandom random,
    EventDigest digest, long epochMs, IWorldOfNodes world)
{
    /// <summary>The clock where virtual time begins, Unix milliseconds.</summary>
    public const long StartMs = (long)DevelopmentNetwork.GenesisTimeMs + 60_000;

    private readonly NodeTiming _timing = new(random.Fork());
    private ReplicaMachine? _machine;
    private int _incarnation;
    private long _coreFreeUs;
    private long _loopFreeUs;
    private long _timer;
    private bool _isSyncing;
    private long _lastTicket;
    private long _driftPerMille;
    private long _driftFromUs;

    public int Index { get; } = index;

    public PeerId Id { get; } = id;

    public VirtualDisk Disk { get; } = new();

    public NodeTiming Timing => _timing;

    /// <summary>This node's clock against the true one.</summary>
    public long SkewMs { get; set; }

    /// <summary>What its clock gains in a second, in milliseconds; negative: loses.</summary>
    public long DriftPerMille
    {
        get => _driftPerMille;
        set
        {
            _driftPerMille = value;
            _driftFromUs = queue.NowUs;
        }
    }

    /// <summary>Its clock less the true one.</summary>
    public long ErrorMs =>
        SkewMs + (queue.NowUs - _driftFromUs) * _driftPerMille / 1_000_000;

    /// <summary>Until what it has just said leaves it.</summary>
    public long LagUs => Math.Max(0, _loopFreeUs - queue.NowUs);

    public bool IsUp => _machine is not null;

    /// <summary>Up, and nothing that it could serve is there yet.</summary>
    public bool IsRecovering { get; private set; }

    /// <summary>Why it stopped by itself, or null.</summary>
    public string? HaltReason { get; private set; }

    public void Start()
    {
        Invariant.Require(_machine is null);
        _incarnation++;
        IsRecovering = true;
        _machine = new ReplicaMachine(configure());
        _coreFreeUs = queue.NowUs;
        _loopFreeUs = queue.NowUs;
        _isSyncing = false;
        _lastTicket = 0;
        Span<byte> nonce = stackalloc byte[Hash256.Size];
        random.Fill(nonce);
        Give(new ReplicaInput.Start(Disk.Recover(new Hash256(nonce))));
    }

    /// <summary>Kill -9: what was written stays.</summary>
    public void Kill()
    {
        _machine = null;
        Disk.Kill();
    }

    /// <summary>What was not synced goes, but for a prefix.</summary>
    public void LosePower()
    {
        _machine = null;
        Disk.LosePower(random.NextBelow(Disk.Unsynced + 1));
    }

    /// <summary>As <see cref="LosePower"/>, and the first lost record is half there.</summary>
    public void TearJournal()
    {
        _machine = null;
        Disk.TearJournal(random.NextBelow(Disk.Unsynced + 1));
    }

    /// <summary>
    /// One step, or, while the thread that steps is busy with an earlier one, a step later.
    /// </summary>
    public void Give(ReplicaInput input)
    {
        if (_machine is null)
        {
            return;
        }
        if (LagUs > 0)
        {
            InThisLife(_loopFreeUs, () => Give(input));
            return;
        }
        long nowMs = epochMs + queue.NowUs / 1_000 + ErrorMs;
        SimulatedKeys.ResetCounts();
        IReadOnlyList<ReplicaEffect> effects = _machine.Step(nowMs, input);
        _loopFreeUs = queue.NowUs + SimulatedKeys.CostUs();
        foreach (ReplicaEffect effect in effects)
        {
            Carry(effect);
            if (_machine is null)
            {
                return; // It ended over this effect.
            }
        }
    }

    private void Carry(ReplicaEffect effect)
    {
        IsRecovering &= effect is not ReplicaEffect.Head;
        world.Observed(this, effect);
        switch (effect)
        {
            case ReplicaEffect.Send send:
                world.Sent(this, send.Peer, send.Bytes);
                break;
            case ReplicaEffect.Broadcast broadcast:
                world.Sent(this, null, broadcast.Bytes);
                break;
            case ReplicaEffect.SetTimer timer:
                SetTimer(timer.AtMs);
                break;
            case ReplicaEffect.Persist when Disk.IsFull:
                world.DiskIsFull(this);
                break;
            case ReplicaEffect.Persist persist:
                Disk.Write(persist.Ticket, persist.Batch);
                _lastTicket = persist.Ticket;
                Sync();
                break;
            case ReplicaEffect.Work work:
                Run(work);
                break;
            case ReplicaEffect.Halt halt:
                HaltReason = halt.Reason;
                Kill();
                break;
            default:
                break; // Observed by the checks; nothing comes back.
        }
    }

    private void SetTimer(long atMs)
    {
        long timer = ++_timer;
        InThisLife((atMs - epochMs - ErrorMs) * 1_000, () =>
        {
            if (timer == _timer)
            {
                digest.Add(queue.NowUs, Index, 1);
                Give(new ReplicaInput.Tick());
            }
        });
    }

    /// <summary>One sync at a time; what is written meanwhile waits for the next.</summary>
    private void Sync()
    {
        if (_isSyncing || Disk.Unsynced == 0)
        {
            return;
        }
        _isSyncing = true;
        long ticket = _lastTicket;
        InThisLife(queue.NowUs + LagUs + _timing.SyncUs(), () =>
        {
            Disk.Sync(ticket);
            _isSyncing = false;
            digest.Add(queue.NowUs, Index, 2);
            Give(new ReplicaInput.Persisted(ticket));
            Sync();
        });
    }

    /// <summary>Runs at once, but its result is there when the core would have had it.</summary>
    private void Run(ReplicaEffect.Work work)
    {
        WorkResult result = WorkRunner.Run(work.Task);
        world.Ran(this, work.Task, result);
        long costUs = _timing.WorkUs(work.Task);
        _coreFreeUs = Math.Max(_coreFreeUs, queue.NowUs + LagUs) + costUs;
        InThisLife(_coreFreeUs, () =>
        {
            digest.Add(queue.NowUs, Index, 3);
            Give(new ReplicaInput.WorkDone(work.Id, result, costUs * 1_000));
        });
    }

    private void InThisLife(long atUs, Action happen)
    {
        int incarnation = _incarnation;
        queue.At(atUs, () =>
        {
            if (incarnation == _incarnation && IsUp)
            {
                happen();
            }
        });
    }
}
