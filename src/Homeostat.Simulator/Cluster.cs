using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// A network of production replicas on virtual time: who is connected with whom, the clients, the
/// faults as they come and go, and the checks on every effect. Everything that happens follows
/// from the seed.
/// </summary>
internal sealed class Cluster : IWorldOfNodes
{
    private const long ConnectUs = 2_000;
    private const long ReconnectUs = 300_000;
    private const long ResubmitUs = 1_500_000;
    private const long RetryUs = 10_000;

    private readonly EventQueue _queue = new();
    private readonly EventDigest _digest = new();
    private readonly SeededRandom _random;
    private readonly VirtualNetwork _network;
    private readonly ClusterSetup _setup;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly HashSet<int> _dishonest = [];
    private readonly bool[,] _connected;
    private readonly Dictionary<int, IAdversary> _adversaries = [];
    private readonly TransferLoad _load;
    private (int Node, int Twin, ulong Side)? _twins;
    private long _reply;
    private Height _highestShown;
    private long? _leaderTimeoutMs;

    public Cluster(ulong seed, ClusterSetup setup)
    {
        _setup = setup;
        _random = new SeededRandom(seed);
        DevelopmentNetwork development = setup.Network;
        int count = development.Validators.Count;
        int most = count + 1; // One may have a twin.
        _network = new VirtualNetwork(_queue, _random.Fork(), most);
        _connected = new bool[most, most];
        _load = new TransferLoad(_random.Fork(), setup.HasRealKeys);
        Checks = new SafetyChecks(most) { ChecksVotes = setup.ChecksVotes };
        for (int i = 0; i < count; i++)
        {
            AddNode(i);
        }
    }

    private void AddNode(int validator)
    {
        int node = _nodes.Count;
        var id = new PeerId(_setup.Network.Validators[validator].Address);
        _nodes.Add(new SimulatedNode(
            node, id, () => Configured(node, validator), _queue, _random.Fork(), _digest,
            SimulatedNode.StartMs, this));
    }

    /// <summary>An adversary must see whole proposals to change them.</summary>
    private ReplicaConfig Configured(int node, int validator)
    {
        ReplicaConfig config = _setup.Configure(validator);
        return IsHonest(node)
            ? config
            : config with { Limits = config.Limits with { CompactBodies = false } };
    }

    public SafetyChecks Checks { get; }

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    public long NowUs => _queue.NowUs;

    public ulong Digest => _digest.Value;

    public long Events => _digest.Count;

    public VirtualNetwork Network => _network;

    /// <summary>What nodes said to their operators, in order, when something looks wrong.</summary>
    public List<string> Warnings { get; } = [];

    public List<BadBlockDump> Dumps { get; } = [];

    /// <summary>Sees every effect of every node, before it is carried out.</summary>
    public Action<SimulatedNode, ReplicaEffect>? Watch { get; init; }

    /// <summary>Sees every message as it arrives: from, to, bytes.</summary>
    public Action<int, int, byte[]>? Tap { get; init; }

    /// <summary>A client gives a node a transaction.</summary>
    public Action<int, byte[]>? Submitted { get; init; }

    /// <summary>Sees every final head that an honest node shows.</summary>
    public Action<ChainHead>? Shown { get; set; }

    /// <summary>The leader timeout that the last final state has in force.</summary>
    public long LeaderTimeoutMs(ConsensusParameters otherwise) =>
        _leaderTimeoutMs ?? otherwise.LeaderTimeoutMs;

    public bool IsHonest(int node) => !_dishonest.Contains(node);

    public void Corrupt(int node, IAdversary adversary)
    {
        _dishonest.Add(node);
        _adversaries.Add(node, adversary);
    }

    /// <summary>
    /// Runs a validator twice with one key (Bano et al., "Twins"): each of the two is honest by
    /// itself and talks with the others on its side of the mask, so that together they propose two
    /// good blocks in one view and vote for both. Before the start, and once.
    /// </summary>
    public void AddTwin(int node, ulong side)
    {
        Invariant.Require(_twins is null);
        _twins = (node, _nodes.Count, side);
        _dishonest.Add(node);
        _dishonest.Add(_nodes.Count);
        AddNode(node);
    }

    public void StartAll()
    {
        foreach (SimulatedNode node in _nodes)
        {
            Start(node.Index);
        }
    }

    public void Start(int index)
    {
        SimulatedNode node = _nodes[index];
        if (node.IsUp)
        {
            return;
        }
        if (IsHonest(index))
        {
            Checks.Restarts(node);
        }
        node.Start();
        foreach (SimulatedNode other in _nodes.Where(other => other.IsUp && other != node))
        {
            _queue.After(ConnectUs, () => Connect(node, other));
        }
    }

