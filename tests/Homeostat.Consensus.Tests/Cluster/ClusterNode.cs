using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>
/// What a Replica does around one machine, in short: it builds and executes blocks after a delay,
/// writes the journal to a disk that loses unsynced records in a crash, commits final blocks, and
/// routes sync.
/// </summary>
internal sealed class ClusterNode
{
    private readonly Cluster _cluster;
    private readonly PlantedBugs _bugs;
    private readonly FakeSigner _signer;
    private readonly SeededRandom _random;
    private readonly LookupTable<Hash256, (BlockReference Block, byte[] Encoded)> _executed = new();
    private readonly List<JournalRecord> _disk = [];
    private BlockReference _tip = FakeChain.Genesis;
    private bool _workTold;
    private long _diskBusyUntil;
    private int _timers;

    public ClusterNode(Cluster cluster, int index, SeededRandom random, PlantedBugs bugs)
    {
        _cluster = cluster;
        _bugs = bugs;
        _random = random;
        Index = index;
        _signer = new FakeSigner(FakeSigner.AddressAt(index));
        Chain.Add((FakeChain.Genesis, [], null));
    }

    public int Index { get; }
    public PeerId Id => new(_signer.Address);
    public SimplexMachine? Machine { get; private set; }
    public SyncMachine? Sync { get; private set; }
    public int Incarnation { get; private set; }
    public bool IsUp => Machine is not null;
    public SortedSet<ulong> Pool { get; } = [];
    public LookupSet<ulong> Included { get; } = new();

    /// <summary>Final blocks by height; survives crashes (committed with fsync).</summary>
    public List<(BlockReference Block, byte[] Encoded, Certificate? Own)> Chain { get; } = [];

    /// <summary>Filters and redirects what leaves; an adversary replaces it.</summary>
    public Action<ClusterNode, int?, WireMessage>? SendOverride { get; set; }

    /// <summary>How much longer it takes over a block than others do.</summary>
    public long VerifyMs { get; set; }

    public JournalCondition NextCondition { get; set; } = JournalCondition.Intact;

    public List<ConsensusEffect> Log { get; } = [];

    public void Start()
    {
        Incarnation++;
        BlockReference final = Chain[^1].Block;
        Machine = new SimplexMachine(
            _cluster.Config, _signer, _cluster.Fakes, _cluster.Fakes, new RoundRobin(), _bugs);
        Sync = new SyncMachine(
            _cluster.Config, default, _cluster.Validators, _cluster.Fakes, _cluster.Fakes);
        _tip = final;
        _executed.Clear();
        _diskBusyUntil = 0;
        var nonce = new byte[32];
        _random.Fill(nonce);
        Step(new ConsensusInput.Start(new StartState(
            default, _cluster.Validators, _cluster.Parameters, final,
            Chain[^1].Own ?? LastProof, NextCondition, [.. _disk], new Hash256(nonce))));
        NextCondition = JournalCondition.Intact;
        StepSync(new SyncInput.Committed(final));
        foreach (ClusterNode other in _cluster.Nodes.Where(other => other != this && other.IsUp))
        {
            StepSync(new SyncInput.PeerConnected(other.Id, other.Chain[^1].Block.Height));
            other.StepSync(new SyncInput.PeerConnected(Id, final.Height));
        }
        _workTold = false;
        TellWork();
    }

    public void Crash(bool losesJournal)
    {
        Machine = null;
        Sync = null;
        Incarnation++;
        if (losesJournal)
        {
            _disk.Clear();
            NextCondition = JournalCondition.Lost;
        }
        foreach (ClusterNode other in _cluster.Nodes.Where(other => other != this && other.IsUp))
        {
            other.StepSync(new SyncInput.PeerDisconnected(Id));
        }
    }

    public void Submit(ulong transaction)
    {
        if (!Included.Contains(transaction))
        {
            Pool.Add(transaction);
            TellWork();
        }
    }

