using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Node.Configuration;
using Homeostat.Node.Logging;
using Homeostat.Node.Loop;
using Homeostat.Node.Models;
using Homeostat.Node.Network;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Simulator;
using Homeostat.Steering;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Drills;

/// <summary>What a joining is measured on.</summary>
internal sealed record JoinOptions
{
    public int Accounts { get; init; } = 100_000;

    public int Blocks { get; init; } = 10_000;

    public int Contracts { get; init; } = 200;

    public int CheckpointBlocks { get; init; } = 256;

    /// <summary>Nodes that serve.</summary>
    public int Servers { get; init; } = 2;

    /// <summary>Block by block from genesis, in the place of a snapshot.</summary>
    public bool FromGenesis { get; init; }

    /// <summary>One more serves lies.</summary>
    public bool HasLiar { get; init; } = true;

    public required string Folder { get; init; }

    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>What a joining took.</summary>
/// <param name="BuildSeconds">To make the chain.</param>
/// <param name="Seconds">From an empty folder to the chain's last block.</param>
/// <param name="FirstBlock">Of the new node's block log: whose state it fetched.</param>
/// <param name="IsComplete">Every node of the state is in its store.</param>
/// <param name="Lies">Answers that the liar changed.</param>
/// <param name="IsLiarBanned">The new node told it so.</param>
/// <param name="SawSyncing">eth_syncing was an object on the way, and false at the end.</param>
/// <param name="Retrained">Hash of the model that retraining from the log in the new node's state
/// gives, the same as at a node that served it; zero where the chain is too short to train on.
/// </param>
/// <param name="Failure">Null when all is as it should be.</param>
internal sealed record JoinResult(
    double BuildSeconds, double Seconds, ulong Blocks, ulong FirstBlock, long Accounts, long Slots,
    long Codes, long Kilobytes, bool IsComplete, int Lies, bool IsLiarBanned, bool SawSyncing,
    Hash256 Retrained, string? Failure);

/// <summary>
/// Makes a long chain, lets nodes serve it over TLS, and measures how long an empty node takes to
/// join them by a snapshot: production nodes with their stores in one process, and a peer that
/// lies.
/// </summary>
internal sealed class JoinRun(JoinOptions options, ILoggerFactory logs, Action<string> tell)
{
    private readonly List<NodeHost> _hosts = [];
    private readonly List<NodeConfig> _servers = [];

    /// <summary>
    /// In the order of their addresses: servers, newcomer, liar. Who has the lower address dials
    /// first, so the newcomer meets the liar before the others, and asks it first.
    /// </summary>
    private readonly Hash256[] _keys =
    [
        .. Enumerable.Range(0, options.Servers + 2).Select(i => Keccak.Hash([(byte)i, 7]))
            .OrderBy(key => Secp256k1.AddressOf(key)),
    ];

