using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Loop;
using Homeostat.Node.Network;
using Homeostat.Node.Store;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>What a running node gives its JSON-RPC server.</summary>
internal sealed record RpcServiceOptions
{
    public required INodeGateway Gateway { get; init; }

    public required IChainArchive Archive { get; init; }

    /// <summary>Where <see cref="Network"/> is null.</summary>
    public required ChainRules Rules { get; init; }

    public NetworkRules? Network { get; init; }

    public RpcServerOptions Server { get; init; } = new();

    /// <summary>Null: no admin_*.</summary>
    public IPeerAdministration? Peers { get; init; }

    /// <summary>Null: homeostat_health has nothing to say.</summary>
    public NodeHealth? Health { get; init; }

    public RpcLimits Limits { get; init; } = new();

    public string ClientVersion { get; init; } = "homeostat/v0.1.0";

    /// <summary>Takes what goes wrong inside a call, for the node's log.</summary>
    public Action<string, Exception> Report { get; init; } = (_, _) => { };
}

/// <summary>The JSON-RPC server of one node, put together. Dispose to stop.</summary>
internal sealed class RpcService : IAsyncDisposable
{
    private readonly INodeGateway _gateway;
    private readonly ChainReader _chain;
    private readonly SubscriptionHub _hub;
    private readonly CallGate _gate;
    private readonly RpcServer _server;
    private readonly IpcServer? _ipc;

    private RpcService(RpcServiceOptions options, ChainView first)
    {
        RpcLimits limits = options.Limits.Validate();
        _gateway = options.Gateway;
        RpcBlock genesis = BlockOf(first.Genesis, options.Archive);
        _chain = new ChainReader(genesis, ViewOf(first, options.Archive), options.Archive, limits);
        _hub = new SubscriptionHub(_chain, limits, options.Report);
        _gate = new CallGate(limits, () => new EvmEngine());
        Archive = options.Archive;
        var node = new RpcNode
        {
            ChainId = first.Config.ChainId,
            Rules = options.Rules,
            Network = options.Network,
            Submit = raw => new(_gateway.SubmitAsync(raw, CancellationToken.None)),
            ClientVersion = options.ClientVersion,
            PeerCount = () => _gateway.PeerCount,
            Peers = options.Peers,
            Health = options.Health,
            Syncing = () => _gateway.View?.Sync,
        };
        var context = new RpcContext(_chain, node, limits, _gate);
        RpcTable table = RpcMethods.All(context, _hub);
        Methods = [.. table.Names];
        var processor = new RpcProcessor(table, limits, node.Submit, options.Report);
        RpcServerOptions server = options.Server with
        {
            IsReady = () => _gateway.NotReadyBecause is null && options.Server.IsReady(),
        };
        _server = new RpcServer(server, limits, processor, _hub);
        _ipc = server.IpcPath.Length == 0
            ? null
            : new IpcServer(server.IpcPath, limits, processor, _hub);
    }

    /// <summary>The port in use.</summary>
    public int Port => _server.Port;

    /// <summary>Names of all methods.</summary>
    public IReadOnlyList<string> Methods { get; }

    private IChainArchive Archive { get; }

    /// <summary>Waits for the node's first view, then listens.</summary>
    public static async Task<RpcService> StartAsync(
        RpcServiceOptions options, CancellationToken cancel)
    {
        ChainView first = await FirstViewAsync(options.Gateway, cancel).ConfigureAwait(false);
        var service = new RpcService(options, first);
        service._gateway.ViewChanged += service.OnView;
        if (options.Gateway.View is { } newer && !ReferenceEquals(newer, first))
        {
            service.OnView(newer);
        }
        await service._server.StartAsync().ConfigureAwait(false);
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        _gateway.ViewChanged -= OnView;
        if (_ipc is not null)
        {
            await _ipc.DisposeAsync().ConfigureAwait(false);
        }
        await _server.DisposeAsync().ConfigureAwait(false);
        await _hub.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private static async Task<ChainView> FirstViewAsync(
        INodeGateway gateway, CancellationToken cancel)
    {
        var first = new TaskCompletionSource<ChainView>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        void OnFirst(ChainView view) => first.TrySetResult(view);
        gateway.ViewChanged += OnFirst;
        try
        {
            return gateway.View ?? await first.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            gateway.ViewChanged -= OnFirst;
        }
    }

    private void OnView(ChainView view)
    {
        lock (_hub) // Only the start and the gateway's thread meet here.
        {
            if (view.Finalized.Height.Value >= _chain.Head.Number)
            {
                _hub.Publish(ViewOf(view, Archive, _chain.View));
            }
        }
    }

    private static RpcView ViewOf(
        ChainView view, IChainArchive archive, RpcView? before = null)
    {
        RpcBlock finalized = before?.Finalized.Hash == view.Finalized.Hash
            ? before.Finalized
            : before?.Pending.Hash == view.Finalized.Hash
                ? before.Pending
                : BlockOf(view.Finalized, archive);
        RpcBlock pending = view.Pending.Hash == finalized.Hash
            ? finalized
            : before?.Pending.Hash == view.Pending.Hash
                ? before.Pending
                : BlockOf(view.Pending, archive);
        return new RpcView(finalized, pending, view.Pool) { Sync = view.Sync };
    }

    private static RpcBlock BlockOf(ChainHead head, IChainArchive archive)
    {
        if (head.Receipts.Count == head.Block.Transactions.Count)
        {
            return new RpcBlock(
                head.Block, head.Receipts, head.State, (ulong)head.TimeMs, head.Transactions);
        }
        // A head read from a checkpoint comes without receipts; the archive has them.
        return archive.TryGetBlock(head.Height, out FinalizedBlock stored)
            ? StoredBlocks.Decode(stored).WithState(head.State)
            : new RpcBlock(head.Block, [], head.State, (ulong)head.TimeMs);
    }
}
