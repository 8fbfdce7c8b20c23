using System.ComponentModel;
using System.Diagnostics;

namespace Homeostat.Node.Chaos;

/// <summary>Programs of the operating system: ip, mount, kill.</summary>
internal static class HostCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Null when it went well, else what it said.</summary>
    public static string? TryRun(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            using Process? process = Process.Start(info);
            if (process is null)
            {
                return $"{program} did not start";
            }
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return $"{program} {string.Join(' ', arguments)} hangs";
            }
            output.Wait();
            return process.ExitCode == 0
                ? null
                : $"{program} {string.Join(' ', arguments)}: {error.Result.Split('\n')[0].Trim()}";
        }
        catch (Win32Exception missing)
        {
            return $"{program}: {missing.Message}";
        }
    }

    /// <exception cref="ChaosException">It went wrong.</exception>
    public static void Run(string program, params string[] arguments)
    {
        if (TryRun(program, arguments) is { } error)
        {
            throw new ChaosException(error);
        }
    }

    /// <summary>`ip` with words separated by spaces.</summary>
    public static void Ip(string words) => Run("ip", words.Split(' '));
}
