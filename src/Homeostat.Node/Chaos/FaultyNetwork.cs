namespace Homeostat.Node.Chaos;

/// <summary>
/// A namespace a node, wired so that links can be taken down.
///
/// Each node has two virtual cables. `data` goes to a hub (a namespace with two bridges and a
/// cable between them) and carries all that validators say to one another; `mgmt` goes to a bridge
/// of the host and carries JSON-RPC only, so that a node cut off from its peers can still be
/// watched. A node is cut off by taking its port at the hub down; the network is split by moving
/// ports to the second bridge while the cable between the bridges is down.
/// </summary>
internal sealed class FaultyNetwork : IDisposable
{
    private const string Prefix = "hsc";
    private const string NamespaceFolder = "/run/netns";

    private readonly string _name = $"{Prefix}{Environment.ProcessId}";
    private readonly int _subnet = Environment.ProcessId % 250;
    private readonly int _nodes;

    private FaultyNetwork(int nodes) => _nodes = nodes;

    private string Hub => $"{_name}-hub";

    private string HostBridge => $"{_name}m";

    /// <summary>Null with the reason where this machine does not let us.</summary>
    public static FaultyNetwork? TryCreate(int nodes, out string? reason)
    {
        if (Environment.UserName != "root")
        {
            reason = "network namespaces need root";
            return null;
        }
        RemoveLeftovers();
        var network = new FaultyNetwork(nodes);
        try
        {
            network.Create();
            reason = null;
            return network;
        }
        catch (ChaosException error)
        {
            network.Dispose();
            reason = error.Message;
            return null;
        }
    }

    public string NamespaceOf(int node) => $"{_name}-{node}";

    public string DataAddressOf(int node) => $"10.201.{_subnet}.{node + 1}";

    public string RpcAddressOf(int node) => $"10.202.{_subnet}.{node + 1}";

    /// <summary>Takes a node's link to all others down or up.</summary>
    public void SetLink(int node, bool isUp) =>
        HostCommand.Ip($"-n {Hub} link set d{node} {(isUp ? "up" : "down")}");

    /// <summary>The nodes whose bit is set can't reach the others.</summary>
    public void Split(ulong mask)
    {
        HostCommand.Ip($"-n {Hub} link set between down");
        for (int node = 0; node < _nodes; node++)
        {
            string side = (mask >> node & 1) != 0 ? "second" : "first";
            HostCommand.Ip($"-n {Hub} link set d{node} master {side}");
        }
    }

    /// <summary>Every link is up and all are together again.</summary>
    public void Heal()
    {
        for (int node = 0; node < _nodes; node++)
        {
            HostCommand.Ip($"-n {Hub} link set d{node} master first");
            SetLink(node, isUp: true);
        }
        HostCommand.Ip($"-n {Hub} link set between up");
    }

    public void Dispose()
    {
        // A namespace takes its cables with it.
        for (int node = 0; node < _nodes; node++)
        {
            HostCommand.TryRun("ip", "netns", "del", NamespaceOf(node));
        }
        HostCommand.TryRun("ip", "netns", "del", Hub);
        HostCommand.TryRun("ip", "link", "del", HostBridge);
    }

    private void Create()
    {
        HostCommand.Ip($"netns add {Hub}");
        HostCommand.Ip($"-n {Hub} link add first type bridge");
        HostCommand.Ip($"-n {Hub} link add second type bridge");
        HostCommand.Ip($"-n {Hub} link add between type veth peer name other");
        HostCommand.Ip($"-n {Hub} link set between master first");
        HostCommand.Ip($"-n {Hub} link set other master second");
        foreach (string link in (string[])["first", "second", "between", "other"])
        {
            HostCommand.Ip($"-n {Hub} link set {link} up");
        }
        HostCommand.Ip($"link add {HostBridge} type bridge");
        HostCommand.Ip($"addr add 10.202.{_subnet}.254/24 dev {HostBridge}");
        HostCommand.Ip($"link set {HostBridge} up");
        for (int node = 0; node < _nodes; node++)
        {
            Wire(node);
        }
    }

    private void Wire(int node)
    {
        string space = NamespaceOf(node);
        string port = $"{HostBridge}{node}";
        HostCommand.Ip($"netns add {space}");
        HostCommand.Ip($"-n {space} link set lo up");
        HostCommand.Ip($"link add d{node} netns {Hub} type veth peer name data netns {space}");
        HostCommand.Ip($"-n {Hub} link set d{node} master first");
        HostCommand.Ip($"-n {Hub} link set d{node} up");
        HostCommand.Ip($"-n {space} addr add {DataAddressOf(node)}/24 dev data");
        HostCommand.Ip($"-n {space} link set data up");
        HostCommand.Ip($"link add {port} type veth peer name mgmt netns {space}");
        HostCommand.Ip($"link set {port} master {HostBridge}");
        HostCommand.Ip($"link set {port} up");
        HostCommand.Ip($"-n {space} addr add {RpcAddressOf(node)}/24 dev mgmt");
        HostCommand.Ip($"-n {space} link set mgmt up");
    }

    /// <summary>What a run that was killed with -9 could not remove.</summary>
    private static void RemoveLeftovers()
    {
        if (!Directory.Exists(NamespaceFolder))
        {
            return;
        }
        foreach (string path in Directory.GetFiles(NamespaceFolder, $"{Prefix}*-*"))
        {
            string space = Path.GetFileName(path);
            string owner = space[..space.IndexOf('-', StringComparison.Ordinal)];
            if (!Directory.Exists($"/proc/{owner[Prefix.Length..]}"))
            {
                HostCommand.TryRun("ip", "netns", "del", space);
                HostCommand.TryRun("ip", "link", "del", $"{owner}m");
            }
        }
    }
}
