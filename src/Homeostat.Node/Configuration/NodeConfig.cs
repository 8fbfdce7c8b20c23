using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Homeostat.Node.Keys;
using Homeostat.Node.Logging;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Configuration;

/// <summary>
/// Everything about one node that other nodes need not agree on, validated once. What they must
/// agree on is in <see cref="Genesis"/>.
/// </summary>
internal sealed record NodeConfig
{
    public required string DataDir { get; init; }

    public required GenesisDocument Genesis { get; init; }

    /// <summary>Signs connections, and votes unless the node observes.</summary>
    public required Hash256 Key { get; init; }

    public required bool Observer { get; init; }

    public required IPEndPoint Http { get; init; }

    public required IPEndPoint P2p { get; init; }

    /// <summary>Host that others are told to dial; empty: where they see this node.</summary>
    public string P2pAdvertised { get; init; } = "";

    public required IReadOnlyList<PeerEndpoint> Peers { get; init; }

    /// <summary>Zero: no limit.</summary>
    public required ulong GasCap { get; init; }

    public int EvmTimeoutMs { get; init; } = 5_000;

    public int TraceTimeoutMs { get; init; } = 10_000;

    /// <summary>Null: calls need no token.</summary>
    public byte[]? JwtSecret { get; init; }

    /// <summary>admin_* is served.</summary>
    public bool ServesAdmin { get; init; }

    /// <summary>Of HTTPS; null: plain HTTP.</summary>
    public X509Certificate2? TlsCertificate { get; init; }

    /// <summary>Null: no traces.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Empty: no Unix socket.</summary>
    public string IpcPath { get; init; } = "";

    /// <summary>Blocks whose states can be reconstructed; the greatest number: all.</summary>
    public ulong HistoryBlocks { get; init; } = 10_000;

    /// <summary>An empty node joins by a snapshot that stands on it; null: from genesis.
    /// </summary>
    public TrustedCheckpoint? Checkpoint { get; init; }

    /// <summary>Local limits of the replica; other than the defaults in tests only.</summary>
    public ReplicaLimits ReplicaLimits { get; init; } = new();

    /// <summary>It follows and signals no protocol revision above it; null: all it knows.
    /// </summary>
    public ulong? NewestRevision { get; init; }

    /// <summary>A damaged data file is set aside at start, where there are peers.</summary>
    public bool Repairs { get; init; } = true;

    public required int WorkThreads { get; init; }

    public required LogVerbosity LogLevel { get; init; }

    /// <summary>Empty: none.</summary>
    public required string LogFile { get; init; }

    /// <summary>Empty: the machine's clock as it is.</summary>
    public string ClockOffsetFile { get; init; } = "";

    public NetworkLimits NetworkLimits { get; init; } = new();

    /// <summary>
    /// Null with all errors, each naming the setting and where its text came from.
    /// </summary>
    public static NodeConfig? TryRead(SettingSources sources, out IReadOnlyList<string> errors)
    {
        GenesisDocument? genesis = ReadGenesis(sources);
        Hash256? key = ReadKey(sources);
        var config = new NodeConfig
        {
            DataDir = sources.Read(Settings.DataDir),
            Genesis = genesis!,
            Key = key ?? default,
            Observer = sources.Read(Settings.Observer),
            Http = new IPEndPoint(
                sources.Read(Settings.HttpAddress), sources.Read(Settings.HttpPort)),
            P2p = new IPEndPoint(sources.Read(Settings.P2pAddress), sources.Read(Settings.P2pPort)),
            P2pAdvertised = sources.Read(Settings.P2pAdvertised),
            Peers = sources.Read(Settings.Peers),
            GasCap = sources.Read(Settings.GasCap),
            EvmTimeoutMs = sources.Read(Settings.EvmTimeout),
            TraceTimeoutMs = sources.Read(Settings.TraceTimeout),
            JwtSecret = sources.Read(Settings.JwtSecret),
            ServesAdmin = sources.Read(Settings.Admin),
            TlsCertificate = ReadCertificate(sources),
            OtlpEndpoint = sources.Read(Settings.OtlpEndpoint),
            IpcPath = sources.Read(Settings.IpcPath),
            HistoryBlocks = sources.Read(Settings.History),
            Checkpoint = sources.Read(Settings.Checkpoint),
            NewestRevision = sources.Read(Settings.MaxRevision),
            Repairs = sources.Read(Settings.Repair),
            WorkThreads = sources.Read(Settings.WorkThreads),
            LogLevel = sources.Read(Settings.LogLevel),
            LogFile = sources.Read(Settings.LogFile),
            ClockOffsetFile = sources.Read(Settings.ClockOffsetFile),
        };
        if (config.Http.Equals(config.P2p))
        {
            sources.AddError($"http.port and p2p.port are both {config.Http.Port}");
        }
        errors = sources.Errors;
        return errors.Count == 0 ? config : null;
    }

    private static GenesisDocument? ReadGenesis(SettingSources sources)
    {
        string file = sources.Read(Settings.Genesis);
        if (file.Length == 0)
        {
            sources.AddError("genesis: give the network's genesis.json with --genesis FILE");
            return null;
        }
        try
        {
            if (GenesisDocument.TryParse(
                File.ReadAllBytes(file), out GenesisDocument? genesis, out string? error))
            {
                return genesis;
            }
            sources.AddError($"genesis: {file}: {error}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            sources.AddError($"genesis: {error.Message}");
        }
        return null;
    }

    private static X509Certificate2? ReadCertificate(SettingSources sources)
    {
        string certificate = sources.Read(Settings.TlsCertificate);
        string key = sources.Read(Settings.TlsKey);
        if (certificate.Length == 0 && key.Length == 0)
        {
            return null;
        }
        if (certificate.Length == 0 || key.Length == 0)
        {
            sources.AddError("http.tlscert: give both --http.tlscert and --http.tlskey");
            return null;
        }
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException
            or CryptographicException or ArgumentException)
        {
            sources.AddError($"http.tlscert: {error.Message}");
            return null;
        }
    }

    private static Hash256? ReadKey(SettingSources sources)
    {
        string keyFile = sources.Read(Settings.NodeKey);
        string keystore = sources.Read(Settings.Keystore);
        string password = sources.Read(Settings.Password);
        if (keyFile.Length == 0 == (keystore.Length == 0))
        {
            sources.AddError("nodekey: give either --nodekey FILE, or --keystore and --password");
            return null;
        }
        if (!KeyFile.TryRead(keyFile, keystore, password, out Hash256 key, out string error))
        {
            sources.AddError($"{(keyFile.Length > 0 ? "nodekey" : "keystore")}: {error}");
            return null;
        }
        return key;
    }
}