    public void Receive(PeerId from, WireMessage message)
    {
        if (!IsUp)
        {
            return;
        }
        if (message.IsSync)
        {
            StepSync(new SyncInput.Received(from, message));
        }
        else
        {
            Step(new ConsensusInput.Received(from, message));
        }
    }

    public void Step(ConsensusInput input)
    {
        if (Machine is null)
        {
            return;
        }
        ConsensusEffect[] effects = [.. Machine.Step(_cluster.NowMs, input)];
        foreach (ConsensusEffect effect in effects)
        {
            _cluster.Trace(this, effect);
            Carry(effect);
        }
    }

    public void Send(int? target, WireMessage message)
    {
        if (SendOverride is { } send)
        {
            send(this, target, message);
        }
        else
        {
            _cluster.Deliver(this, target, message);
        }
    }

    private Certificate? LastProof { get; set; }

    private void Carry(ConsensusEffect effect)
    {
        switch (effect)
        {
            case ConsensusEffect.Send send:
                Send(_cluster.IndexOf(send.Peer), send.Message);
                break;
            case ConsensusEffect.Broadcast broadcast:
                Send(null, broadcast.Message);
                break;
            case ConsensusEffect.SetTimer timer:
                SetTimer(timer.AtMs);
                break;
            case ConsensusEffect.Persist persist:
                Persist(persist);
                break;
            case ConsensusEffect.Propose propose:
                Build(propose);
                break;
            case ConsensusEffect.Verify verify:
                Execute(verify);
                break;
            case ConsensusEffect.Notarized notarized:
                _tip = notarized.Block.View > _tip.View ? notarized.Block : _tip;
                TellWork();
                break;
            case ConsensusEffect.Finalized final:
                Commit(final.Block, _executed[final.Block.Hash].Encoded, final.Proof);
                StepSync(new SyncInput.Committed(final.Block));
                break;
            case ConsensusEffect.CatchUp behind:
                StepSync(new SyncInput.Behind(behind.Finalization));
                break;
            case ConsensusEffect.Misbehaviour found:
                _cluster.OnEvidence(this, found.Evidence);
                break;
            default:
                Log.Add(effect);
                break;
        }
    }

    private void StepSync(SyncInput input)
    {
        if (Sync is null)
        {
            return;
        }
        foreach (SyncEffect effect in Sync.Step(_cluster.NowMs, input).ToArray())
        {
            switch (effect)
            {
                case SyncEffect.Send send:
                    Send(_cluster.IndexOf(send.Peer), send.Message);
                    break;
                case SyncEffect.SetTimer timer:
                    int life = Incarnation;
                    _cluster.After(Math.Max(1, timer.AtMs - _cluster.NowMs), () =>
                    {
                        if (life == Incarnation)
                        {
                            StepSync(new SyncInput.Tick());
                        }
                    });
                    break;
                case SyncEffect.ReadArchive read:
                    ReadArchive(read);
                    break;
                case SyncEffect.Apply apply:
                    Apply(apply);
                    break;
            }
        }
    }

    private void ReadArchive(SyncEffect.ReadArchive read)
    {
        var range = Chain.Skip((int)read.From.Value).Take(read.MaxBlocks).ToList();
        int last = range.FindLastIndex(entry => entry.Own is not null);
        StepSync(new SyncInput.ArchiveRead(
            read.Peer, read.RequestId, [.. range.Take(last + 1).Select(entry => entry.Encoded)],
            last < 0 ? null : range[last].Own));
    }

    private void Apply(SyncEffect.Apply apply)
    {
        if (apply.Block.Height != Chain[^1].Block.Height.Next)
        {
            return;
        }
        Commit(apply.Block, apply.Encoded, apply.Proof);
        StepSync(new SyncInput.Committed(apply.Block));
        if (apply.IsProofBlock)
        {
            Step(new ConsensusInput.Adopted(apply.Block, apply.Proof));
        }
    }

