using System.Globalization;
using System.Net;
using Homeostat.Node.Logging;
using Homeostat.Node.Network;
using Homeostat.Replica;

namespace Homeostat.Node.Configuration;

/// <summary>
/// One setting of a node: its name (the flag without dashes, the key in the file; in the
/// environment HOMEOSTAT_ and upper case with underscores), what it means, and how its text
/// becomes a value.
/// </summary>
internal abstract record Setting(string Name, string Description, string Default)
{
    public string Flag => "--" + Name;

    public string EnvironmentName => "HOMEOSTAT_"
        + Name.Replace('.', '_').Replace('-', '_').ToUpperInvariant();

    /// <summary>What is wrong with the text, or null.</summary>
    public abstract string? Check(string text);
}

/// <summary>A setting and how to read it.</summary>
internal sealed record Setting<T>(
    string Name, string Description, string Default, Func<string, (T Value, string? Error)> Parse)
    : Setting(Name, Description, Default)
{
    public override string? Check(string text) => Parse(text).Error;
}

/// <summary>All settings, in the order in which help lists them.</summary>
internal static class Settings
{
    public static readonly Setting<string> DataDir = new(
        "datadir", "Folder for chain, state and logs", "./.homeostat/node", NonEmpty);

    public static readonly Setting<string> Genesis = new(
        "genesis", "The network's genesis.json", "", Any);

    public static readonly Setting<string> NodeKey = new(
        "nodekey", "File with this node's private key in hexadecimal", "", Any);

    public static readonly Setting<string> Keystore = new(
        "keystore", "Keystore V3 file with this node's key (instead of --nodekey)", "", Any);

    public static readonly Setting<string> Password = new(
        "password", "File whose first line is the keystore's password", "", Any);

    public static readonly Setting<bool> Observer = new(
        "observer", "Follow and serve, never vote", "false", Truth);

    public static readonly Setting<IPAddress> HttpAddress = new(
        "http.addr", "Address that HTTP and WebSocket JSON-RPC listen on", "127.0.0.1", IpAddress);

    public static readonly Setting<int> HttpPort = new(
        "http.port", "Port of HTTP and WebSocket JSON-RPC, metrics and health", "8545", Port);

    public static readonly Setting<IPAddress> P2pAddress = new(
        "p2p.addr", "Address that peers connect to", "127.0.0.1", IpAddress);

    public static readonly Setting<int> P2pPort = new(
        "p2p.port", "Port that peers connect to", "30303", Port);

    public static readonly Setting<string> P2pAdvertised = new(
        "p2p.advertise",
        "Name or address that others are told to dial; empty: where they see this node", "",
        HostName);

    public static readonly Setting<IReadOnlyList<PeerEndpoint>> Peers = new(
        "peers", "Peers to dial, as 0xaddress@host:port, separated by commas", "", PeerList);

    public static readonly Setting<ulong> GasCap = new(
        "rpc.gascap", "Gas that eth_call and eth_estimateGas may use; 0: no limit", "50000000",
        Number);

    public static readonly Setting<int> EvmTimeout = new(
        "rpc.evmtimeout", "Milliseconds of one eth_call, estimate or simulation", "5000",
        text => Range(text, 1, 3_600_000));

    public static readonly Setting<int> TraceTimeout = new(
        "rpc.tracetimeout", "Milliseconds of one trace", "10000",
        text => Range(text, 1, 3_600_000));

    public static readonly Setting<byte[]?> JwtSecret = new(
        "http.jwtsecret", "File with the secret of bearer tokens, 32 bytes in hexadecimal", "",
        Secret);

    public static readonly Setting<bool> Admin = new(
        "rpc.admin", "Serve admin_* to whoever may call: peers can be added and removed", "false",
        Truth);

    public static readonly Setting<string> TlsCertificate = new(
        "http.tlscert", "PEM file of the certificate: HTTPS, with HTTP/1.1 and HTTP/2", "", Any);

    public static readonly Setting<string> TlsKey = new(
        "http.tlskey", "PEM file of the certificate's private key", "", Any);

