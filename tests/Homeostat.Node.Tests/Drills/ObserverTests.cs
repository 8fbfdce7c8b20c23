using System.Net;
using System.Net.Sockets;
using Homeostat.Node.Configuration;
using Homeostat.Node.Drills;
using Homeostat.Node.Logging;
using Homeostat.Node.Loop;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Drills;

/// <summary>A node that does not vote, and knows one validator only.</summary>
public sealed class ObserverTests
{
    [Fact]
    public async Task An_observer_follows_and_what_is_sent_to_it_becomes_final()
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-observer").FullName;
        var hosts = new List<NodeHost>();
        try
        {
            DevelopmentNetwork network = DevelopmentNetwork.Create(4);
            int[] ports = [.. Enumerable.Range(0, 5).Select(_ => FreePorts.One())];
            PeerEndpoint[] all =
            [
                .. network.Validators.Select((v, i) => new PeerEndpoint(
                    v.Address, "127.0.0.1", ports[i])),
            ];
            for (int i = 0; i < 4; i++)
            {
                hosts.Add(new NodeHost(
                    ConfigOf(
                        network, Path.Combine(folder, $"{i}"), network.Validators[i].PrivateKey,
                        ports[i], all),
                    NullLoggerFactory.Instance));
            }
            hosts.Add(new NodeHost(
                ConfigOf(
                    network, Path.Combine(folder, "observer"), Keccak.Hash("observer"u8), ports[4],
                    all[..1]) with { Observer = true },
                NullLoggerFactory.Instance));
            foreach (NodeHost host in hosts)
            {
                await host.StartAsync(CancellationToken.None);
            }
            using var over = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var load = new FuzzLoad(hosts[4].Gateway);
            Task loading = load.RunAsync(over.Token);
            await load.FirstFinal.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(await load.NextFinalAsync(over.Token) >= 0);
            await over.CancelAsync();
            await loading;
            Assert.Equal(1, hosts[4].PeerCount);
            Assert.Null(hosts[4].Gateway.View!.Sync);
        }
        finally
        {
            foreach (NodeHost host in hosts)
            {
                await host.DisposeAsync();
            }
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_and_the_node_closes()
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-observer").FullName;
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        try
        {
            DevelopmentNetwork network = DevelopmentNetwork.Create(1);
            await using var host = new NodeHost(
                ConfigOf(network, folder, network.Validators[0].PrivateKey, port, []),
                NullLoggerFactory.Instance);
            PortInUseException error = await Assert.ThrowsAsync<PortInUseException>(
                () => host.StartAsync(CancellationToken.None));
            Assert.Contains($"{port}", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NodeConfig ConfigOf(
        DevelopmentNetwork network, string folder, Hash256 key, int port,
        IReadOnlyList<PeerEndpoint> peers) => new()
        {
            DataDir = folder,
            Genesis = network.Genesis,
            Key = key,
            Observer = false,
            Http = new IPEndPoint(IPAddress.Loopback, FreePorts.One()),
            P2p = new IPEndPoint(IPAddress.Loopback, port),
            Peers = [.. peers.Where(peer => peer.Identity != Secp256k1.AddressOf(key))],
            GasCap = 0,
            WorkThreads = 2,
            LogLevel = LogVerbosity.Error,
            LogFile = "",
            NetworkLimits = new NetworkLimits { TargetPeers = 0 }, // Nobody else is looked for.
        };
}