    public async Task<JoinResult> RunAsync(CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        var chain = new QuickChain(new QuickChainOptions
        {
            Accounts = options.Accounts,
            Blocks = options.Blocks,
            Contracts = options.Contracts,
            CheckpointBlocks = options.CheckpointBlocks,
            EndMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 1_000,
        });
        TrustedCheckpoint checkpoint = Build(chain, stop);
        double buildSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        tell($"made {options.Blocks} blocks in {buildSeconds:F1} s");
        LyingPeer? liar = null;
        try
        {
            List<PeerEndpoint> peers = await ServeAsync(chain, stop).ConfigureAwait(false);
            liar = options.HasLiar
                ? LyingPeer.Start(
                    chain.Network.Genesis, peers[0],
                    Secp256k1.AddressOf(_keys[options.Servers]), _keys[^1])
                : null;
            IEnumerable<PeerEndpoint> all = liar is null ? peers : peers.Prepend(liar.Self);
            JoinResult result = await JoinAsync(
                chain, checkpoint, [.. all], liar, buildSeconds, stop).ConfigureAwait(false);
            return result;
        }
        finally
        {
            foreach (NodeHost host in _hosts)
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }
            if (liar is not null)
            {
                await liar.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private string FolderOf(string name) => Path.Combine(options.Folder, name);

    /// <summary>The chain in the first server's folder; a block of its last tenth.</summary>
    private TrustedCheckpoint Build(QuickChain chain, CancellationToken stop)
    {
        GenesisDocument genesis = chain.Network.Genesis;
        using var store = new NodeStore(
            FolderOf("server0"), genesis.Config.ChainId, GenesisIdentity.HashOf(genesis),
            10_000, error => throw error, NullLogger.Instance);
        var group = new List<PersistBatch>();
        ulong trusted = (ulong)Math.Max(1, options.Blocks * 9L / 10);
        TrustedCheckpoint? checkpoint = null;
        foreach (PersistBatch batch in chain.Make())
        {
            stop.ThrowIfCancellationRequested();
            FinalizedBlock block = batch.Finalized[0];
            checkpoint = block.Height.Value == trusted
                ? new TrustedCheckpoint(block.Height, block.Hash)
                : checkpoint;
            group.Add(batch);
            if (group.Count == 256 || batch.Checkpoint is not null)
            {
                store.Commit(group);
                group.Clear();
                tell($"block {block.Height} of {options.Blocks}");
            }
        }
        if (group.Count > 0)
        {
            store.Commit(group);
        }
        return checkpoint!;
    }

    private async Task<List<PeerEndpoint>> ServeAsync(QuickChain chain, CancellationToken stop)
    {
        var peers = new List<PeerEndpoint>();
        for (int i = 0; i < options.Servers; i++)
        {
            if (i > 0)
            {
                Copy(FolderOf("server0"), FolderOf($"server{i}"));
            }
            NodeConfig config = ConfigOf(chain, $"server{i}", i, [], null);
            _servers.Add(config);
            NodeHost host = await StartAsync(config, stop).ConfigureAwait(false);
            while (host.Gateway.View?.Finalized.Height.Value != (ulong)options.Blocks)
            {
                await Task.Delay(20, stop).ConfigureAwait(false);
            }
            peers.Add(new PeerEndpoint(
                Secp256k1.AddressOf(config.Key), "127.0.0.1", config.P2p.Port));
        }
        return peers;
    }

    private async Task<JoinResult> JoinAsync(
        QuickChain chain, TrustedCheckpoint checkpoint, IReadOnlyList<PeerEndpoint> peers,
        LyingPeer? liar, double buildSeconds, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        NodeConfig config = ConfigOf(
            chain, "newcomer", options.Servers, peers,
            options.FromGenesis ? null : checkpoint);
        NodeHost host = await StartAsync(config, stop).ConfigureAwait(false);
        using var rpc = new RpcClient(new Uri($"http://{config.Http}"));
        StateProgress? state = null;
        bool sawSyncing = false;
        string? failure = null;
        while (failure is null)
        {
            ChainView? view = host.Gateway.View;
            state = view?.Sync?.State ?? state;
            sawSyncing |= view?.Sync is not null && await IsSyncingAsync(rpc, stop)
                .ConfigureAwait(false);
            if (view?.Finalized.Height.Value >= (ulong)options.Blocks && view.Sync is null)
            {
                break;
            }
            failure = host.Ended.IsCompleted ? (await host.Ended.ConfigureAwait(false)).Message
                : Stopwatch.GetElapsedTime(start) > options.Deadline ? "it took too long"
                : null;
            await Task.Delay(10, stop).ConfigureAwait(false);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        sawSyncing &= failure is not null
            || !await IsSyncingAsync(rpc, stop).ConfigureAwait(false);
        ulong first = failure is null ? host.FirstBlock : 0;
        if (options.FromGenesis)
        {
            first = (ulong)(options.Blocks / options.CheckpointBlocks * options.CheckpointBlocks);
        }
        StateAudit audit = failure is null ? host.AuditState(new Height(first)) : default;
        failure ??= audit.Missing
            ?? (audit == _hosts[0].AuditState(new Height(first)) ? null : "the states differ")
            ?? (sawSyncing ? null : "eth_syncing never said so");
        Hash256 retrained = Hash256.Zero;
        if (failure is null && options.Blocks >= LeastBlocksToTrain)
        {
            retrained = await RetrainAsync(config, stop).ConfigureAwait(false);
            Hash256 theirs = await RetrainAsync(
                _servers[0], stop).ConfigureAwait(false);
            failure = retrained == theirs ? null : "retraining gives another model";
        }
        // What was answered last may still be on its way.
        long joined = Stopwatch.GetTimestamp();
        while (liar is { Lies: > 0, IsBanned: false }
            && Stopwatch.GetElapsedTime(joined) < TimeSpan.FromSeconds(3))
        {
            await Task.Delay(10, stop).ConfigureAwait(false);
        }
        failure ??= liar switch
        {
            { Lies: 0 } => "the liar was asked for nothing, so that nothing was shown of it",
            { IsBanned: false } => $"the liar told {liar.Lies} lies and was not banned",
            _ => null,
        };
        return new JoinResult(
            buildSeconds, seconds, (ulong)options.Blocks, host.FirstBlock, audit.Accounts,
            audit.Slots, audit.Codes, (state?.Bytes ?? 0) / 1_024, failure is null, liar?.Lies ?? 0,
            liar?.IsBanned ?? false, sawSyncing, retrained, failure);
    }

    /// <summary>Fewer demand samples than this train no ensemble.</summary>
    private const int LeastBlocksToTrain = 100;

    /// <summary>
    /// As `homeostat model train --rpc` does it, from the demand log in this node's state.
    /// </summary>
    private async Task<Hash256> RetrainAsync(NodeConfig config, CancellationToken stop)
    {
        int blocks = Math.Min(options.Blocks - 2, DemandLog.MaximumBlocks);
        List<Fixed> log = await StateLog.ReadAsync(
            new Uri($"http://{config.Http}"), $"{options.Blocks}", blocks, stop)
            .ConfigureAwait(false);
        return Keccak.Hash(ModelTraining.Train(log, horizon: 1, isTrees: true));
    }

    /// <summary>What eth_syncing says, as clients read it.</summary>
    private static async Task<bool> IsSyncingAsync(RpcClient rpc, CancellationToken stop)
    {
        JsonElement answer = await rpc.CallAsync("eth_syncing", [], stop).ConfigureAwait(false);
        return answer.ValueKind == JsonValueKind.Object
            && answer.TryGetProperty("highestBlock", out _)
            && answer.TryGetProperty("currentBlock", out _)
            && answer.TryGetProperty("startingBlock", out _);
    }

    private async Task<NodeHost> StartAsync(NodeConfig config, CancellationToken stop)
    {
        var host = new NodeHost(config, logs);
        _hosts.Add(host);
        await host.StartAsync(stop).ConfigureAwait(false);
        return host;
    }

    private NodeConfig ConfigOf(
        QuickChain chain, string name, int index, IReadOnlyList<PeerEndpoint> peers,
        TrustedCheckpoint? checkpoint) => new()
        {
            DataDir = FolderOf(name),
            Genesis = chain.Network.Genesis,
            Key = _keys[index],
            Observer = true,
            Http = new IPEndPoint(IPAddress.Loopback, FreePorts.One()),
            P2p = new IPEndPoint(IPAddress.Loopback, FreePorts.One()),
            Peers = peers,
            GasCap = 0,
            WorkThreads = 2,
            LogLevel = LogVerbosity.Info,
            LogFile = "",
            Checkpoint = checkpoint,
            ReplicaLimits = new ReplicaLimits { CheckpointBlocks = options.CheckpointBlocks },
        };

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(x => !x.EndsWith("LOCK")))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
