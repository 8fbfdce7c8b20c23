using System.CommandLine;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat doctor`: what this machine has, lacks, and what to do about it.</summary>
internal static class DoctorCommand
{
    private const long LeastDiskBytes = 1L << 30;
    private const long LeastMemoryBytes = 2L << 30;

    public static Command Create()
    {
        var command = new Command("doctor", "Check this machine");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        bool good = Say(true, $".NET {Environment.Version} on {RuntimeInformation.OSDescription}");
        good &= Say(
            Environment.ProcessorCount >= 2,
            $"{Environment.ProcessorCount} processors",
            "four validators want at least two");
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        good &= Say(
            memory >= LeastMemoryBytes, $"{memory >> 20} MiB of memory",
            "four validators want 2 GiB");
        long disk = new DriveInfo(Directory.GetCurrentDirectory()).AvailableFreeSpace;
        good &= Say(
            disk >= LeastDiskBytes, $"{disk >> 20} MiB free on this folder's disk",
            "free some, or give --datadir on another");
        good &= Say(HasTls13(), "TLS 1.3", "install OpenSSL 1.1.1 or later");
        bool native = NativeLibrary.TryLoad("libsecp256k1.so.1", out _)
            || NativeLibrary.TryLoad("libsecp256k1.so.2", out _)
            || NativeLibrary.TryLoad("libsecp256k1.so.0", out _);
        _ = Say(
            native, "libsecp256k1",
            "signatures are managed code, several times slower: apt-get install libsecp256k1-1");
        return good ? ExitCode.Done : ExitCode.Failed;
    }

    private static bool Say(bool good, string what, string remedy = "")
    {
        Console.WriteLine(good ? $"ok    {what}" : $"CHECK {what}: {remedy}");
        return good;
    }

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