    private void Commit(BlockReference block, byte[] encoded, Certificate proof)
    {
        _cluster.OnFinal(this, block);
        Chain.Add((block, encoded, proof.BlockHash == block.Hash ? proof : null));
        LastProof = proof;
        foreach (ulong transaction in _cluster.Fakes.TransactionsOf(encoded))
        {
            Included.Add(transaction);
            Pool.Remove(transaction);
        }
        _tip = block.View > _tip.View ? block : _tip;
        TellWork();
    }

    private void Persist(ConsensusEffect.Persist persist)
    {
        _disk.RemoveAll(record => record.View < persist.KeepFrom
            && record is not JournalRecord.AbstainThrough);
        int life = Incarnation;
        _diskBusyUntil = Math.Max(_diskBusyUntil, _cluster.NowMs)
            + _random.NextBetween(1, _cluster.Faults.SlowestDiskMs);
        _cluster.After(_diskBusyUntil - _cluster.NowMs, () =>
        {
            if (life == Incarnation)
            {
                _disk.AddRange(persist.Records);
                Step(new ConsensusInput.Persisted(persist.Ticket));
            }
        });
    }

    private void Build(ConsensusEffect.Propose propose)
    {
        ulong[] transactions = [.. Waiting(propose.Parent)];
        byte[] encoded = FakeChain.Encode(propose.Parent, propose.Payload, transactions);
        _cluster.Fakes.TryRead(encoded, out BlockReference block, out _);
        _executed[block.Hash] = (block, encoded);
        Later(
            _random.NextBetween(1, 4),
            new ConsensusInput.Proposed(propose.View, block, encoded, [7, (byte)Index]));
    }

    private void Execute(ConsensusEffect.Verify verify)
    {
        bool parentIsHere = verify.Parent.Hash == Chain[^1].Block.Hash
            || _executed.ContainsKey(verify.Parent.Hash)
            || Chain.Any(entry => entry.Block.Hash == verify.Parent.Hash);
        Invariant.Require(parentIsHere);
        _executed[verify.Block.Hash] = (verify.Block, verify.Encoded);
        bool isBad = _cluster.Fakes.TransactionsOf(verify.Encoded).Contains(Cluster.Poison)
            && !_cluster.Believers.Contains(Index);
        Later(VerifyMs + _random.NextBetween(1, 4), new ConsensusInput.Verified(
            verify.Block.View, verify.Block.Hash,
            isBad ? VerificationResult.Invalid : VerificationResult.Valid, [8, (byte)Index],
            "poison", Hash256.Zero));
    }

    /// <summary>Pool entries not in the unfinalized blocks up to this one.</summary>
    private SortedSet<ulong> Waiting(BlockReference tip)
    {
        var waiting = new SortedSet<ulong>(Pool);
        Hash256 hash = tip.Hash;
        while (_executed.TryGetValue(hash, out var entry)
            && entry.Block.Height > Chain[^1].Block.Height)
        {
            waiting.ExceptWith(_cluster.Fakes.TransactionsOf(entry.Encoded));
            hash = entry.Block.ParentHash;
        }
        return waiting;
    }

    /// <summary>A new timer replaces the last.</summary>
    private void SetTimer(long atMs)
    {
        int life = Incarnation;
        int timer = ++_timers;
        _cluster.After(Math.Max(0, atMs - _cluster.NowMs), () =>
        {
            if (life == Incarnation && timer == _timers)
            {
                Step(new ConsensusInput.Tick());
            }
        });
    }

    private void TellWork()
    {
        bool work = Waiting(_tip).Count > 0;
        if (work != _workTold)
        {
            _workTold = work;
            Later(0, new ConsensusInput.WorkArrived(work));
        }
    }

    private void Later(long delayMs, ConsensusInput input)
    {
        int life = Incarnation;
        _cluster.After(delayMs, () =>
        {
            if (life == Incarnation)
            {
                Step(input);
            }
        });
    }
}
