using System.Net.Sockets;
using System.Security.Cryptography;
using Homeostat.Consensus;
using Homeostat.Node.Configuration;
using Homeostat.Node.Drills;
using Homeostat.Node.Healing;
using Homeostat.Node.Metrics;
using Homeostat.Node.Network;
using Homeostat.Node.Progress;
using Homeostat.Node.Rpc;
using Homeostat.Node.Store;
using Homeostat.Node.Supervision;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Loop;

/// <summary>
/// A node put together: store, replica, loop, network, HTTP, in the order in which each needs the
/// ones before. Plain constructors; this file is the whole composition.
/// </summary>
internal sealed class NodeHost : IAsyncDisposable
{
    /// <summary>Between the farewell and the end.</summary>
    private const int LeaveMs = 250;

    private readonly NodeConfig _config;
    private readonly Supervised? _supervised;
    private readonly ILogger _log;
    private readonly TaskCompletionSource<NodeEnd> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NodeMetrics _metrics = new();
    private readonly MetricsPage _page = new();
    private readonly NodeStore _store;
    private readonly HealingLog _healing;
    private readonly ReplicaLoop _loop;
    private readonly PeerNetwork _network;
    private readonly ValidatorQuorum _quorum;
    private readonly NetworkRules _rules;
    private IDisposable? _spans;
    // Not disposed of: the node's end may still cancel it, and it holds no timer.
    private readonly CancellationTokenSource _stop = new();
    private RpcService? _rpc;

    /// <param name="config">This node's settings.</param>
    /// <param name="logs">Where it logs to.</param>
    /// <param name="supervised">Under `up`: it may then build the console by npm.</param>
    /// <param name="repaired">What was set aside so that it can start, in words.</param>
    /// <exception cref="StoreException">The data folder can't be used.</exception>
    public NodeHost(
        NodeConfig config, ILoggerFactory logs, Supervised? supervised = null,
        string? repaired = null)
    {
        _config = config;
        _supervised = supervised;
        _log = logs.CreateLogger("node");
        ChainConfig chain = config.Genesis.Config;
        Address self = Secp256k1.AddressOf(config.Key);
        GenesisHash = GenesisIdentity.HashOf(config.Genesis);
        var crash = new CrashReport(config.DataDir, end => _ended.TrySetResult(end), _log);
        _store = new NodeStore(
            config.DataDir, chain.ChainId, GenesisHash, config.HistoryBlocks,
            error => crash.End(error, null), logs.CreateLogger("store"));
        IReadOnlyList<ValidatorRecovery> recoveries = RecoveryFile.Read(config.DataDir);
        foreach (ValidatorRecovery recovery in recoveries)
        {
            _log.LogWarning(
                "recovered after block {Height} {Hash} without {Count} validators, record {Record}",
                recovery.Height, recovery.BlockHash, recovery.Without.Count,
                RecoveryFile.RecordOf(recoveries));
        }
        var nonce = new Hash256(RandomNumberGenerator.GetBytes(Hash256.Size));
        var machine = new ReplicaMachine(new ReplicaConfig
        {
            Genesis = config.Genesis,
            Signer = config.Observer ? null : new LocalSigner(config.Key),
            Self = new PeerId(self),
            Checkpoint = config.Checkpoint,
            Recoveries = recoveries,
            NewestRevision = config.NewestRevision,
            Limits = config.ReplicaLimits,
        });
        RecoveredState recovered = Recover(nonce);
        _healing = StartHealing(self, repaired, recovered.JournalIntact);
        _loop = new ReplicaLoop(
            machine, _store, recovered, config.WorkThreads,
            new NodeClock(config.ClockOffsetFile), _metrics, crash,
            logs.CreateLogger("replica"));
        _loop.ViewChanged += _healing.See;
        _loop.ViewChanged += new SyncReport(
            logs.CreateLogger("sync"), () => Environment.TickCount64).See;
        var local = new LocalSide(
            self, NodeCertificate.Create(self, hash => Secp256k1.Sign(hash, config.Key)),
            new Hello(chain.ChainId, GenesisHash), config.NetworkLimits);
        _network = new PeerNetwork(
            local, config.P2p, config.Peers, HearAsync, logs.CreateLogger("network"),
            config.P2pAdvertised);
        _quorum = new ValidatorQuorum(
            [
                .. chain.Validators.Where(
                    v => !recoveries.Any(r => r.Without.Contains(v.Address))),
            ],
            self, _network);
        _rules = new NetworkRules(chain.ChainId, config.NewestRevision);
        _metrics.AddGauge(
            "homeostat_unknown_revision",
            "A protocol revision to come that this version does not know: 1 proposed, 2 locked in",
            UnknownRevision);
        _metrics.AddGauge("homeostat_peers", "Connected peers", () => _network.ConnectedCount);
        _metrics.AddGauge(
            "homeostat_send_queue_bytes", "Bytes waiting for peers", () => _network.QueuedBytes);
        _metrics.AddGauge(
            "homeostat_finalized_height", "The last final block",
            () => _loop.View?.Finalized.Height.Value ?? 0);
    }

    public Hash256 GenesisHash { get; }

    public INodeGateway Gateway => _loop;

    /// <summary>Height of the first block in its log: above 1 after a snapshot.</summary>
    public ulong FirstBlock => _store.FirstBlock;

    /// <summary>Reads the whole state of a block out of the store.</summary>
    public StateAudit AuditState(Height height) =>
        _store.TryGetBlock(height, out FinalizedBlock block)
            ? StateAudit.Of(block.StateRoot, _store)
            : new StateAudit(0, 0, 0, $"block {height} is missing");

