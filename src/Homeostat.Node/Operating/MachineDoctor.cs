using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;

namespace Homeostat.Node.Operating;

/// <summary>What this machine has, lacks, and what to do about it.</summary>
internal static class MachineDoctor
{
    private const long LeastDiskBytes = 1L << 30;
    private const long LeastMemoryBytes = 2L << 30;
    private const long LeastOpenFiles = 1_024;
    private const int LeastNode = 20;
    private const int SyncedWrites = 9;

    /// <summary>Of a block interval of 250 ms, what may go to the disk.</summary>
    private const double MostSyncMs = 25;

    private static readonly string[] Secp256k1Names =
        ["libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.0"];

    /// <param name="findings">Where the findings go.</param>
    /// <param name="ports">Those that a node would use; checked when none is running.</param>
    public static void Check(Findings findings, IReadOnlyList<int> ports)
    {
        findings.Add(new Finding(
            true, $".NET {Environment.Version} on {RuntimeInformation.OSDescription}"));
        findings.Add(
            Environment.ProcessorCount >= 2, $"{Environment.ProcessorCount} processors",
            "four validators want at least two");
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        findings.Add(
            memory >= LeastMemoryBytes, $"{memory >> 20} MiB of memory",
            "four validators want 2 GiB");
        long disk = new DriveInfo(Directory.GetCurrentDirectory()).AvailableFreeSpace;
        findings.Add(
            disk >= LeastDiskBytes, $"{disk >> 20} MiB free on this folder's disk",
            "free some, or give --datadir on another");
        CheckOpenFiles(findings);
        CheckDisk(findings);
        findings.Add(HasTls13(), "TLS 1.3", "install OpenSSL 1.1.1 or later");
        foreach (int port in ports)
        {
            findings.Add(
                IsFree(port), $"port {port} is free",
                "another program has it (is a node running? then give --rpc); "
                + "or choose another by --http.port and --p2p.port");
        }
        if (!Array.Exists(Secp256k1Names, name => NativeLibrary.TryLoad(name, out _)))
        {
            findings.Note("no libsecp256k1: signatures are managed code, several times slower "
                + "(Debian: apt-get install libsecp256k1-1)");
        }
        CheckNpm(findings);
    }

    /// <summary>The console is built by npm; all else does without.</summary>
    private static void CheckNpm(Findings findings)
    {
        if (!OnPath("npm"))
        {
            findings.Note("no npm: the console can't be built here (it comes with Node.js 20 or "
                + "newer); everything else works");
            return;
        }
        string version = Answer("node", "--version").Trim().TrimStart('v');
        if (Version.TryParse(version, out Version? found) && found.Major < LeastNode)
        {
            findings.Note($"Node.js {version}: the console wants {LeastNode} or newer to be built; "
                + "everything else works");
        }
    }

    /// <summary>A vote leaves when it is on disk: a part of every block's time.</summary>
    private static void CheckDisk(Findings findings)
    {
        string path = Path.Combine(
            Directory.GetCurrentDirectory(), $".doctor-{Guid.NewGuid():N}");
        var times = new List<double>();
        try
        {
            using var file = new FileStream(
                path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose);
            byte[] page = new byte[4_096];
            for (int i = 0; i < SyncedWrites; i++)
            {
                long start = Stopwatch.GetTimestamp();
                file.Write(page);
                file.Flush(flushToDisk: true);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            findings.Note($"this folder can't be written, so its disk was not measured: "
                + $"{error.Message}");
            return;
        }
        // The quickest: what the disk can do, whatever else the machine does now.
        double least = times.Min();
        findings.Add(
            least <= MostSyncMs,
            string.Create(CultureInfo.InvariantCulture, $"{least:F1} ms until a write is on disk"),
            "every vote waits for that: an SSD, or nothing else on this disk");
    }

    private static string Answer(string program, string argument)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, argument)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return text;
        }
        catch (Win32Exception)
        {
            return "";
        }
    }

    private static void CheckOpenFiles(Findings findings)
    {
        const string Limits = "/proc/self/limits";
        string? line = File.Exists(Limits)
            ? File.ReadLines(Limits).FirstOrDefault(
                x => x.StartsWith("Max open files", StringComparison.Ordinal))
            : null;
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (words.Length > 3 && long.TryParse(words[3], out long most))
        {
            findings.Add(
                most >= LeastOpenFiles, $"{most} open files allowed",
                "raise it: ulimit -n 65536, or LimitNOFILE= in the unit");
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static bool HasTls13()
    {
        try
        {
            _ = new SslServerAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls13 };
            return true;
        }
        catch (PlatformNotSupportedException)
        {
            return false;
        }
    }
}
