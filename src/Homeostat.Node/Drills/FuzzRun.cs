using System.Diagnostics;
using System.Net;
using Homeostat.Node.Configuration;
using Homeostat.Node.Logging;
using Homeostat.Node.Loop;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Simulator;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Drills;

/// <summary>What a node is bombarded with.</summary>
internal sealed record FuzzOptions
{
    public long Messages { get; init; } = 1_000_000;

    /// <summary>Of them, so many over TLS, whose offenders the transport bans and lets back in.
    /// </summary>
    public int OverTls { get; init; } = 2_000;

    public ulong Seed { get; init; } = 1;

    public required string Folder { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Bans">Identities banned; each then went away and another came.</param>
/// <param name="BansExpired">Of those over TLS: let back in after their time.</param>
/// <param name="MemoryAtTenth">Live managed memory in MB after a tenth of the messages.</param>
/// <param name="MemoryAtEnd">The same at the end.</param>
/// <param name="Blocks">Final blocks that the network made meanwhile.</param>
/// <param name="SlowestMs">From submitting a transfer to its finality, at worst.</param>
/// <param name="Failure">Null when the node bore it.</param>
internal sealed record FuzzResult(
    long Messages, double Seconds, long Bans, int BansExpired, double MemoryAtTenth,
    double MemoryAtEnd, ulong Blocks, long SlowestMs, string? Failure);

/// <summary>
/// Sends mutated wire messages to one of three running validators of a network of four, whose
/// fourth key is the attacker's: so that some of what it signs counts. Most go into the node's
/// event loop where the transport would put them, from identities that are replaced when banned, as
/// a handshake for every ten messages would be most of the work; some over TLS.
/// </summary>
internal sealed class FuzzRun(FuzzOptions options, ILoggerFactory logs, Action<string> tell)
{
    private const int Identities = 64;

    private readonly List<NodeHost> _hosts = [];
    private readonly SeededRandom _random = new(options.Seed);

    public async Task<FuzzResult> RunAsync(CancellationToken stop)
    {
        var chain = new QuickChain(new QuickChainOptions
        {
            Blocks = 8,
            Accounts = 40,
            Contracts = 0,
            EndMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 1_000,
        });
        IReadOnlyList<byte[]> corpus = WireCorpus.Of(
            chain.Network, 3, [.. chain.Make().Select(batch => batch.Finalized[0])]);
        try
        {
            for (int i = 0; i < 3; i++)
            {
                _hosts.Add(new NodeHost(ConfigOf(chain.Network, i), logs));
                await _hosts[i].StartAsync(stop).ConfigureAwait(false);
            }
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var load = new FuzzLoad(_hosts[1].Gateway);
            Task loading = load.RunAsync(over.Token);
            FuzzResult result = await BombardAsync(corpus, load, stop).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            await loading.ConfigureAwait(false);
            return result;
        }
        finally
        {
            foreach (NodeHost host in _hosts)
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<FuzzResult> BombardAsync(
        IReadOnlyList<byte[]> corpus, FuzzLoad load, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        await load.FirstFinal.WaitAsync(TimeSpan.FromSeconds(60), stop).ConfigureAwait(false);
        NodeHost target = _hosts[0];
        ulong before = target.Gateway.View!.Finalized.Height.Value;
        int expired = await FuzzOverTls.RunAsync(
            target, options.OverTls, () => WireCorpus.Mutate(corpus, _random), stop)
            .ConfigureAwait(false);
        long bans = 0;
        double atTenth = 0;
        var attackers = new Address[Identities];
        uint nextIdentity = 0;
        for (long i = options.OverTls; i < options.Messages && !target.Ended.IsCompleted; i++)
        {
            int place = _random.NextBelow(Identities);
            if (attackers[place] == default || target.IsBanned(attackers[place]))
            {
                bans += attackers[place] == default ? 0 : 1;
                attackers[place] = await ReplaceAsync(
                    target, attackers[place], nextIdentity++, stop).ConfigureAwait(false);
            }
            byte[] bytes = WireCorpus.Mutate(corpus, _random);
            await target.InjectAsync(new NetworkEvent.Message(attackers[place], bytes), stop)
                .ConfigureAwait(false);
            if (i == options.Messages / 10)
            {
                atTenth = LiveMegabytes();
            }
            if (i % 50_000 == 0)
            {
                tell($"{i} messages, {bans} bans, {LiveMegabytes():F0} MB");
            }
        }
        double atEnd = LiveMegabytes();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long final = await load.NextFinalAsync(stop).ConfigureAwait(false);
        return new FuzzResult(
            options.Messages, seconds, bans, expired, atTenth, atEnd,
            target.Gateway.View!.Finalized.Height.Value - before, Math.Max(final, load.SlowestMs),
            Judge(target, bans, expired, atTenth, atEnd, final));
    }

    /// <summary>The one who was banned goes, and another comes.</summary>
    private static async Task<Address> ReplaceAsync(
        NodeHost target, Address old, uint number, CancellationToken stop)
    {
        if (old != default)
        {
            await target.InjectAsync(new NetworkEvent.Disconnected(old, "banned"), stop)
                .ConfigureAwait(false);
        }
        Address attacker = Address.FromNumber(0x7000_0000 + number);
        await target.InjectAsync(new NetworkEvent.Connected(attacker), stop)
            .ConfigureAwait(false);
        return attacker;
    }

    private string? Judge(
        NodeHost target, long bans, int expired, double atTenth, double atEnd, long final)
    {
        const double MostGrowthMegabytes = 96;
        return target.Ended.IsCompleted ? $"the node ended: {target.Ended.Result.Message}"
            : final < 0 ? "a transfer after it all did not become final within a minute"
            : bans == 0 ? "nobody was banned"
            : options.OverTls > 0 && expired == 0 ? "no ban expired"
            : atEnd - atTenth > MostGrowthMegabytes
                ? $"memory grew from {atTenth:F0} to {atEnd:F0} MB"
            : null;
    }

    private static double LiveMegabytes()
    {
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true) / 1e6;
    }

    private NodeConfig ConfigOf(DevelopmentNetwork network, int index)
    {
        PeerEndpoint[] all =
        [
            .. Enumerable.Range(0, 3).Select(i => new PeerEndpoint(
                network.Validators[i].Address, "127.0.0.1", Ports[i])),
        ];
        return new NodeConfig
        {
            DataDir = Path.Combine(options.Folder, $"node{index}"),
            Genesis = network.Genesis,
            Key = network.Validators[index].PrivateKey,
            Observer = false,
            Http = new IPEndPoint(IPAddress.Loopback, FreePorts.One()),
            P2p = new IPEndPoint(IPAddress.Loopback, Ports[index]),
            Peers = [.. all.Where((_, i) => i != index)],
            GasCap = 0,
            WorkThreads = 2,
            LogLevel = LogVerbosity.Error,
            LogFile = "",
            NetworkLimits = new NetworkLimits { BanDuration = TimeSpan.FromSeconds(1) },
        };
    }

    private int[] Ports { get; } = [FreePorts.One(), FreePorts.One(), FreePorts.One()];
}