    public void Stop(int index, bool losesPower)
    {
        SimulatedNode node = _nodes[index];
        if (!node.IsUp)
        {
            return;
        }
        if (losesPower)
        {
            node.LosePower();
        }
        else
        {
            node.Kill();
        }
        Disconnect(node);
    }

    /// <summary>The node stops within a write of its journal.</summary>
    public void TearJournal(int index)
    {
        SimulatedNode node = _nodes[index];
        if (node.IsUp)
        {
            node.TearJournal();
            Disconnect(node);
        }
    }

    /// <summary>The node stops, and will find an empty disk.</summary>
    public void LoseDisk(int index)
    {
        Stop(index, losesPower: true);
        _nodes[index].Disk.Wipe();
        Checks.Forgets(index);
    }

    /// <summary>Lets events happen up to a moment, or until the condition holds.</summary>
    public bool RunUntil(long untilUs, Func<bool>? condition = null)
    {
        while (condition is null || !condition())
        {
            if (!_queue.Next(untilUs))
            {
                return condition?.Invoke() ?? true;
            }
        }
        return true;
    }

    public void At(long atUs, Action happen) => _queue.At(atUs, happen);

    /// <summary>Clients send this many transfers a second until a moment.</summary>
    public void Load(int perSecond, long untilUs)
    {
        if (perSecond > 0)
        {
            Submit(1_000_000 / perSecond, untilUs);
            Resubmit(untilUs);
        }
    }

    /// <summary>A client gives one node a transaction.</summary>
    public void Submit(int node, byte[] raw) => Give(_nodes[node], [raw]);

    /// <summary>The next transfer of the load; nothing when too many are not final yet.</summary>
    public void SubmitNext(int node)
    {
        if (_load.Next() is { } raw)
        {
            Submit(node, raw);
        }
    }

    private void Submit(long everyUs, long untilUs)
    {
        if (_load.Next() is { } raw)
        {
            Give([raw]);
        }
        if (_queue.NowUs + everyUs < untilUs)
        {
            _queue.After(everyUs, () => Submit(everyUs, untilUs));
        }
    }

    /// <summary>
    /// Clients give what is not final yet to all nodes: an idle network makes few blocks on
    /// purpose, so who waits for one must see to it that there is work.
    /// </summary>
    public void ResubmitToAll()
    {
        foreach (SimulatedNode node in _nodes)
        {
            ResubmitTo(node);
        }
    }

    /// <summary>A node that recovers its state refuses; a client tries again soon.</summary>
    private void ResubmitTo(SimulatedNode node)
    {
        if (node.IsUp && node.IsRecovering)
        {
            _queue.After(RetryUs, () => ResubmitTo(node));
        }
        else
        {
            Give(node, _load.Again(16));
        }
    }

    private void Resubmit(long untilUs)
    {
        List<byte[]> again = _load.Again(16);
        if (again.Count > 0)
        {
            Give(again);
        }
        if (_queue.NowUs + ResubmitUs < untilUs)
        {
            _queue.After(ResubmitUs, () => Resubmit(untilUs));
        }
    }

    private void Give(IReadOnlyList<byte[]> raw) =>
        Give(_nodes[_random.NextBelow(_nodes.Count)], raw);

    private void Give(SimulatedNode node, IReadOnlyList<byte[]> raw)
    {
        if (_adversaries.TryGetValue(node.Index, out IAdversary? adversary))
        {
            raw = [.. raw.Where(adversary.Takes)];
        }
        if (Submitted is not null)
        {
            foreach (byte[] transaction in raw)
            {
                Submitted(node.Index, transaction);
            }
        }
        node.Give(new ReplicaInput.SubmitTransactions(raw, _reply++));
    }

    /// <summary>A message as the node's adversary lets it hear it; null: not at all.</summary>
    private byte[]? AsHeard(SimulatedNode node, byte[] bytes)
    {
        if (bytes.Length == 0 || (WireKind)bytes[0] != WireKind.Transactions
            || !_adversaries.TryGetValue(node.Index, out IAdversary? adversary)
            || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return bytes;
        }
        byte[][] taken =
            [.. ((TransactionsMessage)message!).Transactions.Where(adversary.Takes)];
        return taken.Length == 0 ? null : new TransactionsMessage(taken).Encode();
    }

    /// <summary>Twins share the others between them, and never meet.</summary>
    private bool MayMeet(SimulatedNode one, SimulatedNode other)
    {
        if (_twins is not { } twins)
        {
            return true;
        }
        bool isFirst = one.Index == twins.Node || other.Index == twins.Node;
        bool isSecond = one.Index == twins.Twin || other.Index == twins.Twin;
        int third = one.Index == twins.Node || one.Index == twins.Twin ? other.Index : one.Index;
        bool isOnSecondSide = (twins.Side >> third & 1) != 0;
        return (!isFirst && !isSecond)
            || (isFirst != isSecond && isSecond == isOnSecondSide);
    }

