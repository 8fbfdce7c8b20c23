using System.Collections.Concurrent;
using System.Diagnostics;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// The packages of tests/clients and of the folders in it that have their own: installed by
/// `npm ci` once, kept for the runs after. npm writes node_modules/.package-lock.json last, so its
/// presence says that an install came to its end.
/// </summary>
internal static class ClientPackages
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    // What npm prints when the registry can't be reached; anything else is our mistake.
    private static readonly string[] Unreachable =
    [
        "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH",
        "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "E401", "E403", "E407", "E429", "E50",
    ];

    private static readonly ConcurrentDictionary<string, Lazy<Task<string?>>> Installations = new();

    public static string Folder { get; } = FindFolder();

    /// <summary>
    /// Null when the packages of a client are there, else why its test must be skipped. A client
    /// "hardhat/hardhat" has packages of its own in the folder hardhat.
    /// </summary>
    public static async Task<string?> SkipReasonAsync(string client)
    {
        if (await InstalledAsync(Folder) is { } reason)
        {
            return reason;
        }
        int slash = client.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? null : await InstalledAsync(Path.Combine(Folder, client[..slash]));
    }

    private static Task<string?> InstalledAsync(string folder) => Installations
        .GetOrAdd(folder, place => new Lazy<Task<string?>>(() => InstallAsync(place))).Value;

    public static async Task<(int Status, string Text)> RunAsync(
        string folder, string program, TimeSpan patience, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{program} was stopped after {patience}");
        }
        return (process.ExitCode, await text + await errors);
    }

    private static async Task<string?> InstallAsync(string folder)
    {
        if (!OnPath("node") || !OnPath("npm"))
        {
            return "node or npm is not on the PATH";
        }
        if (File.Exists(Path.Combine(folder, "node_modules", ".package-lock.json")))
        {
            return null;
        }
        (int status, string text) = await RunAsync(
            folder, "npm", Patience, "ci", "--ignore-scripts", "--no-progress", "--no-audit",
            "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000");
        if (status == 0)
        {
            return null;
        }
        bool isUnreachable = status == -1
            || Array.Exists(Unreachable, word => text.Contains(word, StringComparison.Ordinal));
        Assert.True(isUnreachable, $"npm ci failed: {text}");
        return $"the npm registry can't be reached: {text}";
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Homeostat.slnx")))
        {
            folder = folder.Parent;
        }
        return Path.Combine(folder?.FullName ?? ".", "tests", "clients");
    }
}