    public static readonly Setting<Uri?> OtlpEndpoint = new(
        "otlp.endpoint", "OTLP/HTTP collector that traces go to, as http://HOST:4318", "",
        text => text.Length == 0 ? (null, null)
            : Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint)
                && endpoint.Scheme is "http" or "https"
                ? (endpoint, null)
                : (null, $"'{text}' is not an http or https address"));

    public static readonly Setting<string> IpcPath = new(
        "ipcpath", "Unix socket for JSON-RPC; empty: none", "", Any);

    public static readonly Setting<ulong> History = new(
        "history", "Blocks whose states calls can be made on, or archive for all", "10000",
        text => text == "archive" ? (ulong.MaxValue, null) : Number(text));

    public static readonly Setting<TrustedCheckpoint?> Checkpoint = new(
        "checkpoint", "A final block to trust, as HEIGHT:0xHASH: an empty node joins by a snapshot "
            + "that stands on it; empty: from genesis", "", CheckpointOf);

    public static readonly Setting<ulong?> MaxRevision = new(
        "protocol.max-revision",
        "Newest protocol revision to signal and to follow; empty: the newest this version knows",
        "",
        text => text.Length == 0 ? (null, null)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
                && value >= 1
                ? (value, null)
                : (null, $"'{text}' is not a revision's number, 1 or more"));

    public static readonly Setting<bool> Repair = new(
        "repair", "Set a damaged data file aside at start and fetch the chain from the peers",
        "true", Truth);

    public static readonly Setting<int> WorkThreads = new(
        "work.threads", "Threads for execution (one of them) and signatures (the others)", "2",
        text => Range(text, 1, 64));

    public static readonly Setting<LogVerbosity> LogLevel = new(
        "log.level", "debug, info, warn or error", "info", Verbosity);

    public static readonly Setting<string> LogFile = new(
        "log.file", "File that log lines also go to", "", Any);

    public static readonly Setting<string> ClockOffsetFile = new(
        "clock.offsetfile", "For drills: a file with milliseconds to add to the clock, read live",
        "", Any);

    public static readonly IReadOnlyList<Setting> All =
    [
        DataDir, Genesis, NodeKey, Keystore, Password, Observer, HttpAddress, HttpPort, P2pAddress,
        P2pPort, P2pAdvertised, Peers, GasCap, EvmTimeout, TraceTimeout, JwtSecret, Admin,
        TlsCertificate, TlsKey, IpcPath, OtlpEndpoint, History, Checkpoint, MaxRevision, Repair,
        WorkThreads, LogLevel, LogFile, ClockOffsetFile,
    ];

    public static (int Value, string? Error) Port(string text) => Range(text, 1, 65535);

    public static (int Value, string? Error) Range(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most
            ? (value, null)
            : (0, $"'{text}' is not a number from {least} to {most}");

    public static (ulong Value, string? Error) Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? (value, null)
            : (0, $"'{text}' is not a number");

    public static (LogVerbosity Value, string? Error) Verbosity(string text) =>
        text.ToUpperInvariant() switch
        {
            "DEBUG" => (LogVerbosity.Debug, null),
            "INFO" => (LogVerbosity.Info, null),
            "WARN" => (LogVerbosity.Warn, null),
            "ERROR" => (LogVerbosity.Error, null),
            _ => (default, $"'{text}' is not debug, info, warn or error"),
        };

    private static (string Value, string? Error) HostName(string text) =>
        text.Length == 0 || Uri.CheckHostName(text) != UriHostNameType.Unknown
            ? (text, null)
            : ("", $"'{text}' is no host name or address");

    private static (string Value, string? Error) Any(string text) => (text, null);

    private static (byte[]? Value, string? Error) Secret(string file)
    {
        if (file.Length == 0)
        {
            return (null, null);
        }
        try
        {
            string text = File.ReadAllText(file).Trim();
            string digits = text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
            return digits.Length == 64 ? (Convert.FromHexString(digits), null) : (null, Not(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, error.Message);
        }
        catch (FormatException)
        {
            return (null, Not(file));
        }

        static string Not(string file) => $"'{file}' does not hold 64 hexadecimal digits";
    }

    private static (TrustedCheckpoint? Value, string? Error) CheckpointOf(string text) =>
        text.Length == 0 || TrustedCheckpoint.TryParse(text, out _)
            ? (TrustedCheckpoint.TryParse(text, out var checkpoint) ? checkpoint : null, null)
            : (null, $"'{text}' is not a block: write HEIGHT:0xHASH, as `homeostat checkpoint` "
                + "prints it");

    private static (string Value, string? Error) NonEmpty(string text) =>
        (text, text.Length == 0 ? "must not be empty" : null);

    private static (bool Value, string? Error) Truth(string text) =>
        bool.TryParse(text, out bool value)
            ? (value, null)
            : (false, $"'{text}' is not true or false");

    private static (IPAddress Value, string? Error) IpAddress(string text) =>
        IPAddress.TryParse(text, out IPAddress? value)
            ? (value, null)
            : (IPAddress.None, $"'{text}' is not an IP address");

    private static (IReadOnlyList<PeerEndpoint> Value, string? Error) PeerList(string text)
    {
        var peers = new List<PeerEndpoint>();
        const StringSplitOptions Split =
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (string item in text.Split(',', Split))
        {
            if (!PeerEndpoint.TryParse(item, out PeerEndpoint? peer))
            {
                return ([], $"'{item}' is not a peer: write 0xaddress@host:port");
            }
            peers.Add(peer!);
        }
        return (peers, null);
    }
}
