using System.Globalization;
using Homeostat.Node.Configuration;
using Homeostat.Node.Network;
using Homeostat.Node.Supervision;

namespace Homeostat.Node.Chaos;

/// <summary>
/// The network under test: a folder, validator processes, and what faults need of the machine.
/// Whatever way the command ends, disposing of it leaves nothing behind.
/// </summary>
internal sealed class ChaosCluster : IDisposable
{
    /// <summary>The validator whose data lies on the small disk.</summary>
    public const int SmallDiskOf = 0;

    private readonly string _folder;
    private readonly ChaosOptions _options;
    private readonly List<ChaosNode> _nodes = [];
    private readonly List<string> _skipped = [];

    public ChaosCluster(ChaosOptions options)
    {
        _options = options;
        _folder = Directory.CreateTempSubdirectory("homeostat-chaos-").FullName;
        try
        {
            Network = FaultyNetwork.TryCreate(options.Validators, out string? noNetwork);
            Skip("partitions", noNetwork);
            // The folder of the one on the small disk is mounted before anything is in it.
            Disk = SmallDisk.TryMount(
                Path.Combine(_folder, $"validator-{SmallDiskOf}"), out string? noDisk);
            Skip("full disk", noDisk);
            DevelopmentFolder folder = DevelopmentFolder.Open(_folder, options.Validators);
            for (int i = 0; i < options.Validators; i++)
            {
                _nodes.Add(Describe(folder, i));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<ChaosNode> Nodes => _nodes;

    /// <summary>Null where namespaces can't be had.</summary>
    public FaultyNetwork? Network { get; }

    public SmallDisk? Disk { get; }

    /// <summary>Faults that this machine does not let us make, and why.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    public void StartAll() => _nodes.ForEach(node => node.Start());

    public string LogOf(int node) => Path.Combine(_folder, $"validator-{node}", "node.log");

    /// <summary>Left on disk for a person to read, when something went wrong.</summary>
    public bool KeepsFolder { get; set; }

    public string Folder => _folder;

    public void Dispose()
    {
        _nodes.ForEach(node => node.Dispose());
        Network?.Dispose();
        if (KeepsFolder && Disk is not null)
        {
            Copy(Path.Combine(_folder, $"validator-{SmallDiskOf}"));
        }
        Disk?.Dispose();
        if (!KeepsFolder)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>The small disk goes with its mount; its log stays.</summary>
    private static void Copy(string mounted)
    {
        string log = Path.Combine(mounted, "node.log");
        if (File.Exists(log))
        {
            File.Copy(log, mounted + ".log", overwrite: true);
        }
    }

    private void Skip(string fault, string? reason)
    {
        if (reason is not null)
        {
            _skipped.Add($"{fault}: {reason}");
        }
    }

    private string RpcHost(int node) => Network?.RpcAddressOf(node) ?? "127.0.0.1";

    private int RpcPort(int node) =>
        Network is null ? _options.Port + 10 * node : ChaosOptions.NamespacedRpcPort;

    private string PeerHost(int node) => Network?.DataAddressOf(node) ?? "127.0.0.1";

    private int PeerPort(int node) =>
        Network is null ? _options.Port + 10 * node + 1 : ChaosOptions.NamespacedPeerPort;

    private ChaosNode Describe(DevelopmentFolder folder, int index)
    {
        string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        var peers = Enumerable.Range(0, folder.Validators).Where(i => i != index)
            .Select(i => new PeerEndpoint(
                folder.Network.Validators[i].Address, PeerHost(i), PeerPort(i)));
        string clock = Path.Combine(folder.Path, $"clock-{index}");
        string[] arguments =
        [
            "node", "--supervised", folder.Path,
            Settings.DataDir.Flag, folder.ValidatorFolder(index),
            Settings.Genesis.Flag, folder.GenesisFile,
            Settings.NodeKey.Flag, folder.KeyFileOf(index),
            Settings.HttpAddress.Flag, RpcHost(index),
            Settings.HttpPort.Flag, Number(RpcPort(index)),
            Settings.P2pAddress.Flag, PeerHost(index),
            Settings.P2pPort.Flag, Number(PeerPort(index)),
            Settings.LogFile.Flag, LogOf(index),
            Settings.ClockOffsetFile.Flag, clock,
            Settings.Peers.Flag, string.Join(',', peers),
        ];
        var rpc = new Uri($"http://{RpcHost(index)}:{Number(RpcPort(index))}");
        return new ChaosNode(index, Network?.NamespaceOf(index), arguments, rpc, clock);
    }
}