    private void Connect(SimulatedNode one, SimulatedNode other)
    {
        if (!one.IsUp || !other.IsUp || _connected[one.Index, other.Index]
            || !MayMeet(one, other))
        {
            return;
        }
        if (_network.IsCut(one.Index, other.Index) || _network.IsCut(other.Index, one.Index))
        {
            _queue.After(ReconnectUs, () => Connect(one, other));
            return;
        }
        _connected[one.Index, other.Index] = _connected[other.Index, one.Index] = true;
        one.Give(new ReplicaInput.PeerConnected(other.Id));
        other.Give(new ReplicaInput.PeerConnected(one.Id));
    }

    private void Disconnect(SimulatedNode node)
    {
        foreach (SimulatedNode other in _nodes)
        {
            if (_connected[node.Index, other.Index])
            {
                _connected[node.Index, other.Index] = _connected[other.Index, node.Index] = false;
                other.Give(new ReplicaInput.PeerDisconnected(node.Id));
            }
        }
    }

    void IWorldOfNodes.Sent(SimulatedNode from, PeerId? to, byte[] bytes)
    {
        if (_adversaries.TryGetValue(from.Index, out IAdversary? adversary))
        {
            foreach ((int target, byte[] changed) in adversary.Send(Targets(from, to), bytes))
            {
                Transmit(from, _nodes[target], changed);
            }
            return;
        }
        Checks.Sends(from, bytes);
        foreach (int target in Targets(from, to))
        {
            Transmit(from, _nodes[target], bytes);
        }
    }

    private int[] Targets(SimulatedNode from, PeerId? to) =>
    [
        .. _nodes.Where(node => node != from && (to ?? node.Id) == node.Id)
            .Select(node => node.Index),
    ];

    void IWorldOfNodes.Ran(SimulatedNode node, IWork work, WorkResult result)
    {
        if (_adversaries.TryGetValue(node.Index, out IAdversary? adversary))
        {
            foreach (byte[] bytes in adversary.Ran(work, result))
            {
                foreach (int target in Targets(node, null))
                {
                    Transmit(node, _nodes[target], bytes);
                }
            }
        }
    }

    void IWorldOfNodes.DiskIsFull(SimulatedNode node) => Stop(node.Index, losesPower: false);

    private void Transmit(SimulatedNode from, SimulatedNode to, byte[] bytes)
    {
        if (!_connected[from.Index, to.Index])
        {
            return;
        }
        bool isReliable = bytes.Length > 0 && (WireKind)bytes[0] == WireKind.Hello;
        _network.Send(from.Index, to.Index, from.LagUs, isReliable, () =>
        {
            if (_connected[from.Index, to.Index])
            {
                _digest.Add(_queue.NowUs, to.Index, 4, bytes);
                Tap?.Invoke(from.Index, to.Index, bytes);
                if (AsHeard(to, bytes) is { } heard)
                {
                    to.Give(new ReplicaInput.PeerMessage(from.Id, heard));
                }
            }
        });
    }

    void IWorldOfNodes.Observed(SimulatedNode node, ReplicaEffect effect)
    {
        Watch?.Invoke(node, effect);
        if (!IsHonest(node.Index))
        {
            return;
        }
        switch (effect)
        {
            case ReplicaEffect.Persist persist:
                foreach (FinalizedBlock block in persist.Batch.Finalized)
                {
                    Checks.Finalizes(node, block);
                    if (block.Executed is { } executed) // Else it came with a snapshot.
                    {
                        _load.Confirm(executed);
                    }
                }
                break;
            case ReplicaEffect.Head head:
                Checks.Announces(node, head.View.Finalized);
                Show(head.View.Finalized);
                break;
            case ReplicaEffect.Dump dump:
                Dumps.Add(dump.Block);
                break;
            case ReplicaEffect.Log { Level: >= LogLevel.Warning } log:
                Warnings.Add($"{_queue.NowUs / 1_000} ms, node {node.Index}: {log.Text}");
                break;
            case ReplicaEffect.Halt halt:
                Warnings.Add($"{_queue.NowUs / 1_000} ms, node {node.Index} halts: {halt.Reason}");
                Disconnect(node);
                break;
            default:
                break;
        }
    }

    /// <summary>A state is read at once: the disk that it is on may break.</summary>
    private void Show(ChainHead head)
    {
        if (_leaderTimeoutMs is null || head.Height > _highestShown)
        {
            _highestShown = head.Height;
            _leaderTimeoutMs =
                (long)ConsensusVector.Read(new SnapshotStorage(head.State)).LeaderTimeoutMs;
        }
        Shown?.Invoke(head);
    }
}
