using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>How bad the network and the disks are until they heal.</summary>
internal sealed record FaultMix
{
    public static readonly FaultMix None = new();
    public int LossPercent { get; init; }
    public int DuplicatePercent { get; init; }
    public long SlowestMs { get; init; } = 5;
    public long SlowestDiskMs { get; init; } = 3;
    public int CrashesPerNode { get; init; }
    public bool LosesJournals { get; init; }
    public bool Partitions { get; init; }
}

/// <summary>
/// n machines on virtual time with one seeded scheduler. Safety is checked at each final block:
/// one hash a height, children of what was final before, no evidence against an honest node.
/// </summary>
internal sealed class Cluster
{
    private const long MostSteps = 500_000; // A run of a test takes some thousands.
    public const ulong Poison = 666_666;

    private readonly PriorityQueue<Action, (long At, ulong Order)> _queue = new();
    private readonly SeededRandom _random;
    private readonly SortedDictionary<ulong, Hash256> _final = [];
    private ulong _order;
    private int? _isolated;

    public Cluster(
        ulong seed, int count, FaultMix? faults = null, ConsensusParameters? parameters = null,
        PlantedBugs? bugs = null, IReadOnlyList<ulong>? weights = null, ulong epochBlocks = 0)
    {
        Config = FakeChain.Config with { Epochs = new EpochSchedule(epochBlocks) };
        _random = new SeededRandom(seed);
        Faults = faults ?? FaultMix.None;
        Parameters = parameters ?? new ConsensusParameters { HeartbeatMs = 3_000 };
        Validators = ValidatorSet.Create(Enumerable.Range(0, count)
            .Select(i => new Validator(FakeSigner.AddressAt(i), weights?[i] ?? 1)));
        Nodes = [.. Enumerable.Range(0, count).Select(
            i => new ClusterNode(this, i, _random.Fork(), bugs ?? PlantedBugs.None))];
    }

    public FaultMix Faults { get; set; }
    public ConsensusConfig Config { get; }
    public ConsensusParameters Parameters { get; }
    public ValidatorSet Validators { get; }
    public FakeChain Fakes { get; } = new();
    public IReadOnlyList<ClusterNode> Nodes { get; }
    public long NowMs { get; private set; } = 1_000_000;
    public LookupSet<int> Dishonest { get; } = new();
    public LookupSet<int> Believers { get; } = new();
    public List<string> Violations { get; } = [];
    public List<Evidence> Accusations { get; set; } = [];
    public ulong Digest { get; private set; } = 14695981039346656037;
    public long Steps { get; private set; }

    /// <summary>Sees all messages; true takes the message out of the network.</summary>
    public Func<ClusterNode, ClusterNode, WireMessage, bool>? Intercept { get; set; }

    public IEnumerable<ClusterNode> Honest => Nodes.Where(node => !Dishonest.Contains(node.Index));

    public void StartAll()
    {
        foreach (ClusterNode node in Nodes)
        {
            node.Start();
        }
    }

    public int IndexOf(PeerId peer) =>
        Validators.TryIndexOf(peer.Address, out ValidatorIndex index) ? index.Value : -1;

    public void After(long delayMs, Action action) =>
        _queue.Enqueue(action, (NowMs + delayMs, _order++));

    public void RunFor(long ms)
    {
        long end = NowMs + ms;
        while (_queue.TryPeek(out _, out var due) && due.At <= end)
        {
            Action action = _queue.Dequeue();
            NowMs = Math.Max(NowMs, due.At);
            Invariant.Require(++Steps < MostSteps);
            action();
        }
        NowMs = end;
    }

    public bool RunUntil(Func<bool> condition, long limitMs)
    {
        long end = NowMs + limitMs;
        while (!condition() && _queue.TryPeek(out _, out var due) && due.At <= end)
        {
            Action action = _queue.Dequeue();
            NowMs = Math.Max(NowMs, due.At);
            Invariant.Require(++Steps < MostSteps);
            action();
        }
        return condition();
    }

    public void SubmitToAll(ulong transaction)
    {
        foreach (ClusterNode node in Nodes)
        {
            node.Submit(transaction);
        }
    }