    /// <summary>How others dial it.</summary>
    public PeerEndpoint Self => _network.Self;

    /// <summary>Another side of a connection to this node, with the key's identity.</summary>
    public LocalSide SideOf(Hash256 key)
    {
        Address address = Secp256k1.AddressOf(key);
        return new LocalSide(
            address, NodeCertificate.Create(address, hash => Secp256k1.Sign(hash, key)),
            new Hello(_config.Genesis.Config.ChainId, GenesisHash), new NetworkLimits());
    }

    public bool IsBanned(in Address identity) => _network.IsBanned(identity);

    /// <summary>Puts an event where the network would put it: a drill's attackers.</summary>
    public ValueTask InjectAsync(NetworkEvent happened, CancellationToken cancel) =>
        _loop.AddAsync(happened, cancel);

    public int PeerCount => _network.ConnectedCount;

    /// <summary>What it still waits for before it can serve, or null.</summary>
    public string? NotReadyBecause => _loop.NotReadyBecause
        ?? (_rpc is null ? "JSON-RPC is starting" : null) ?? _quorum.Missing;

    /// <summary>Completes when the node ends by itself, with the reason.</summary>
    public Task<NodeEnd> Ended => _ended.Task;

    /// <summary>Returns when all listens, or early when the node ended or is to stop.</summary>
    /// <exception cref="PortInUseException">Another process has the port.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        using CancellationTokenRegistration stopping = stop.Register(() => _stop.Cancel());
        _ = Ended.ContinueWith(_ => _stop.Cancel(), TaskScheduler.Default);
        try
        {
            _network.Start();
        }
        catch (SocketException error)
        {
            throw PortInUseException.For(_config.P2p, Settings.P2pPort.Flag, error);
        }
        _spans = _config.OtlpEndpoint is { } endpoint
            ? Spans.Export(endpoint, $"{Secp256k1.AddressOf(_config.Key)}")
            : null;
        _loop.Start(_network);
        await StartHttpAsync().ConfigureAwait(false);
        _log.LogInformation(
            "chain {Chain}, genesis {Genesis}, validator {Self}, peers on {P2p}, RPC on {Http}",
            _config.Genesis.Config.ChainId, GenesisHash, Secp256k1.AddressOf(_config.Key),
            _config.P2p, _config.Http);
    }

    /// <summary>
    /// Says farewell, and goes on for as long as that takes to arrive and a view under way to end.
    /// </summary>
    public async Task LeaveAsync()
    {
        if (!Ended.IsCompleted && !_config.Observer)
        {
            _loop.Leave();
            await Task.Delay(LeaveMs).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_rpc is not null)
        {
            await _rpc.DisposeAsync().ConfigureAwait(false);
        }
        await _network.DisposeAsync().ConfigureAwait(false);
        _loop.Dispose();
        if (!Ended.IsCompleted)
        {
            _healing.EndCleanly();
        }
        _store.Dispose();
        _spans?.Dispose();
        _page.Dispose();
        _metrics.Dispose();
    }

    /// <summary>A folder that can't be used is let go of, so that it can be repaired.</summary>
    private RecoveredState Recover(in Hash256 nonce)
    {
        try
        {
            return _store.Recover(nonce);
        }
        catch
        {
            _store.Dispose();
            throw;
        }
    }

    private HealingLog StartHealing(in Address self, string? repaired, bool hasJournal)
    {
        var healing = new HealingLog(
            _config.DataDir, self, () => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), _log);
        if (repaired is not null)
        {
            healing.Repaired(repaired);
        }
        if (!hasJournal)
        {
            healing.Abstains();
        }
        return healing;
    }

    private ValueTask HearAsync(NetworkEvent happened, CancellationToken cancel)
    {
        _healing.See(happened);
        return _loop.AddAsync(happened, cancel);
    }

    private double UnknownRevision() =>
        _loop.View is { } view
        && RevisionStorage.ReadProposed(new StateStorage(view.Finalized.State)) is { } next
        && !_rules.Knows(next)
            ? next.LockedAt is null ? 1 : 2
            : 0;

    private async Task StartHttpAsync()
    {
        var options = new RpcServiceOptions
        {
            Gateway = _loop,
            Archive = _store,
            Peers = _config.ServesAdmin ? _network : null,
            Health = new NodeHealth(_healing, _supervised?.DataFolders() ?? []),
            Rules = HomeostatRules.Of(_config.Genesis.Config.ChainId),
            Network = _rules,
            Server = new RpcServerOptions
            {
                Address = _config.Http.Address,
                Port = _config.Http.Port,
                JwtSecret = _config.JwtSecret,
                Certificate = _config.TlsCertificate,
                IpcPath = _config.IpcPath,
                Metrics = _page.Render,
                IsAlive = () => _loop.IsAlive,
                IsReady = () => NotReadyBecause is null,
                Console = new ConsolePages(
                    new ConsoleBuild(ConsoleBuild.FindRoot(), _supervised is not null)),
            },
            Limits = new RpcLimits
            {
                GasCap = _config.GasCap,
                CallMs = _config.EvmTimeoutMs,
                TraceMs = _config.TraceTimeoutMs,
            },
            Report = (method, error) => _log.LogError(error, "RPC method {Method} failed", method),
        };
        try
        {
            _rpc = await RpcService.StartAsync(options, _stop.Token).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw PortInUseException.For(_config.Http, Settings.HttpPort.Flag, error);
        }
        catch (OperationCanceledException)
        {
            _log.LogInformation("told to stop while starting");
        }
    }
}