    public void Deliver(ClusterNode from, int? target, WireMessage message)
    {
        foreach (ClusterNode to in Nodes)
        {
            if (to != from && (target is null || target == to.Index)
                && Intercept?.Invoke(from, to, message) != true)
            {
                DeliverOne(from, to, message);
            }
        }
    }

    public void OnFinal(ClusterNode node, BlockReference block)
    {
        Note((ulong)node.Index, block.Height.Value, Word(block.Hash));
        if (Dishonest.Contains(node.Index))
        {
            return;
        }
        if (block.ParentHash != node.Chain[^1].Block.Hash)
        {
            Violations.Add($"node {node.Index}: {block.Height} is not on what was final");
        }
        if (!_final.TryAdd(block.Height.Value, block.Hash)
            && _final[block.Height.Value] != block.Hash)
        {
            Violations.Add($"two final blocks at height {block.Height}");
        }
    }

    public void OnEvidence(ClusterNode node, Evidence evidence)
    {
        int accused = evidence.First.Signer.Value;
        Accusations.Add(evidence);
        if (!Dishonest.Contains(node.Index) && !Dishonest.Contains(accused))
        {
            Violations.Add($"honest node {accused} contradicted itself: {evidence.First.Kind} "
                + $"and {evidence.Second.Kind} in view {evidence.First.View}");
        }
    }

    public void Trace(ClusterNode node, ConsensusEffect effect)
    {
        ulong content = effect switch
        {
            ConsensusEffect.EnteredView e => e.View.Value,
            ConsensusEffect.Notarized e => Word(e.Block.Hash),
            ConsensusEffect.Finalized e => Word(e.Block.Hash),
            ConsensusEffect.SetTimer e => (ulong)e.AtMs,
            ConsensusEffect.Persist e => e.Ticket,
            ConsensusEffect.Broadcast { Message: VoteMessage m } => Word(m.Vote.BlockHash),
            _ => 0,
        };
        Note((ulong)node.Index, (ulong)effect.GetType().Name.Length, content);
        if (effect is ConsensusEffect.Penalty penalty && IndexOf(penalty.Peer) is var peer
            && !Dishonest.Contains(node.Index) && !Dishonest.Contains(peer))
        {
            Violations.Add($"{node.Index} penalized honest {peer}: {penalty.Reason}");
        }
    }

    /// <summary>
    /// Seeds crashes, restarts and one partition into the given span from now on.
    /// </summary>
    public void ScheduleFaults(long spanMs)
    {
        foreach (ClusterNode node in Nodes.Where(node => !Dishonest.Contains(node.Index)))
        {
            for (int i = 0; i < Faults.CrashesPerNode; i++)
            {
                bool losesJournal = Faults.LosesJournals && node.Index == 1 && i == 0;
                long downMs = _random.NextBetween(1, spanMs / 3);
                After(_random.NextBetween(0, spanMs), () => CrashFor(node, downMs, losesJournal));
            }
        }
        if (Faults.Partitions)
        {
            int lonely = _random.NextBelow(Nodes.Count);
            After(_random.NextBetween(0, spanMs / 2), () => _isolated = lonely);
        }
    }

    public void Heal()
    {
        Faults = FaultMix.None;
        _isolated = null;
    }

    private static ulong Word(in Hash256 hash) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(hash.Bytes);

    private void CrashFor(ClusterNode node, long downMs, bool losesJournal)
    {
        if (node.IsUp)
        {
            node.Crash(losesJournal);
            After(downMs, node.Start);
        }
    }

    private void DeliverOne(ClusterNode from, ClusterNode to, WireMessage message)
    {
        bool isCut = _isolated is { } lonely && (from.Index == lonely || to.Index == lonely);
        if (isCut || _random.Chance(Faults.LossPercent, 100))
        {
            return;
        }
        int copies = _random.Chance(Faults.DuplicatePercent, 100) ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            After(_random.NextBetween(1, Faults.SlowestMs + 1), () => to.Receive(from.Id, message));
        }
    }

    private void Note(params ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            Digest = unchecked((Digest ^ word) * 1099511628211);
        }
        Digest = unchecked((Digest ^ (ulong)NowMs) * 1099511628211);
    }
}
